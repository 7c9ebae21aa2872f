/** Requests and events both ways over one message channel: between the page and the app's worker. */

/** The part of Worker and of a worker's global scope that is needed. */
export interface Channel {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

type Params = Record<string, unknown>;
type Frame =
  | { type: 'request'; id: number; method: string; params: Params }
  | { type: 'answer'; id: number; value?: unknown; error?: { code: number; message: string } }
  | { type: 'event'; name: string; data: unknown };

/** A refusal of the other side, with its number. */
export class Refused extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** The other side is gone: the app was killed, or the link to the phone broke. */
export class Gone extends Error {}

/** Lets work end silently when the other side went away in the middle; every other fault stays uncaught. */
export function unlessGone(work: Promise<unknown> | undefined): void {
  work?.catch((fault: unknown) => {
    if (!(fault instanceof Gone)) throw fault;
  });
}

/** Most requests without an answer; more is a fault of the program. */
const IN_FLIGHT_MAX = 64;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** One end of a channel. */
export class Rpc {
  #next = 1;
  #waiting = new Map<number, Waiting>();
  #handlers = new Map<string, (params: Params) => unknown>();
  #listeners = new Map<string, (data: never) => void>();
  #closed: string | null = null;

  constructor(private readonly channel: Channel) {
    channel.addEventListener('message', (event) => void this.#read(event.data as Frame));
  }

  /** Answers requests named `method` with what `handler` returns; what it throws becomes a refusal. */
  handle(method: string, handler: (params: Params) => unknown): this {
    this.#handlers.set(method, handler);
    return this;
  }

  /** Hears events named `name`. */
  on<T>(name: string, listener: (data: T) => void): this {
    this.#listeners.set(name, listener as (data: never) => void);
    return this;
  }

  /** Tells the other end something that needs no answer. */
  emit(name: string, data: unknown): void {
    if (this.#closed === null) this.channel.postMessage({ type: 'event', name, data });
  }

  /** Asks the other end; rejects with `Refused`, or with `Gone` when the channel is closed. */
  call<T>(method: string, params: Params = {}): Promise<T> {
    if (this.#closed !== null) return Promise.reject(new Gone(this.#closed));
    if (this.#waiting.size >= IN_FLIGHT_MAX) return Promise.reject(new Error('too many open requests'));
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.channel.postMessage({ type: 'request', id, method, params });
    });
  }

  /** Ends this side: every open request rejects with `Gone`. */
  close(why: string): void {
    this.#closed = why;
    for (const waiting of this.#waiting.values()) waiting.reject(new Gone(why));
    this.#waiting.clear();
  }

  async #read(frame: Frame): Promise<void> {
    if (this.#closed !== null) return;
    if (frame.type === 'event') this.#listeners.get(frame.name)?.(frame.data as never);
    if (frame.type === 'answer') this.#settle(frame);
    if (frame.type === 'request') await this.#answer(frame.id, frame.method, frame.params);
  }

  #settle(frame: Extract<Frame, { type: 'answer' }>): void {
    const waiting = this.#waiting.get(frame.id);
    this.#waiting.delete(frame.id);
    if (frame.error) waiting?.reject(new Refused(frame.error.code, frame.error.message));
    else waiting?.resolve(frame.value);
  }

  async #answer(id: number, method: string, params: Params): Promise<void> {
    try {
      const handler = this.#handlers.get(method);
      if (!handler) throw new Refused(1, `nobody handles ${method}`);
      const value = await handler(params);
      if (this.#closed === null) this.channel.postMessage({ type: 'answer', id, value });
    } catch (fault) {
      if (this.#closed === null) this.channel.postMessage({ type: 'answer', id, error: asRefusal(fault) });
    }
  }
}

/** Number and text of anything thrown; 1 when it has no number of its own. */
export function asRefusal(fault: unknown): { code: number; message: string } {
  const { code, message } = (fault ?? {}) as { code?: unknown; message?: unknown };
  return {
    code: typeof code === 'number' ? code : 1,
    message: typeof message === 'string' ? message : String(fault),
  };
}
