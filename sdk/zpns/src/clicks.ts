/**
 * Tapped notices, reported to the server once each. A tap often starts the app, so it waits for the login
 * that follows. What the server refuses is dropped.
 */

import type { ClickedNotice, PushLink } from './link.js';
import { NOT_LOGGED_IN, PASSING } from './push.js';
import type { ZPNsMessage } from './types.js';

/** Clicks that wait for a login; of more the oldest is dropped. */
export const CLICKS_WAITING_MAX = 16;
/** Clicks remembered, so that none is reported twice. */
export const CLICKS_KNOWN_MAX = 200;

/** The clicks of one device and app. */
export class Clicks {
  #link: PushLink | null = null;
  #unwatch: () => void = () => undefined;
  /** Every click seen, the latest last. */
  readonly #known = new Set<string>();
  #waiting: ClickedNotice[] = [];
  readonly #under = new Set<ClickedNotice>();

  /** The client to report through; `null` when there is none. */
  useLink(link: PushLink | null): void {
    if (link === this.#link) return;
    this.#unwatch();
    this.#link = link;
    this.#under.clear();
    const changed = link?.watch(({ kind }) => {
      if (kind === 'login') this.#report();
      // What was tapped by the user who left is nobody's to report.
      if (kind === 'logout') this.#waiting = [];
    });
    this.#unwatch = changed ?? (() => undefined);
    this.#report();
  }

  /** The user tapped a notice. One that is about no message and no call is not the server's. */
  add(message: ZPNsMessage): void {
    const notice = noticeOf(message.extras);
    if (!notice) return;
    const name = JSON.stringify(notice);
    if (this.#known.has(name)) return;
    this.#known.add(name);
    const [oldest] = this.#known;
    if (this.#known.size > CLICKS_KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
    this.#waiting = [...this.#waiting, notice].slice(-CLICKS_WAITING_MAX);
    this.#report();
  }

  /** Ends; what waits is dropped. */
  close(): void {
    this.#waiting = [];
    this.#unwatch();
    this.#link = null;
  }

  #report(): void {
    const link = this.#link;
    if (!link?.clicked) return;
    for (const notice of this.#waiting) {
      if (this.#under.has(notice)) continue;
      this.#under.add(notice);
      link.clicked(notice).then(
        () => this.#done(link, notice),
        (thrown: unknown) => this.#failed(link, notice, (thrown as { code?: number } | null)?.code),
      );
    }
  }

  /** Without a login or a connection it waits for the next one; another refusal is final. */
  #failed(link: PushLink, notice: ClickedNotice, code: number | undefined): void {
    const later = code === NOT_LOGGED_IN || PASSING.has(code ?? 0);
    if (later && link === this.#link) this.#under.delete(notice);
    else this.#done(link, notice);
  }

  #done(link: PushLink, notice: ClickedNotice): void {
    if (link !== this.#link) return;
    this.#under.delete(notice);
    this.#waiting = this.#waiting.filter((other) => other !== notice);
  }
}

function noticeOf({ messageID, callID }: Record<string, unknown>): ClickedNotice | null {
  if (typeof callID === 'string' && callID) return { callID };
  if (typeof messageID === 'string' && messageID) return { messageID };
  return null;
}
