/** Follows a trace while it can change: polls, slower the longer nothing happens, and stops in the end. */
import { ask } from '../../api/client';
import type { Trace } from '../../api/schema';
import { Loaded } from '../../lib/load.svelte';
import { mayChange } from '../../trace/verdict';

const FIRST_MS = 400;
const SLOWEST_MS = 5000;
/** A receipt that has not come by then is not waited for. */
const FOLLOWED_MS_MAX = 10 * 60_000;

/** A trace and the following of it. */
export class Followed {
  readonly trace = new Loaded<Trace>();
  /** It is asked for again by itself. */
  following = $state(true);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wait = FIRST_MS;
  #seen = '';
  readonly #until = Date.now() + FOLLOWED_MS_MAX;

  constructor(
    readonly app: number,
    readonly id: string,
  ) {}

  /** Asks now, and again while something can change. */
  async begin(): Promise<void> {
    clearTimeout(this.#timer);
    await this.trace.load(() => ask('GET /apps/{app}/traces/{id}', { path: { app: this.app, id: this.id } }));
    if (!this.following) return;
    if (!this.#open() || Date.now() > this.#until) this.following = false;
    else this.#timer = setTimeout(() => void this.begin(), this.#pause());
  }

  /** Stops asking. */
  end(): void {
    this.following = false;
    clearTimeout(this.#timer);
  }

  /** A trace that was just sent may not be known for a moment; other refusals end it. */
  #open(): boolean {
    const { value, refusal } = this.trace;
    if (refusal) return refusal.status === 404 && value === null;
    return value !== null && (!value.settled || value.devices.some(mayChange));
  }

  #pause(): number {
    const now = JSON.stringify([this.trace.value?.counts, this.trace.value?.eventsTotal]);
    this.#wait = now === this.#seen ? Math.min(this.#wait * 1.4, SLOWEST_MS) : FIRST_MS;
    this.#seen = now;
    return this.#wait;
  }
}
