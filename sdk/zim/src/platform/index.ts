/**
 * What the SDK needs from the place it runs in, as small interfaces, and pieces that run everywhere.
 *
 * Browser and Node have theirs beside this file; a HarmonyOS app, a test or a page full of virtual phones
 * brings its own.
 */

import { toHex } from '../bytes.js';
import type { WirePhase } from '../wire.js';

/** An open or opening WebSocket. */
export interface Socket {
  /** Sends one text frame. Never throws; on a socket that is not open the text is lost. */
  send(text: string): void;
  /** Closes. `onClose` follows, within a second even if the other side is silent. */
  close(code: number, reason: string): void;
}

/** What a socket reports. After `onClose` nothing more comes. */
export interface SocketEvents {
  onOpen(): void;
  /** Each in a turn of its own: promises that one text settles have run before the next one comes. */
  onText(text: string): void;
  /** 1006 when the link broke or never came about. */
  onClose(code: number, reason: string): void;
}

/**
 * Opens a WebSocket with one subprotocol (empty: none). Never throws: what fails is reported by `onClose`.
 */
export type OpenSocket = (url: string, subprotocol: string, events: SocketEvents) => Socket;

/** Small texts that survive a restart: the device identifier, how far conversations were received. */
export interface DeviceStorage {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

/** `closing`: the last chance to say something. `online`: the network came back. */
export type LifecycleChange = WirePhase | 'online' | 'closing';

/** Where the app is. */
export interface Lifecycle {
  phase(): WirePhase;
  /** Calls back on changes until the returned function is called. */
  watch(listener: (change: LifecycleChange) => void): () => void;
}

/** Handle of a timer. */
export type Timer = object | number;

/** Time. */
export interface Clock {
  /** Unix time in ms. */
  now(): number;
  setTimer(run: () => void, ms: number): Timer;
  clearTimer(timer: Timer): void;
}

/** Randomness. */
export interface Random {
  /** 0 ≤ fraction < 1. */
  fraction(): number;
  bytes(count: number): Uint8Array;
}

/** Weight of a line in the log. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Everything the SDK needs from where it runs. */
export interface Platform {
  /** ZIMPlatformType: 1 Windows … 6 web, 10 OHOS, 32 unknown. */
  readonly type: number;
  readonly openSocket: OpenSocket;
  readonly storage: DeviceStorage;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly random: Random;
  /** BCP 47 language of the device; empty when unknown. */
  locale(): string;
  /** Server to use when none was given; empty for none. */
  readonly defaultServer: string;
  readonly log: (level: LogLevel, text: string) => void;
  /** An exception that a listener of the app threw: show it where uncaught exceptions go. */
  readonly uncaught: (thrown: unknown) => void;
}

/** The timers of the JavaScript host. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (run, ms) => setTimeout(run, ms),
  clearTimer: (timer) => clearTimeout(timer as Parameters<typeof clearTimeout>[0]),
};

/** A storage that lives as long as the object, optionally filled beforehand. */
export function memoryStorage(entries: Iterable<readonly [string, string]> = []): DeviceStorage {
  const map = new Map(entries);
  return {
    get: (key) => map.get(key) ?? null,
    set: (key, value) => void map.set(key, value),
    remove: (key) => void map.delete(key),
  };
}

/** A lifecycle that is told what happens, for hosts with their own idea of foreground and background. */
export class ManualLifecycle implements Lifecycle {
  #phase: WirePhase;
  readonly #listeners = new Set<(change: LifecycleChange) => void>();

  constructor(phase: WirePhase = 'foreground') {
    this.#phase = phase;
  }

  phase(): WirePhase {
    return this.#phase;
  }

  watch(listener: (change: LifecycleChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Reports a change to everybody who watches. */
  tell(change: LifecycleChange): void {
    if (change === 'foreground' || change === 'background') this.#phase = change;
    for (const listener of [...this.#listeners]) listener(change);
  }
}

/** Writes a line to the console of the host. */
export function consoleLog(level: LogLevel, text: string): void {
  console[level](`[hongyan] ${text}`);
}

/** Shows an exception where the host shows uncaught ones, else on the console. */
export function reportUncaught(thrown: unknown): void {
  const host = globalThis as { reportError?: (thrown: unknown) => void };
  if (typeof host.reportError === 'function') host.reportError(thrown);
  else console.error('[hongyan] a listener threw:', thrown);
}

/** The stable name of this installation: made once, then kept in the storage. */
export function deviceID(platform: Platform, appID: number, chosen?: string): string {
  if (chosen) return chosen;
  const key = `hongyan.${appID}.deviceID`;
  const kept = platform.storage.get(key);
  if (kept) return kept;
  const made = toHex(platform.random.bytes(16));
  platform.storage.set(key, made);
  return made;
}
