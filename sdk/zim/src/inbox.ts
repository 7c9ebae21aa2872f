/**
 * Received messages: each handed on exactly once and in order, acknowledged after the app's listener ran.
 *
 * Every conversation has a place up to which everything was handed on. What is below is dropped as a double;
 * a jump above it is a gap, filled from history before anything behind it is handed on. Places survive a
 * restart, so that the server knows where to go on.
 */

import { asZIMError } from './codes.js';
import { conversationKey } from './convert.js';
import * as limits from './limits.js';
import type { Clock, DeviceStorage, LogLevel, Timer } from './platform/index.js';
import type { WireConversationRef, WireCursor, WireMessage, WireMessages } from './wire.js';

/** What an inbox needs from the client. */
export interface InboxPort {
  /** Hands messages of one conversation to the app; returns after its listener ran. */
  deliver(from: WireConversationRef, messages: WireMessage[], isOffline: boolean): void;
  /** Tells the server how far a conversation was handed on; `false` when there is no connection. */
  acknowledge(cursor: WireCursor): boolean;
  /** Messages above a place, rising. */
  history(from: WireConversationRef, afterSeq: number): Promise<WireMessage[]>;
  log: (level: LogLevel, text: string) => void;
}

interface Place {
  readonly from: WireConversationRef;
  /** Everything up to here was handed on; `null` until the first message says where this device stands. */
  upTo: number | null;
  /** Own messages above `upTo`: nothing to hand on, but no gap either. */
  readonly own: Set<number>;
  /** Messages that wait behind a gap. */
  held: { message: WireMessage; isOffline: boolean }[];
  filling: boolean;
  /** No message came since the last login: where its sync begins is the server's to say. */
  fresh: boolean;
}

/** The inbox of one logged-in user. */
export class Inbox {
  readonly #port: InboxPort;
  readonly #clock: Clock;
  readonly #storage: DeviceStorage;
  readonly #storageKey: string;
  /** In order of use, the latest last. */
  readonly #places = new Map<string, Place>();
  readonly #unacknowledged = new Map<string, Place>();
  #ackTimer: Timer | null = null;
  #saveTimer: Timer | null = null;
  readonly #timers = new Set<Timer>();
  #closed = false;

  constructor(port: InboxPort, clock: Clock, storage: DeviceStorage, storageKey: string) {
    this.#port = port;
    this.#clock = clock;
    this.#storage = storage;
    this.#storageKey = storageKey;
    for (const { messageSeq, ...from } of readCursors(storage.get(storageKey))) {
      this.#places.set(
        conversationKey(from.conversationID, from.conversationType),
        newPlace(from, messageSeq),
      );
    }
  }

  /** How far conversations have come, the latest used first. */
  cursors(): WireCursor[] {
    const cursors: WireCursor[] = [];
    for (const place of [...this.#places.values()].reverse()) {
      if (place.upTo !== null && place.upTo > 0) cursors.push({ ...place.from, messageSeq: place.upTo });
    }
    return cursors.slice(0, limits.LOGIN_CURSORS_MAX);
  }

  /** A new login: what was held comes again with its sync, and so does every missing acknowledgement. */
  online(): void {
    for (const place of this.#places.values()) {
      place.fresh = true;
      place.held = [];
    }
    this.#acknowledgeAll();
  }

  /** Messages of the server. */
  received(frame: WireMessages): void {
    const from = { conversationID: frame.conversationID, conversationType: frame.conversationType };
    const passing = frame.messages.filter((message) => message.messageSeq === 0);
    if (passing.length > 0) this.#port.deliver(from, passing, frame.isOfflineMessage);
    const stored = frame.messages.filter((message) => message.messageSeq > 0);
    if (stored.length === 0) return;
    const place = this.#place(from);
    if (place.filling) {
      this.#hold(place, stored, frame.isOfflineMessage);
      return;
    }
    if (place.upTo === null || (place.fresh && frame.isOfflineMessage)) {
      const before = (stored[0]?.messageSeq ?? 1) - 1;
      place.upTo = Math.max(place.upTo ?? 0, before);
      this.#absorb(place);
    }
    place.fresh = false;
    this.#take(place, stored, frame.isOfflineMessage);
  }

  /** A message this client sent got its place. */
  sent(from: WireConversationRef, seq: number): void {
    if (seq <= 0) return;
    const place = this.#place(from);
    if (place.upTo === null && seq === 1) place.upTo = 0;
    if (place.upTo !== null && seq <= place.upTo) return;
    place.own.add(seq);
    this.#absorb(place);
    if (place.own.has(seq) && place.upTo !== null) this.#checkLater(place, seq);
    this.#saveLater();
  }

  /** Writes what is pending: acknowledgements to the server, places to the storage. */
  flush(): void {
    this.#acknowledgeAll();
    this.#save();
  }

  /** Ends. `forget`: also removes what the device keeps. */
  close(forget: boolean): void {
    this.flush();
    this.#closed = true;
    for (const timer of this.#timers) this.#clock.clearTimer(timer);
    this.#timers.clear();
    if (forget) this.#storage.remove(this.#storageKey);
  }

  #place(from: WireConversationRef): Place {
    const key = conversationKey(from.conversationID, from.conversationType);
    const place = this.#places.get(key) ?? newPlace(from, null);
    this.#places.delete(key);
    this.#places.set(key, place);
    if (this.#places.size > limits.INBOX_CONVERSATIONS_MAX) {
      const [oldest] = this.#places.keys();
      if (oldest !== undefined) this.#places.delete(oldest);
    }
    return place;
  }

  /** Hands on what follows without a gap; the rest waits while the gap is filled. */
  #take(place: Place, messages: WireMessage[], isOffline: boolean): void {
    const ready: WireMessage[] = [];
    const behind: WireMessage[] = [];
    for (const message of messages) {
      const upTo = place.upTo ?? 0;
      if (message.messageSeq <= upTo) continue;
      if (place.own.has(message.messageSeq)) continue;
      if (message.messageSeq === upTo + 1 && behind.length === 0) {
        ready.push(message);
        place.upTo = message.messageSeq;
        this.#absorb(place);
      } else {
        behind.push(message);
      }
    }
    if (ready.length > 0) this.#handOn(place, ready, isOffline);
    if (behind.length > 0) {
      this.#hold(place, behind, isOffline);
      this.#fill(place);
    }
  }

  #handOn(place: Place, messages: WireMessage[], isOffline: boolean): void {
    this.#port.deliver(place.from, messages, isOffline);
    this.#unacknowledged.set(conversationKey(place.from.conversationID, place.from.conversationType), place);
    this.#ackTimer ??= this.#clock.setTimer(() => this.#acknowledgeAll(), 0);
    this.#saveLater();
  }

  /** Moves the place over own messages that follow it. */
  #absorb(place: Place): void {
    while (place.upTo !== null && place.own.delete(place.upTo + 1)) place.upTo += 1;
    for (const seq of place.own) {
      const tooMany = place.own.size > limits.INBOX_HELD_MAX;
      if (tooMany || seq <= (place.upTo ?? 0)) place.own.delete(seq);
    }
  }

  #hold(place: Place, messages: WireMessage[], isOffline: boolean): void {
    for (const message of messages) place.held.push({ message, isOffline });
    // What does not fit is above the rest and is fetched when the gap before it shows.
    place.held.length = Math.min(place.held.length, limits.INBOX_HELD_MAX);
  }

  /** An own message overtook others: they come in a moment, or they were lost and are fetched. */
  #checkLater(place: Place, seq: number): void {
    this.#later(limits.OVERTAKEN_WAIT_MS, () => place.own.has(seq) && this.#fill(place));
  }

  #later(ms: number, run: () => void): void {
    const timer = this.#clock.setTimer(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
  }

  #fill(place: Place): void {
    if (place.filling || this.#closed) return;
    place.filling = true;
    void this.#fillGap(place).then(
      () => this.#filled(place),
      (thrown: unknown) => {
        place.filling = false;
        this.#port.log('info', `a gap could not be filled yet: ${asZIMError(thrown).message}`);
        if (!this.#closed) this.#later(limits.GAP_RETRY_MS, () => place.held.length > 0 && this.#fill(place));
      },
    );
  }

  async #fillGap(place: Place): Promise<void> {
    for (;;) {
      const before = place.upTo ?? 0;
      const messages = await this.#port.history(place.from, before);
      if (this.#closed) return;
      this.#handOnPage(place, messages, place.held[0]?.isOffline ?? false);
      const next = Math.min(...place.held.map(({ message }) => message.messageSeq), ...place.own);
      if (next === Infinity || next <= (place.upTo ?? 0) + 1) return;
      if ((place.upTo ?? 0) > before) continue;
      // The server has nothing more for the gap: it is no gap of this user's.
      this.#port.log('warn', `messages up to ${next - 1} are not in history; going on after them`);
      place.upTo = Math.max(before, next - 1);
      this.#absorb(place);
      return;
    }
  }

  /** History may begin above the place (it was cut for this user): what it gives is in order by itself. */
  #handOnPage(place: Place, messages: WireMessage[], isOffline: boolean): void {
    const ready: WireMessage[] = [];
    for (const message of messages) {
      if (message.messageSeq <= (place.upTo ?? 0)) continue;
      const own = place.own.delete(message.messageSeq);
      if (!own) ready.push(message);
      place.upTo = message.messageSeq;
      this.#absorb(place);
    }
    if (ready.length > 0) this.#handOn(place, ready, isOffline);
  }

  #filled(place: Place): void {
    place.filling = false;
    const held = place.held;
    place.held = [];
    for (const { message, isOffline } of held) this.#takeHeld(place, message, isOffline);
  }

  #takeHeld(place: Place, message: WireMessage, isOffline: boolean): void {
    if (place.filling) this.#hold(place, [message], isOffline);
    else this.#take(place, [message], isOffline);
  }

  #acknowledgeAll(): void {
    if (this.#ackTimer !== null) this.#clock.clearTimer(this.#ackTimer);
    this.#ackTimer = null;
    for (const [key, place] of this.#unacknowledged) {
      if (place.upTo === null) continue;
      if (!this.#port.acknowledge({ ...place.from, messageSeq: place.upTo })) return;
      this.#unacknowledged.delete(key);
    }
  }

  #saveLater(): void {
    this.#saveTimer ??= this.#clock.setTimer(() => this.#save(), limits.CURSOR_SAVE_MS);
  }

  #save(): void {
    if (this.#saveTimer === null) return;
    this.#clock.clearTimer(this.#saveTimer);
    this.#saveTimer = null;
    if (!this.#closed) this.#storage.set(this.#storageKey, JSON.stringify(this.cursors()));
  }
}

function newPlace(from: WireConversationRef, upTo: number | null): Place {
  return { from, upTo, own: new Set(), held: [], filling: false, fresh: true };
}

/** Reads kept places; what is not of this shape is ignored, the server then decides where to begin. */
function readCursors(text: string | null): WireCursor[] {
  if (text === null) return [];
  try {
    const kept: unknown = JSON.parse(text);
    return Array.isArray(kept) ? kept.filter(isCursor).reverse() : [];
  } catch {
    return [];
  }
}

function isCursor(kept: unknown): kept is WireCursor {
  const cursor = kept as Partial<WireCursor> | null;
  return (
    typeof cursor === 'object' &&
    typeof cursor?.conversationID === 'string' &&
    typeof cursor.conversationType === 'number' &&
    typeof cursor.messageSeq === 'number'
  );
}
