/** `ZPNs`: offline push of this page or process. Several at once: `createPush`. */

import { Clicks } from './clicks.js';
import { linkOf, type PushLink, watchLink } from './link.js';
import { configError, Registration } from './push.js';
import type { PushProvider, ZPNsConfig, ZPNsEvents, ZPNsUnregisterMessage } from './types.js';
import { VERSION } from './version.js';

/** Name of an event. */
export type ZPNsEventName = keyof ZPNsEvents;
/** Listener of an event. */
export type ZPNsListener<K extends ZPNsEventName> = (message: ZPNsEvents[K]) => void;

/** What `createPush` is given. */
export interface PushParts {
  provider: PushProvider;
  /** A client of `@hongyan/zim`; left out, the one that `ZIM.create` made or will make. */
  zim?: object;
}

/**
 * Events that start an app, or come before it is ready: kept until somebody listens, so many of each; of
 * more, the oldest are dropped.
 */
const HELD: ReadonlySet<ZPNsEventName> = new Set<ZPNsEventName>([
  'notificationClicked',
  'throughMessageReceived',
  'callAction',
]);
const HELD_MAX = 16;

let instance: ZPNs | null = null;

/** Push for one device and app. */
export class ZPNs {
  readonly #listeners = new Map<ZPNsEventName, Set<ZPNsListener<never>>>();
  readonly #held = new Map<ZPNsEventName, unknown[]>();
  readonly #client: object | undefined;
  #provider: PushProvider | null = null;
  #registration: Registration | null = null;
  #clicks: Clicks | null = null;
  #unwatch: (() => void)[] = [];
  #config: ZPNsConfig = {};

  /** Use `getInstance` or `createPush`. */
  constructor(parts: Partial<PushParts> = {}) {
    this.#client = parts.zim;
    if (parts.provider) this.setProvider(parts.provider);
  }

  /** Version of this SDK. */
  static getVersion(): string {
    return VERSION;
  }

  /** The push of this page or process. */
  static getInstance(): ZPNs {
    return (instance ??= new ZPNs());
  }

  /** Same as `getInstance().setPushConfig`. */
  static setPushConfig(config: ZPNsConfig): void {
    ZPNs.getInstance().setPushConfig(config);
  }

  /** Same as `getInstance().setProvider`. */
  static setProvider(provider: PushProvider): void {
    ZPNs.getInstance().setProvider(provider);
  }

  /**
   * Adds a listener. The first one of an event that can start the app (a tapped notice, a silent message, a
   * call) is soon told what came before it was there.
   */
  on<K extends ZPNsEventName>(type: K, listener: ZPNsListener<K>): void {
    if (typeof listener !== 'function') throw configError('listener must be a function');
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    void Promise.resolve().then(() => this.#release(type));
  }

  /** Removes a listener, or without one all of the event. */
  off<K extends ZPNsEventName>(type: K, listener?: ZPNsListener<K>): void {
    if (listener) this.#listeners.get(type)?.delete(listener);
    else this.#listeners.delete(type);
  }

  /** Configuration that `registerPush` uses where its own says nothing. */
  setPushConfig(config: ZPNsConfig): void {
    this.#config = { ...config };
  }

  /** The push service of this device, in place of the one before. */
  setProvider(provider: PushProvider): void {
    this.close();
    this.#provider = provider;
    const registration = new Registration(provider, (message) => this.#emit('registered', message));
    this.#registration = registration;
    const clicks = new Clicks();
    this.#clicks = clicks;
    this.#watch(
      provider.onClick?.((message) => {
        clicks.add(message);
        this.#emit('notificationClicked', message);
      }),
    );
    this.#watch(provider.onArrived?.((message) => this.#emit('notificationArrived', message)));
    this.#watch(provider.onMessage?.((message) => this.#emit('throughMessageReceived', message)));
    this.#watch(provider.onCallAction?.((action) => this.#emit('callAction', action)));
    const useLink = (link: PushLink | null): void => {
      registration.useLink(link);
      clicks.useLink(link);
    };
    if (this.#client) useLink(linkOf(this.#client));
    else this.#watch(watchLink(useLink));
  }

  /**
   * Registers this device for push. The event `registered` tells how it went, and of every later change of
   * the PushID. Throws a `ZPNsError` at once for a configuration that cannot work. Order does not matter:
   * called before or after login, the PushID ends up bound to the user.
   */
  registerPush(config: ZPNsConfig = {}): void {
    if (!this.#registration)
      throw configError('there is no push service on this device: call setProvider first');
    this.#registration.register({ ...this.#config, ...config });
  }

  /**
   * Neither notices nor silent messages reach this device any more. Need not be waited for; never rejects.
   */
  async unregisterPush(): Promise<ZPNsUnregisterMessage> {
    if (this.#registration) return this.#registration.unregister();
    return { errorCode: 6000405, msg: 'there is no push service on this device: call setProvider first' };
  }

  /** Another spelling of `unregisterPush`. */
  unRegisterPush(): Promise<ZPNsUnregisterMessage> {
    return this.unregisterPush();
  }

  /** Ends without unregistering: the server goes on pushing to this device. */
  close(): void {
    this.#registration?.close();
    this.#clicks?.close();
    for (const unwatch of this.#unwatch) unwatch();
    this.#unwatch = [];
    this.#held.clear();
    this.#registration = null;
    this.#provider = null;
  }

  /** The push service in use. */
  get provider(): PushProvider | null {
    return this.#provider;
  }

  #watch(unwatch: (() => void) | undefined): void {
    if (unwatch) this.#unwatch.push(unwatch);
  }

  #release(type: ZPNsEventName): void {
    if (!this.#listeners.get(type)?.size) return;
    const held = (this.#held.get(type) ?? []) as ZPNsEvents[typeof type][];
    this.#held.delete(type);
    for (const message of held) this.#emit(type, message);
  }

  #hold(type: ZPNsEventName, message: unknown): void {
    if (!HELD.has(type)) return;
    const held = this.#held.get(type) ?? [];
    this.#held.set(type, [...held, message].slice(-HELD_MAX));
  }

  /** An exception of one listener must not keep the others from hearing. */
  #emit<K extends ZPNsEventName>(type: K, message: ZPNsEvents[K]): void {
    if (!this.#listeners.get(type)?.size) this.#hold(type, message);
    for (const listener of [...(this.#listeners.get(type) ?? [])] as unknown as ZPNsListener<K>[]) {
      try {
        listener(message);
      } catch (thrown) {
        const host = globalThis as { reportError?: (thrown: unknown) => void };
        if (typeof host.reportError === 'function') host.reportError(thrown);
        else console.error('[hongyan] a listener threw:', thrown);
      }
    }
  }
}
