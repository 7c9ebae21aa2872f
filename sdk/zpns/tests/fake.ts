/** A push service and a client for unit tests: they answer what a test sets. */

import type { PushProvider, ZPNsMessage } from '../src/core.js';
import type { ClickedNotice, PushLink, PushLinkEvent } from '../src/link.js';

/** A push service whose token and messages a test sets. */
export class FakeProvider implements PushProvider {
  readonly vendor = 'harmony';
  readonly bundleName = 'im.test';
  token: () => Promise<string> = () => Promise.resolve('MA-first');
  changed: (token: string) => void = () => undefined;
  clicked: (message: ZPNsMessage) => void = () => undefined;

  getToken(): Promise<string> {
    return this.token();
  }

  onTokenUpdate(listener: (token: string) => void): () => void {
    this.changed = listener;
    return () => (this.changed = () => undefined);
  }

  onClick(listener: (message: ZPNsMessage) => void): () => void {
    this.clicked = listener;
    return () => (this.clicked = () => undefined);
  }
}

/** A client as ZPNs sees it. */
export class FakeLink implements PushLink {
  isReady = true;
  locale = 'zh-CN';
  readonly asked: string[] = [];
  answer: () => Promise<string> = () => Promise.resolve('push-0001');
  readonly #watchers = new Set<(event: PushLinkEvent) => void>();

  register({ vendor, token, appType }: { vendor: string; token: string; appType: number }): Promise<string> {
    this.asked.push(`${vendor} ${token} ${appType}`);
    return this.answer();
  }

  unregister(pushID?: string): Promise<void> {
    this.asked.push(`unregister ${pushID ?? 'all'}`);
    return this.answer().then(() => undefined);
  }

  clicked(notice: ClickedNotice): Promise<void> {
    this.asked.push(`clicked ${Object.entries(notice).join()}`);
    return this.answer().then(() => undefined);
  }

  watch(listener: (event: PushLinkEvent) => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  tell(event: PushLinkEvent): void {
    for (const watcher of [...this.#watchers]) watcher(event);
  }
}
