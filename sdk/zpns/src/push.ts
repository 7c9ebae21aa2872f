/**
 * Registration for push: token of the vendor, PushID of the server, again when either side changes.
 *
 * It waits for the client and, with token authentication, for its login; a server out of reach is tried again
 * a bounded number of times. At most one registration is under way; a newer one, or `unregister`, replaces
 * it.
 */

import type { PushLink, PushLinkEvent } from './link.js';
import { type PushProvider, type ZPNsConfig, type ZPNsError, ZPNsErrorCode } from './types.js';
import type { ZPNsRegisterMessage, ZPNsUnregisterMessage } from './types.js';

/** How long the push service may take to give a token. */
export const TOKEN_TIMEOUT_MS = 15_000;
/** Waits between attempts to reach the server; after the last one the registration fails with 6000401. */
export const RETRY_WAITS_MS = [1_000, 2_000, 4_000, 8_000, 16_000] as const;

/** Codes of the client that mean "not now": the server was not reached, or is overloaded. */
export const PASSING: ReadonlySet<number> = new Set([6000005, 6000007, 6000009, 6000104, 6000105]);
/** Code of a client without a user. */
export const NOT_LOGGED_IN = 6000121;

/** The registration of one device and app. */
export class Registration {
  readonly #report: (message: ZPNsRegisterMessage) => void;
  readonly #provider: PushProvider;
  #link: PushLink | null = null;
  #unwatchLink: () => void = () => undefined;
  readonly #unwatchToken: (() => void) | undefined;
  /** What is wanted; `null` when push is not. */
  #wanted: { appType: number } | null = null;
  #token = '';
  #pushID = '';
  /** Number of the attempt under way; a result of an older one is dropped. */
  #turn = 0;
  #busy = false;
  /** Settled once every request of a registration has its answer. */
  #asked: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(provider: PushProvider, report: (message: ZPNsRegisterMessage) => void) {
    this.#provider = provider;
    this.#report = report;
    this.#unwatchToken = provider.onTokenUpdate?.((token) => this.#tokenChanged(token));
  }

  /** The client to register through; `null` when there is none. */
  useLink(link: PushLink | null): void {
    if (link === this.#link) return;
    this.#unwatchLink();
    this.#link = link;
    this.#unwatchLink = link?.watch((event) => this.#linkChanged(event)) ?? (() => undefined);
    // What is under way goes through a client that is gone.
    if (this.#wanted) void this.#attempt();
  }

  /** Wants push. Throws a `ZPNsError` for a configuration that cannot work. */
  register(config: ZPNsConfig): void {
    const appType = config.appType ?? 1;
    if (appType !== 1 && appType !== 2) throw configError('appType must be 1 or 2');
    this.#wanted = { appType };
    this.#pushID = '';
    this.#token = '';
    void this.#attempt();
  }

  /**
   * Wants no push any more: the server forgets this device. Never rejects. A registration under way is waited
   * for, because it may travel another way and arrive after this one.
   */
  async unregister(): Promise<ZPNsUnregisterMessage> {
    this.#wanted = null;
    this.#pushID = '';
    this.#newTurn();
    const link = this.#link;
    if (!link?.isReady) {
      const msg = 'create a ZIM client first; with token authentication, log in';
      return { errorCode: ZPNsErrorCode.UnregisterFailed, msg };
    }
    await this.#asked;
    try {
      // Whoever registered again meanwhile wants push.
      if (!this.#wanted) await link.unregister();
      return { errorCode: ZPNsErrorCode.Success, msg: 'success' };
    } catch (thrown) {
      return { errorCode: ZPNsErrorCode.UnregisterFailed, msg: messageOf(thrown) };
    }
  }

  /** Ends; the server goes on pushing to this device. */
  close(): void {
    this.#wanted = null;
    this.#newTurn();
    this.#unwatchLink();
    this.#unwatchToken?.();
  }

  #tokenChanged(token: string): void {
    if (token === this.#token) return;
    this.#token = token;
    if (this.#wanted) void this.#attempt();
  }

  #linkChanged(event: PushLinkEvent): void {
    if (event.kind !== 'login' || !this.#wanted || this.#busy) return;
    if (!event.pushBound || !this.#pushID) void this.#attempt();
  }

  #newTurn(): number {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#busy = false;
    return ++this.#turn;
  }

  /** One registration from token to PushID. */
  async #attempt(retry = 0): Promise<void> {
    const turn = this.#newTurn();
    this.#busy = true;
    try {
      const token = this.#token || (await within(TOKEN_TIMEOUT_MS, this.#provider.getToken()));
      if (turn !== this.#turn) return;
      this.#token = token;
    } catch (thrown) {
      if (turn === this.#turn) this.#fail(ZPNsErrorCode.VendorFailed, messageOf(thrown));
      return;
    }
    await this.#send(turn, retry);
  }

  async #send(turn: number, retry: number): Promise<void> {
    const link = this.#link;
    if (!link?.isReady || !this.#wanted) {
      // The client or its login is yet to come; `useLink` or its event goes on from here.
      this.#busy = false;
      return;
    }
    const asked = { vendor: this.#provider.vendor, token: this.#token, appType: this.#wanted.appType };
    try {
      const asking = link.register(asked);
      this.#asked = Promise.allSettled([this.#asked, asking]);
      const pushID = await asking;
      if (turn === this.#turn) this.#succeed(pushID);
    } catch (thrown) {
      if (turn === this.#turn) this.#failed(thrown, retry);
    }
  }

  #succeed(pushID: string): void {
    this.#busy = false;
    if (pushID === this.#pushID) return;
    this.#pushID = pushID;
    this.#report({ pushID, errorCode: ZPNsErrorCode.Success, msg: 'success' });
  }

  #failed(thrown: unknown, retry: number): void {
    const code = (thrown as { code?: number } | null)?.code ?? 0;
    const wait = RETRY_WAITS_MS[retry];
    if (code === NOT_LOGGED_IN) {
      this.#busy = false;
    } else if (!PASSING.has(code)) {
      this.#fail(ZPNsErrorCode.RegisterFailed, messageOf(thrown));
    } else if (wait === undefined) {
      this.#fail(ZPNsErrorCode.ConnectFailed, messageOf(thrown));
    } else {
      this.#timer = setTimeout(() => void this.#attempt(retry + 1), wait);
    }
  }

  #fail(errorCode: ZPNsErrorCode, msg: string): void {
    this.#busy = false;
    this.#report({ pushID: '', errorCode, msg });
  }
}

/** An error of the configuration, as `registerPush` throws it. */
export function configError(message: string): ZPNsError {
  return { code: ZPNsErrorCode.ConfigInvalid, message };
}

function messageOf(thrown: unknown): string {
  const message = (thrown as { message?: unknown } | null)?.message;
  return typeof message === 'string' && message ? message : String(thrown);
}

/** Waits for a promise, but not for ever. */
function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the push service gave no token in time')), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
