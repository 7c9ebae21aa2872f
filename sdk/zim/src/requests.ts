/**
 * Requests that outlive a connection: they wait while it is being restored, and those that may be repeated
 * are sent again when it broke before the answer came. Messages have their own way: `outbox`.
 */

import { asZIMError, zimError } from './codes.js';
import { REQUEST_TIMEOUT_MS, REQUESTS_WAITING_MAX } from './limits.js';
import type { Clock, Timer } from './platform/index.js';
import type { Connection } from './transport.js';
import type { ZIMError } from './types/common.js';
import { ZIMErrorCode } from './types/error-code.js';
import type { Method, Params, Result } from './wire.js';

/** Requests whose repetition changes nothing: reading, and setting something to a value. */
const REPEATABLE: ReadonlySet<Method> = new Set<Method>([
  'session.renewToken',
  'push.register',
  'push.unregister',
  'push.clicked',
  'user.query',
  'user.self',
  'user.setPushRule',
  'user.setBadge',
  'block.list',
  'block.check',
  'message.history',
  'conversation.list',
  'conversation.get',
  'conversation.read',
  'conversation.readAll',
  'conversation.totalUnread',
  'conversation.setNotificationStatus',
  'group.members',
  'group.list',
  'group.get',
  'call.list',
]);

interface Entry {
  method: Method;
  params: Params<Method>;
  resolve(result: unknown): void;
  reject(error: ZIMError): void;
  timer: Timer | null;
}

/** The requests of one session. Each is settled within `REQUEST_TIMEOUT_MS`. */
export class RequestQueue {
  readonly #clock: Clock;
  readonly #open = new Set<Entry>();
  #waiting: Entry[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sends now, or when `flush` brings a connection. */
  submit<M extends Method>(method: M, params: Params<M>, connection: Connection | null): Promise<Result<M>> {
    if (this.#waiting.length >= REQUESTS_WAITING_MAX) {
      const text = 'too many requests wait for the connection';
      return Promise.reject(zimError(ZIMErrorCode.CommonModuleTriggerSDKFrequencyLimit, text));
    }
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        method,
        params,
        resolve: resolve,
        reject,
        timer: null,
      };
      entry.timer = this.#clock.setTimer(() => this.#late(entry), REQUEST_TIMEOUT_MS);
      this.#open.add(entry);
      if (connection) this.#write(entry, connection);
      else this.#waiting.push(entry);
    });
  }

  /** Sends what waits. */
  flush(connection: Connection): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const entry of waiting) this.#write(entry, connection);
  }

  /** Rejects everything. */
  fail(error: ZIMError): void {
    this.#waiting = [];
    for (const entry of [...this.#open]) if (this.#settle(entry)) entry.reject(error);
  }

  #write(entry: Entry, connection: Connection): void {
    connection.request(entry.method, entry.params, 0).then(
      (result) => {
        if (this.#settle(entry)) entry.resolve(result);
      },
      (thrown: unknown) => this.#failed(entry, asZIMError(thrown)),
    );
  }

  #failed(entry: Entry, error: ZIMError): void {
    if (!this.#open.has(entry)) return;
    const cut = error.code === ZIMErrorCode.CommonModuleIMServerDisconnect;
    if (cut && REPEATABLE.has(entry.method)) this.#waiting.push(entry);
    else if (this.#settle(entry)) entry.reject(error);
  }

  #late(entry: Entry): void {
    const waits = this.#waiting.includes(entry);
    if (!this.#settle(entry)) return;
    this.#waiting = this.#waiting.filter((other) => other !== entry);
    entry.reject(
      waits
        ? zimError(ZIMErrorCode.NetworkModuleNetworkError, 'there is no connection to the server now')
        : zimError(ZIMErrorCode.NetworkModuleRequestTimeout, 'the server did not answer in time'),
    );
  }

  #settle(entry: Entry): boolean {
    if (!this.#open.delete(entry)) return false;
    if (entry.timer !== null) this.#clock.clearTimer(entry.timer);
    return true;
  }
}
