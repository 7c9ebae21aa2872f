/**
 * Messages on their way: written in the order they were submitted, at the server's pace, again under the same
 * localMessageID after a reconnect, failed after a bounded time. Sending one twice stores it once.
 */

import { asZIMError, zimError } from './codes.js';
import * as limits from './limits.js';
import type { Clock, Timer } from './platform/index.js';
import type { ZIMError } from './types/common.js';
import { ZIMErrorCode } from './types/error-code.js';
import type { WireMessage, WireSend } from './wire.js';

/** Writes a message on the present connection; `null` when there is none. */
export type WriteMessage = (send: WireSend) => Promise<{ message: WireMessage }> | null;

interface Entry {
  send: WireSend;
  state: 'waiting' | 'written';
  everWritten: boolean;
  resolve(message: WireMessage): void;
  reject(error: ZIMError): void;
  timer: Timer | null;
}

/** The outbox of one session. */
export class Outbox {
  readonly #clock: Clock;
  readonly #write: WriteMessage;
  readonly #admission: Bucket;
  readonly #commands: Bucket;
  readonly #pace: Bucket;
  #entries: Entry[] = [];
  #pause: Timer | null = null;

  constructor(clock: Clock, write: WriteMessage) {
    this.#clock = clock;
    this.#write = write;
    this.#admission = new Bucket(clock, limits.SEND_RATE_PER_S, limits.SEND_RATE_PER_S);
    this.#commands = new Bucket(clock, limits.COMMAND_RATE_PER_S, limits.COMMAND_RATE_PER_S);
    this.#pace = new Bucket(clock, limits.WRITE_RATE_PER_S, limits.WRITE_BURST);
  }

  /**
   * Throws 6000004 if a message submitted now would be more than the client's rate or the outbox allows,
   * 6000001 if this localMessageID is on its way already. Takes its place in the rate.
   */
  admit(localMessageID: string, isCommand: boolean): void {
    if (this.#entries.some((entry) => entry.send.localMessageID === localMessageID)) {
      throw zimError(ZIMErrorCode.CommonModuleParamsInvalid, 'this message is being sent already');
    }
    const bucket = isCommand ? this.#commands : this.#admission;
    if (this.#entries.length >= limits.OUTBOX_MAX || !bucket.take()) {
      const text = 'at most 10 messages (30 commands) a second, and 256 unsent ones, are allowed';
      throw zimError(ZIMErrorCode.CommonModuleTriggerSDKFrequencyLimit, text);
    }
  }

  /** Sends a message. Resolves with what the server stored. */
  submit(send: WireSend): Promise<WireMessage> {
    return new Promise((resolve, reject) => {
      const entry: Entry = { send, state: 'waiting', everWritten: false, resolve, reject, timer: null };
      entry.timer = this.#clock.setTimer(() => this.#late(entry), limits.SEND_TIMEOUT_MS);
      this.#entries.push(entry);
      this.pump();
    });
  }

  /** Writes what may be written now. Called again when a connection is there. */
  pump(): void {
    if (this.#pause !== null) return;
    let written = this.#entries.filter((entry) => entry.state === 'written').length;
    for (const entry of this.#entries) {
      if (entry.state === 'written') continue;
      if (written >= limits.OUTBOX_IN_FLIGHT_MAX) return;
      const wait = isCommand(entry.send) ? 0 : this.#pace.wait();
      if (wait > 0) {
        this.#pumpLater(wait);
        return;
      }
      if (!this.#writeOne(entry)) return;
      written++;
    }
  }

  /** Ends every message with an error: those that may have arrived with 6000009, the others with `error`. */
  fail(error: ZIMError): void {
    if (this.#pause !== null) this.#clock.clearTimer(this.#pause);
    this.#pause = null;
    for (const entry of [...this.#entries]) this.#reject(entry, entry.everWritten ? cutOff() : error);
  }

  #writeOne(entry: Entry): boolean {
    const answer = this.#write(entry.send);
    if (!answer) return false;
    if (!isCommand(entry.send)) this.#pace.take();
    entry.state = 'written';
    entry.everWritten = true;
    answer.then(
      ({ message }) => this.#settle(entry) && this.#done(() => entry.resolve(message)),
      (thrown: unknown) => this.#failed(entry, asZIMError(thrown)),
    );
    return true;
  }

  #failed(entry: Entry, error: ZIMError): void {
    if (!this.#entries.includes(entry)) return;
    switch (error.code) {
      case ZIMErrorCode.CommonModuleIMServerDisconnect:
        entry.state = 'waiting';
        break;
      case ZIMErrorCode.CommonModuleTriggerServerFrequencyLimit:
        // The server will take it a little later; everything behind it waits too, which keeps the order.
        entry.state = 'waiting';
        this.#pumpLater(limits.SEND_PAUSE_MS);
        break;
      default:
        this.#done(() => this.#reject(entry, error));
    }
  }

  #done(settle: () => void): void {
    settle();
    this.pump();
  }

  #late(entry: Entry): void {
    const unreached = zimError(
      ZIMErrorCode.NetworkModuleNetworkError,
      'the server could not be reached in time',
    );
    this.#reject(entry, entry.everWritten ? cutOff() : unreached);
  }

  #reject(entry: Entry, error: ZIMError): void {
    if (this.#settle(entry)) entry.reject(error);
  }

  #settle(entry: Entry): boolean {
    const at = this.#entries.indexOf(entry);
    if (at < 0) return false;
    this.#entries.splice(at, 1);
    if (entry.timer !== null) this.#clock.clearTimer(entry.timer);
    return true;
  }

  #pumpLater(ms: number): void {
    if (this.#pause !== null) return;
    this.#pause = this.#clock.setTimer(() => {
      this.#pause = null;
      this.pump();
    }, ms);
  }
}

function isCommand(send: WireSend): boolean {
  return send.content.type === 2;
}

function cutOff(): ZIMError {
  const text = 'the connection went before the answer came; retry with the same localMessageID';
  return zimError(ZIMErrorCode.CommonModuleIMServerDisconnect, text);
}

/** A token bucket: `rate` a second, `burst` at once. */
class Bucket {
  readonly #clock: Clock;
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(clock: Clock, rate: number, burst: number) {
    this.#clock = clock;
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = clock.now();
  }

  /** Takes one if there is one. */
  take(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Ms until there is one; 0 if there is. */
  wait(): number {
    this.#refill();
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * 1000) / this.#rate);
  }

  #refill(): void {
    const now = this.#clock.now();
    const passed = Math.max(0, now - this.#at);
    this.#at = now;
    // A hair more than earned, so that the exact moment `wait` named is not missed by rounding.
    this.#tokens = Math.min(this.#burst, this.#tokens + (passed * this.#rate) / 1000 + 1e-9);
  }
}
