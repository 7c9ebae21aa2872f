/**
 * One user's session over many connections: logging in, heartbeats, coming back with backoff and jitter,
 * telling the server where the app is. What a connection breaking does to requests is decided here too.
 *
 * Phases: idle → joining (first login) → online ⇄ waiting/rejoining → idle.
 */

import { badParameter, CloseCode, comesBack, comesWithOthers, isAboutToken, isPassing } from './codes.js';
import { asZIMError, notLoggedIn, zimError } from './codes.js';
import * as limits from './limits.js';
import type { LifecycleChange, Platform, Timer } from './platform/index.js';
import { RequestQueue } from './requests.js';
import { Connection } from './transport.js';
import type { ZIMError } from './types/common.js';
import { ZIMConnectionEvent, ZIMConnectionState } from './types/enums.js';
import { ZIMErrorCode } from './types/error-code.js';
import type {
  ClientNotifications,
  Method,
  Params,
  Result,
  WireCursor,
  WireLogin,
  WireLoginResult,
} from './wire.js';

/** Who logs in, and with what. */
export interface Credentials {
  userID: string;
  userName?: string;
  appSign?: string;
  token?: string;
}

/** The fixed part of every login. */
export interface SessionConfig {
  appID: number;
  url: string;
  deviceID: string;
  platformType: number;
  sdkVersion: string;
}

/** What a session reports. */
export interface SessionEvents {
  onState(state: ZIMConnectionState, event: ZIMConnectionEvent): void;
  /** Logged in, for the first time or again. */
  onOnline(result: WireLoginResult): void;
  /** The connection broke; it is being restored. */
  onInterrupted(): void;
  /** The session is over and does not come back by itself. */
  onEnded(error: ZIMError): void;
  onNotification(method: string, params: unknown): void;
  onError(error: ZIMError): void;
  /** How far conversations have come, newest first. */
  cursors(): WireCursor[];
}

interface Login {
  resolve(): void;
  reject(error: ZIMError): void;
  timer: Timer;
}

/** The session of one client. */
export class Session {
  readonly #config: SessionConfig;
  readonly #platform: Platform;
  readonly #events: SessionEvents;
  readonly #queue: RequestQueue;
  #state: ZIMConnectionState = ZIMConnectionState.Disconnected;
  #credentials: Credentials | null = null;
  #connection: Connection | null = null;
  #online = false;
  #login: Login | null = null;
  #sessionID = '';
  #early: [method: string, params: unknown][] = [];
  #attempts = 0;
  #onlineSince = 0;
  #beatMs = 10_000;
  #silenceMs = 35_000;
  #timers = new Map<'retry' | 'connect' | 'beat', Timer>();
  #unwatch: (() => void) | null = null;

  constructor(config: SessionConfig, platform: Platform, events: SessionEvents) {
    this.#config = config;
    this.#platform = platform;
    this.#events = events;
    this.#queue = new RequestQueue(platform.clock);
  }

  /** Where the connection stands. */
  get state(): ZIMConnectionState {
    return this.#state;
  }

  /** Whether requests are written at once. */
  get isOnline(): boolean {
    return this.#online;
  }

  /** The user of this session; empty when there is none. */
  get userID(): string {
    return this.#credentials?.userID ?? '';
  }

  /** Logs in. Resolves once the server accepted; rejects after `LOGIN_TIMEOUT_MS` at the latest. */
  login(credentials: Credentials): Promise<void> {
    if (this.#credentials) {
      const what = `user ${this.#credentials.userID} is logged in or logging in; log out first`;
      return Promise.reject(zimError(ZIMErrorCode.NetworkModuleUserHasAlreadyLogged, what));
    }
    this.#credentials = credentials;
    this.#attempts = 0;
    this.#unwatch = this.#platform.lifecycle.watch((change) => this.#lifecycle(change));
    return new Promise((resolve, reject) => {
      const late = (): void => {
        this.#end(ZIMConnectionEvent.LoginTimeout, this.#lateError());
      };
      const timer = this.#platform.clock.setTimer(late, limits.LOGIN_TIMEOUT_MS);
      this.#login = { resolve, reject, timer };
      this.#setState(ZIMConnectionState.Connecting, ZIMConnectionEvent.ActiveLogin);
      this.#connect();
    });
  }

  /**
   * Logs out. Resolves to `true` once the server has cleared this device's PushIDs, `false` when it could not
   * be told within `LOGOUT_TIMEOUT_MS`. Never rejects.
   */
  async logout(): Promise<boolean> {
    const connection = this.#online ? this.#connection : null;
    if (!this.#credentials) return true;
    const told = connection
      ? connection.request('session.logout', {}, limits.LOGOUT_TIMEOUT_MS).then(
          () => true,
          () => false,
        )
      : Promise.resolve(false);
    this.#connection = null;
    this.#end(ZIMConnectionEvent.ActiveLogin, notLoggedIn());
    const cleared = await told;
    connection?.abandon('logged out');
    return cleared;
  }

  /** Ends without telling the server: its PushIDs stay bound. */
  abandon(): void {
    if (this.#credentials) this.#end(ZIMConnectionEvent.ActiveLogin, notLoggedIn());
  }

  /** Sends a request, now or when the connection is back. See `requests` for what is repeated. */
  request<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    if (!this.#credentials || this.#state === ZIMConnectionState.Connecting)
      return Promise.reject(notLoggedIn());
    return this.#queue.submit(method, params, this.#online ? this.#connection : null);
  }

  /** Writes a request on the present connection only; the caller repeats it. `null` when there is none. */
  requestOnce<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> | null {
    return this.#online && this.#connection ? this.#connection.request(method, params, 0) : null;
  }

  /** Sends a notification; `false` if there is no connection now. */
  notify<N extends keyof ClientNotifications>(method: N, params: ClientNotifications[N]): boolean {
    if (!this.#online || !this.#connection) return false;
    this.#connection.notify(method, params);
    return true;
  }

  /** Gives the server a new token; it is also used for coming back. */
  async renewToken(token: string): Promise<void> {
    if (!this.#credentials) throw notLoggedIn();
    if (!this.#credentials.token)
      throw badParameter('this session was logged in with an AppSign, not a token');
    if (this.#online) await this.request('session.renewToken', { token });
    if (this.#credentials) this.#credentials = { ...this.#credentials, token };
  }

  // -- connecting ------------------------------------------------------------------------------------------

  #connect(): void {
    this.#stop('retry');
    const { openSocket, clock } = this.#platform;
    const connection: Connection = new Connection(openSocket, this.#config.url, clock, {
      onOpen: () => this.#opened(connection),
      onNotification: (method, params) => {
        if (this.#connection === connection) this.#notified(method, params);
      },
      onClosed: (code, reason) => this.#closed(connection, code, reason),
      onUnreadable: (reason) =>
        this.#events.onError(zimError(ZIMErrorCode.NetworkModuleRspProtoParseError, reason)),
    });
    this.#connection = connection;
    this.#early = [];
    this.#start('connect', limits.CONNECT_TIMEOUT_MS, () => connection.abandon('not open in time'));
  }

  #opened(connection: Connection): void {
    if (this.#connection !== connection || !this.#credentials) return;
    this.#stop('connect');
    connection.request('session.login', this.#loginParams(this.#credentials), limits.REQUEST_TIMEOUT_MS).then(
      (result) => this.#joined(connection, result),
      (thrown: unknown) => this.#refused(connection, asZIMError(thrown)),
    );
  }

  #loginParams(credentials: Credentials): WireLogin {
    const cursors = this.#events.cursors().slice(0, limits.LOGIN_CURSORS_MAX);
    return {
      appID: this.#config.appID,
      ...credentials,
      deviceID: this.#config.deviceID,
      platform: this.#config.platformType,
      sdkVersion: this.#config.sdkVersion,
      state: this.#platform.lifecycle.phase(),
      ...(this.#sessionID ? { resumeSessionID: this.#sessionID } : {}),
      ...(cursors.length > 0 ? { cursors } : {}),
    };
  }

  #joined(connection: Connection, result: WireLoginResult): void {
    if (this.#connection !== connection) return;
    this.#sessionID = result.sessionID;
    this.#beatMs = result.heartbeatInterval;
    this.#silenceMs = result.heartbeatTimeout;
    this.#online = true;
    this.#onlineSince = this.#platform.clock.now();
    this.#beatLater(connection);
    const login = this.#takeLogin();
    this.#setState(ZIMConnectionState.Connected, ZIMConnectionEvent.Success);
    this.#events.onOnline(result);
    for (const [method, params] of this.#early.splice(0)) this.#notified(method, params);
    this.#queue.flush(connection);
    login?.resolve();
  }

  #refused(connection: Connection, error: ZIMError): void {
    if (this.#connection !== connection) return;
    if (isPassing(error.code)) {
      connection.abandon('the login came to nothing');
      return;
    }
    this.#connection = null;
    connection.abandon('login refused');
    const again = !this.#login;
    const event = isAboutToken(error.code)
      ? ZIMConnectionEvent.TokenExpired
      : again
        ? ZIMConnectionEvent.LoginInterrupted
        : ZIMConnectionEvent.ActiveLogin;
    this.#end(event, error);
  }

  #closed(connection: Connection, code: number, reason: string): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    this.#stop('connect');
    this.#stop('beat');
    const wasOnline = this.#online;
    this.#online = false;
    if (!comesBack(code)) {
      this.#end(endOf(code), closeError(code, reason));
      return;
    }
    if (wasOnline) {
      if (this.#platform.clock.now() - this.#onlineSince >= limits.SESSION_STEADY_MS) this.#attempts = 0;
      this.#events.onInterrupted();
      this.#setState(ZIMConnectionState.Reconnecting, ZIMConnectionEvent.LoginInterrupted);
    }
    if (this.#credentials) this.#start('retry', this.#backoff(code), () => this.#connect());
  }

  /** The first try comes at once, unless everybody was sent away together; then the wait doubles. */
  #backoff(closeCode: number): number {
    const attempt = this.#attempts++;
    const fraction = this.#platform.random.fraction();
    if (attempt === 0)
      return comesWithOthers(closeCode) ? limits.RECONNECT_FIRST_MS * (0.2 + fraction * 2) : 0;
    const wait = Math.min(limits.RECONNECT_GREATEST_MS, limits.RECONNECT_FIRST_MS * 2 ** (attempt - 1));
    return wait * (0.5 + fraction / 2);
  }

  // -- while it lives --------------------------------------------------------------------------------------

  #beatLater(connection: Connection): void {
    this.#start('beat', this.#beatMs, () => this.#beat(connection, limits.HEARTBEAT_ANSWER_MS));
  }

  /** One sign of life. A link that was silent for too long (a device asleep) is not even asked. */
  #beat(connection: Connection, answerMs: number): void {
    if (this.#platform.clock.now() - connection.heardAt > this.#silenceMs) {
      connection.abandon('silent for too long');
      return;
    }
    this.#beatLater(connection);
    connection.request('session.heartbeat', {}, answerMs).catch((thrown: unknown) => {
      const { code } = asZIMError(thrown);
      if (code === ZIMErrorCode.NetworkModuleRequestTimeout) connection.abandon('no heartbeat');
    });
  }

  /** What comes in one piece with the answer to the login is told once the login is. */
  #notified(method: string, params: unknown): void {
    if (this.#online) this.#events.onNotification(method, params);
    else if (this.#early.length < limits.REQUESTS_WAITING_MAX) this.#early.push([method, params]);
    else this.#connection?.abandon('too much before the login was answered');
  }

  #lifecycle(change: LifecycleChange): void {
    const connection = this.#connection;
    if (change === 'foreground' || change === 'online') this.#wake();
    if (!this.#online || !connection || change === 'online') return;
    const state = change === 'foreground' ? 'foreground' : 'background';
    connection.request('app.state', { state }, limits.REQUEST_TIMEOUT_MS).catch((thrown: unknown) => {
      const error = asZIMError(thrown);
      if (!isPassing(error.code)) this.#events.onError(error);
    });
  }

  /**
   * The device woke up or the network is back: try at once instead of waiting, and see whether the link
   * lives.
   */
  #wake(): void {
    if (this.#online && this.#connection) {
      this.#stop('beat');
      this.#beat(this.#connection, limits.PROBE_ANSWER_MS);
    } else if (this.#credentials && this.#timers.has('retry')) {
      this.#connect();
    }
  }

  // -- ending ----------------------------------------------------------------------------------------------

  #end(event: ZIMConnectionEvent, error: ZIMError): void {
    const connection = this.#connection;
    const login = this.#takeLogin();
    this.#connection = null;
    this.#credentials = null;
    this.#online = false;
    this.#sessionID = '';
    for (const name of [...this.#timers.keys()]) this.#stop(name);
    this.#unwatch?.();
    this.#unwatch = null;
    connection?.abandon('over');
    this.#queue.fail(error);
    this.#setState(ZIMConnectionState.Disconnected, event);
    this.#events.onEnded(error);
    login?.reject(error);
  }

  #takeLogin(): Login | null {
    const login = this.#login;
    this.#login = null;
    if (login) this.#platform.clock.clearTimer(login.timer);
    return login;
  }

  #lateError(): ZIMError {
    return this.#connection && !this.#timers.has('connect')
      ? zimError(ZIMErrorCode.NetworkModuleRequestTimeout, 'the server did not answer the login in time')
      : zimError(ZIMErrorCode.NetworkModuleNetworkError, 'the server could not be reached');
  }

  #setState(state: ZIMConnectionState, event: ZIMConnectionEvent): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#events.onState(state, event);
  }

  #start(name: 'retry' | 'connect' | 'beat', ms: number, run: () => void): void {
    this.#stop(name);
    const timer = this.#platform.clock.setTimer(() => {
      this.#timers.delete(name);
      run();
    }, ms);
    this.#timers.set(name, timer);
  }

  #stop(name: 'retry' | 'connect' | 'beat'): void {
    const timer = this.#timers.get(name);
    if (timer === undefined) return;
    this.#platform.clock.clearTimer(timer);
    this.#timers.delete(name);
  }
}

function endOf(closeCode: number): ZIMConnectionEvent {
  switch (closeCode) {
    case CloseCode.KickedOut:
      return ZIMConnectionEvent.KickedOut;
    case CloseCode.TokenExpired:
      return ZIMConnectionEvent.TokenExpired;
    case CloseCode.LoggedOut:
      return ZIMConnectionEvent.ActiveLogin;
    default:
      return ZIMConnectionEvent.LoginInterrupted;
  }
}

function closeError(closeCode: number, reason: string): ZIMError {
  switch (closeCode) {
    case CloseCode.KickedOut:
      return zimError(
        ZIMErrorCode.NetworkModuleUserIsNotLogged,
        'this user logged in elsewhere; log in again',
      );
    case CloseCode.TokenExpired:
      return zimError(ZIMErrorCode.NetworkModuleTokenExpired, 'the token has expired; make a new one');
    case CloseCode.AppClosed:
      return zimError(
        ZIMErrorCode.CommonModuleUnactivatedIMServer,
        'the app was disabled or its keys changed',
      );
    case CloseCode.LoggedOut:
      return notLoggedIn();
    default:
      return zimError(ZIMErrorCode.NetworkModuleCommonError, `the server ended the session: ${reason}`);
  }
}
