/** Stopping the app for real: its thread waits on shared memory; where that is not allowed, its socket. */

/** Most frames held back while a gate is shut; more is a broken link. */
const HELD_MAX = 1_000;

/** Lets things through, or holds them in order. */
export class Gate {
  #held: (() => void)[] | null = null;

  /** Runs now, or when the gate opens again. */
  pass(run: () => void): void {
    if (!this.#held) return run();
    if (this.#held.length >= HELD_MAX) throw new Error('too much waits for a frozen app');
    this.#held.push(run);
  }

  /** Holds everything from now on. */
  shut(): void {
    this.#held ??= [];
  }

  /** Lets through what was held, in order. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const run of held) run();
  }
}

/** Stops this thread until the page sets the flag back to 0. */
export function standStill(flag: Int32Array<SharedArrayBuffer>): void {
  while (Atomics.load(flag, 0) === 1) Atomics.wait(flag, 0, 1);
}
