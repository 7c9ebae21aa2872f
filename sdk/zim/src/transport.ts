/**
 * One connection: frames over one socket, answers matched to requests, a limit on what is under way.
 *
 * It knows nothing of logging in or coming back; `session` opens one after the other.
 */

import { badParameter, zimError } from './codes.js';
import { decode, encodeNotification, encodeRequest } from './codec.js';
import { REQUESTS_IN_FLIGHT_MAX, REQUESTS_WAITING_MAX } from './limits.js';
import type { Clock, OpenSocket, Socket, Timer } from './platform/index.js';
import { ZIMErrorCode } from './types/error-code.js';
import type { ClientNotifications, Method, Params, Result } from './wire.js';

/** Subprotocol of the WebSocket. */
export const SUBPROTOCOL = 'hongyan.v1';

/** What a connection reports. After `onClosed` nothing more comes. */
export interface ConnectionEvents {
  onOpen(): void;
  onNotification(method: string, params: unknown): void;
  /** Every request under way has been rejected with 6000009 before this. */
  onClosed(code: number, reason: string): void;
  /** The server sent something that is not of the protocol. */
  onUnreadable(reason: string): void;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  timer: Timer | null;
}

interface Waiting {
  text: (id: number) => string;
  pending: Omit<Pending, 'timer'>;
  timeoutMs: number;
}

/** One connection, from opening to closing. */
export class Connection {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #events: ConnectionEvents;
  readonly #pending = new Map<number, Pending>();
  #waiting: Waiting[] = [];
  #nextID = 1;
  #closed = false;
  /** Unix time in ms at which the server was last heard. */
  heardAt: number;

  constructor(openSocket: OpenSocket, url: string, clock: Clock, events: ConnectionEvents) {
    this.#clock = clock;
    this.#events = events;
    this.heardAt = clock.now();
    this.#socket = openSocket(url, SUBPROTOCOL, {
      onOpen: () => this.#closed || events.onOpen(),
      onText: (text) => this.#closed || this.#read(text),
      onClose: (code, reason) => this.#end(code, reason),
    });
  }

  /**
   * Sends a request. Rejects with what the server refused, 6000009 when the connection goes before the
   * answer, 6000105 when no answer comes within `timeoutMs` (0: no limit but the connection's own end).
   */
  request<M extends Method>(method: M, params: Params<M>, timeoutMs: number): Promise<Result<M>> {
    return new Promise((resolve, reject) => {
      const pending = { resolve: resolve as (result: unknown) => void, reject };
      const waiting: Waiting = { text: (id) => encodeRequest(id, method, params), pending, timeoutMs };
      if (this.#closed) reject(cutOff());
      else if (this.#pending.size < REQUESTS_IN_FLIGHT_MAX) this.#write(waiting);
      else if (this.#waiting.length < REQUESTS_WAITING_MAX) this.#waiting.push(waiting);
      else
        reject(
          zimError(ZIMErrorCode.CommonModuleTriggerSDKFrequencyLimit, 'too many requests are under way'),
        );
    });
  }

  /** Sends a notification; lost if the connection is not open. */
  notify<N extends keyof ClientNotifications>(method: N, params: ClientNotifications[N]): void {
    if (!this.#closed) this.#socket.send(encodeNotification(method, params));
  }

  /** Closes. `onClosed` follows with what the socket says. */
  close(code: number, reason: string): void {
    if (!this.#closed) this.#socket.close(code, reason);
  }

  /** Ends at once, without waiting for the socket: the link is dead or nobody listens any more. */
  abandon(reason: string): void {
    this.#socket.close(4000, reason);
    this.#end(1006, reason);
  }

  #write(waiting: Waiting): void {
    const id = this.#nextID++;
    const expire = (): void => {
      this.#settle(id)?.reject(zimError(ZIMErrorCode.NetworkModuleRequestTimeout, 'no answer in time'));
    };
    const timer = waiting.timeoutMs > 0 ? this.#clock.setTimer(expire, waiting.timeoutMs) : null;
    this.#pending.set(id, { ...waiting.pending, timer });
    this.#socket.send(waiting.text(id));
  }

  /** Takes a request off the list and lets one that waits follow. */
  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (!pending) return undefined;
    this.#pending.delete(id);
    if (pending.timer !== null) this.#clock.clearTimer(pending.timer);
    const next = this.#closed ? undefined : this.#waiting.shift();
    if (next) this.#write(next);
    return pending;
  }

  #read(text: string): void {
    this.heardAt = this.#clock.now();
    const frame = decode(text);
    switch (frame.kind) {
      case 'answer':
        this.#settle(frame.id)?.resolve(frame.result);
        break;
      case 'refusal':
        this.#refused(frame.id, zimError(frame.code, frame.message));
        break;
      case 'notification':
        this.#events.onNotification(frame.method, frame.params);
        break;
      case 'unreadable':
        this.#events.onUnreadable(frame.reason);
    }
  }

  /** A refusal without id is about a frame the server could not read: a fault to report, not an answer. */
  #refused(id: number | null, error: { code: number; message: string }): void {
    if (id === null) this.#events.onUnreadable(`the server could not read a frame: ${error.message}`);
    else this.#settle(id)?.reject(error);
  }

  #end(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(cutOff());
    for (const { pending } of waiting) pending.reject(cutOff());
    this.#events.onClosed(code, reason);
  }
}

function cutOff(): { code: number; message: string } {
  return zimError(ZIMErrorCode.CommonModuleIMServerDisconnect, 'the connection went before the answer came');
}

/**
 * The WebSocket address of a server given as `http(s)://` or `ws(s)://`: the path is `/ws` unless it has one.
 * Throws 6000001 for anything else.
 */
export function socketURL(server: string): string {
  const match = /^(https?|wss?):\/\/([^/?#\s@]+)(\/[^?#\s]*)?$/i.exec(server.trim());
  if (!match) {
    throw badParameter('server must be an address such as https://im.example.com or ws://127.0.0.1:8080/ws');
  }
  const secure = /^(https|wss)$/i.test(match[1] ?? '');
  const path = match[3] && match[3] !== '/' ? match[3] : '/ws';
  return `${secure ? 'wss' : 'ws'}://${match[2] ?? ''}${path}`;
}
