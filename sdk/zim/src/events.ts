/**
 * Listeners of a client: one for each event, the newer in place of the older. An exception of a listener
 * never reaches the SDK; it is shown where the platform shows uncaught ones.
 */

import type { ZIMEventResults } from './types/events.js';

/** Name of an event. */
export type EventName = keyof ZIMEventResults;
type Listener<C> = (client: C, data: never) => void;

/** The listeners of one client. */
export class Listeners<C> {
  readonly #listeners = new Map<EventName, Listener<C>>();
  readonly #client: C;
  readonly #uncaught: (thrown: unknown) => void;

  constructor(client: C, uncaught: (thrown: unknown) => void) {
    this.#client = client;
    this.#uncaught = uncaught;
  }

  /** Sets the listener of an event. */
  on<K extends EventName>(type: K, listener: (client: C, data: ZIMEventResults[K]) => void): void {
    this.#listeners.set(type, listener);
  }

  /** Removes the listener of an event. */
  off(type: EventName): void {
    this.#listeners.delete(type);
  }

  /** Removes all. */
  clear(): void {
    this.#listeners.clear();
  }

  /** Calls the listener. `false` if there is none. */
  emit<K extends EventName>(type: K, data: ZIMEventResults[K]): boolean {
    const listener = this.#listeners.get(type) as ((client: C, data: ZIMEventResults[K]) => void) | undefined;
    if (!listener) return false;
    this.guard(() => listener(this.#client, data));
    return true;
  }

  /** Runs code of the app. */
  guard(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#uncaught(thrown);
    }
  }
}

/** What the parts of a client need of its listeners. */
export type EventSink = Pick<Listeners<unknown>, 'emit' | 'guard'>;
