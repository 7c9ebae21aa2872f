/**
 * The door through which `@hongyan/zpns` reaches a client of the same page, without either importing the
 * other.
 *
 * A client shows its link under a symbol that both packages know; the one that `ZIM.create` made is also
 * named in a registry of the page, where ZPNs finds it and waits for it.
 */

import { notLoggedIn, zimError } from './codes.js';
import { REQUEST_TIMEOUT_MS } from './limits.js';
import type { Platform } from './platform/index.js';
import type { Session, SessionConfig } from './session.js';
import { Connection } from './transport.js';
import { ZIMErrorCode } from './types/error-code.js';
import { ZIMConnectionState } from './types/enums.js';
import type { Method, Params, Result, WirePushClicked } from './wire.js';

/**
 * Where an invitation to this user is on this device: it rings (`callInvitationReceived` was told), was
 * accepted here, or rings no more (rejected, cancelled, timed out, answered elsewhere).
 */
export type CallChange = 'ringing' | 'answered' | 'over';

/** What a client tells its link. `pushBound`: a PushID of this device is bound to the user. */
export type PushLinkEvent =
  | { kind: 'login'; pushBound: boolean }
  | { kind: 'logout' }
  | { kind: 'destroyed' }
  | { kind: 'call'; callID: string; change: CallChange };

/** What ZPNs needs of a client. */
export interface PushLink {
  /** Whether requests can be made now: somebody is logged in, or the app proves itself with an AppSign. */
  readonly isReady: boolean;
  /** BCP 47 language of the device. */
  readonly locale: string;
  /** Registers a vendor token; resolves with the PushID. */
  register(token: { vendor: string; token: string; appType: number }): Promise<string>;
  /** Forgets a PushID, or without one all of this device. */
  unregister(pushID?: string): Promise<void>;
  /** Tells the server that the user tapped a notice. Rejects with 6000121 while nobody is logged in. */
  clicked(notice: WirePushClicked): Promise<void>;
  /** Calls back until the returned function is called. */
  watch(listener: (event: PushLinkEvent) => void): () => void;
}

/** Where a client keeps its link. */
export const PUSH_LINK: unique symbol = Symbol.for('hongyan.pushLink') as never;

interface Registry {
  link: PushLink | null;
  watchers: Set<(link: PushLink | null) => void>;
}

const REGISTRY = Symbol.for('hongyan.pushRegistry');

function registry(): Registry {
  const page = globalThis as { [REGISTRY]?: Registry };
  return (page[REGISTRY] ??= { link: null, watchers: new Set() });
}

/** Names the link of this page's client; `null` when there is none any more. */
export function publishLink(link: PushLink | null): void {
  const { watchers } = registry();
  registry().link = link;
  for (const watcher of [...watchers]) watcher(link);
}

/** The link of one client. */
export class ClientPushLink implements PushLink {
  readonly #session: Session;
  readonly #config: SessionConfig;
  readonly #appSign: string;
  readonly #platform: Platform;
  readonly #watchers = new Set<(event: PushLinkEvent) => void>();

  constructor(session: Session, config: SessionConfig, appSign: string, platform: Platform) {
    this.#session = session;
    this.#config = config;
    this.#appSign = appSign;
    this.#platform = platform;
  }

  get isReady(): boolean {
    return this.#appSign !== '' || this.#session.isOnline;
  }

  get locale(): string {
    return this.#platform.locale().slice(0, 35);
  }

  watch(listener: (event: PushLinkEvent) => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  /** Tells everybody who watches. */
  tell(event: PushLinkEvent): void {
    for (const watcher of [...this.#watchers]) watcher(event);
  }

  async register(token: { vendor: string; token: string; appType: number }): Promise<string> {
    const locale = this.locale;
    const params = { deviceID: this.#config.deviceID, ...token, ...(locale ? { locale } : {}) };
    const { pushID } = await this.#request('push.register', params);
    return pushID;
  }

  async unregister(pushID?: string): Promise<void> {
    const params = { deviceID: this.#config.deviceID, ...(pushID === undefined ? {} : { pushID }) };
    await this.#request('push.unregister', params);
  }

  async clicked(notice: WirePushClicked): Promise<void> {
    if (!this.#loggedIn) throw notLoggedIn();
    await this.#session.request('push.clicked', notice);
  }

  /**
   * Over the session when there is one, so that the PushID is bound at once; before login over a connection
   * of its own. If a login came in between, the request is made once more over the session.
   */
  async #request<M extends 'push.register' | 'push.unregister'>(
    method: M,
    params: Params<M>,
  ): Promise<Result<M>> {
    if (this.#loggedIn) return this.#session.request(method, params);
    if (!this.#appSign) throw notLoggedIn();
    const proof = { appID: this.#config.appID, appSign: this.#appSign };
    const result = await this.#alone(method, { ...proof, ...params });
    return method === 'push.register' && this.#loggedIn ? this.#session.request(method, params) : result;
  }

  get #loggedIn(): boolean {
    const { state } = this.#session;
    return state === ZIMConnectionState.Connected || state === ZIMConnectionState.Reconnecting;
  }

  /** One request over a connection of its own, within `REQUEST_TIMEOUT_MS`. */
  async #alone<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    const { openSocket, clock } = this.#platform;
    let connection: Connection | null = null;
    const timer = clock.setTimer(() => connection?.abandon('not done in time'), REQUEST_TIMEOUT_MS);
    try {
      return await new Promise((resolve, reject) => {
        const opened: Connection = new Connection(openSocket, this.#config.url, clock, {
          onOpen: () => void opened.request(method, params, 0).then(resolve, reject),
          onNotification: () => undefined,
          onUnreadable: (reason) => opened.abandon(reason),
          onClosed: () =>
            reject(zimError(ZIMErrorCode.NetworkModuleNetworkError, 'the server could not be reached')),
        });
        connection = opened;
      });
    } finally {
      clock.clearTimer(timer);
      (connection as Connection | null)?.abandon('done');
    }
  }
}
