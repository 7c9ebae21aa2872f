/** What a page loads: value, refusal, and whether an answer is awaited. A newer request voids an older one. */
import { Refusal } from '../api/client';

/** Something loaded from the server, loaded again when asked. */
export class Loaded<T> {
  /** The newest value; kept while it is loaded again. */
  value = $state.raw<T | null>(null);
  /** Why there is none, or why the newest try failed. */
  refusal = $state.raw<Refusal | null>(null);
  /** An answer is awaited. */
  busy = $state(false);
  #turn = 0;

  /** Loads it; what an overtaken request answers is dropped. Resolves to whether the value is fresh. */
  async load(get: () => Promise<T>): Promise<boolean> {
    const turn = ++this.#turn;
    this.busy = true;
    try {
      const value = await get();
      if (turn !== this.#turn) return false;
      this.value = value;
      this.refusal = null;
      return true;
    } catch (fault) {
      if (turn === this.#turn) this.refusal = asRefusal(fault);
      return false;
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }

  /** Forgets everything, also an answer under way: for another subject. */
  clear(): void {
    this.#turn++;
    this.value = null;
    this.refusal = null;
    this.busy = false;
  }
}

/** Anything thrown as a refusal, so that the page can say it. */
export function asRefusal(fault: unknown): Refusal {
  return fault instanceof Refusal ? fault : new Refusal('page_fault', String(fault));
}
