/** The app's process on a phone: a worker that can be frozen for real and killed for real. */
import { Rpc } from '../lib/rpc';
import type { StartParams, WorkerEvents } from '../worker/protocol';

/** One life of the app, from launch to kill. */
export class AppProcess {
  readonly rpc: Rpc;
  #worker: Worker;
  #flag: Int32Array<SharedArrayBuffer> | null = null;

  constructor(name: string) {
    this.#worker = new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module', name });
    this.rpc = new Rpc(this.#worker);
    if (globalThis.crossOriginIsolated) this.#flag = new Int32Array(new SharedArrayBuffer(4));
  }

  /** Hears what the app says. */
  on<K extends keyof WorkerEvents>(name: K, listener: (data: WorkerEvents[K]) => void): this {
    this.rpc.on(name, listener);
    return this;
  }

  /** Begins the app's work; resolves when it runs, not when it is logged in. */
  start(params: Omit<StartParams, 'freezeFlag'>): Promise<void> {
    return this.rpc.call('start', { ...params, freezeFlag: this.#flag?.buffer ?? null });
  }

  /** Stops the thread where it is; its socket stays open and nobody reads it. */
  freeze(): void {
    if (this.#flag) Atomics.store(this.#flag, 0, 1);
    this.rpc.emit('freeze', null);
  }

  /** Lets the thread go on. */
  thaw(): void {
    if (this.#flag) {
      Atomics.store(this.#flag, 0, 0);
      Atomics.notify(this.#flag, 0);
    }
    this.rpc.emit('thaw', null);
  }

  /** Ends the process at once: no goodbye, the socket breaks. */
  kill(): void {
    this.#worker.terminate();
    this.rpc.close('the app was killed');
  }
}
