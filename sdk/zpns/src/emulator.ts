/**
 * `@hongyan/zpns/emulator`: a phone that the emulator keeps, and its Push Kit as a provider. For development
 * and tests without a phone; docs/emulator.md describes what a phone can do.
 */

import type { PushProvider, Unwatch, ZPNsMessage } from './types.js';

/** How long the emulator may take to answer. */
const ANSWER_TIMEOUT_MS = 15_000;
/** Requests under way at once. */
const PENDING_MAX = 64;

/** The part of a WebSocket that is used; `openSocket` of a `@hongyan/zim` platform makes one on Node. */
export type OpenPhoneSocket = (
  url: string,
  subprotocol: string,
  events: { onOpen(): void; onText(text: string): void; onClose(code: number, reason: string): void },
) => { send(text: string): void; close(code: number, reason: string): void };

/** Which phone, and where. */
export interface PhoneConfig {
  /** `ws://…/device` of the emulator, or `ws://…/emulator/device` of `hongyan dev`. */
  url: string;
  deviceId: string;
  /** Left out: the host's own WebSocket. */
  openSocket?: OpenPhoneSocket;
}

/** A refusal of the phone: `code` is what its system would give, or 1. */
export class PhoneError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'PhoneError';
    this.code = code;
  }
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: PhoneError): void;
  timer: ReturnType<typeof setTimeout>;
}

type EventListener = (event: string, data: Record<string, unknown>) => void;

/** One emulated phone over one socket. What it is goes on in the emulator when the socket goes. */
export class EmulatedPhone {
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<EventListener>();
  #socket: ReturnType<OpenPhoneSocket>;
  #nextID = 1;
  #closed = false;

  private constructor(config: PhoneConfig, onOpen: () => void, onLost: (reason: string) => void) {
    const open = config.openSocket ?? openHostSocket;
    this.#socket = open(config.url, '', {
      onOpen,
      onText: (text) => this.#read(text),
      onClose: (_, reason) => {
        this.#end(reason);
        onLost(reason);
      },
    });
  }

  /** Connects and opens the phone. Rejects with a `PhoneError` when the emulator cannot be reached. */
  static async connect(config: PhoneConfig): Promise<EmulatedPhone> {
    const phone = await new Promise<EmulatedPhone>((resolve, reject) => {
      const made: EmulatedPhone = new EmulatedPhone(
        config,
        () => resolve(made),
        (reason) => reject(new PhoneError(1, `no connection to the emulator: ${reason}`)),
      );
    });
    await phone.call('device.open', { deviceId: config.deviceId });
    return phone;
  }

  /** Calls a method of the phone. Rejects with a `PhoneError`. */
  call(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new PhoneError(1, 'the connection to the emulator is gone'));
      if (this.#pending.size >= PENDING_MAX)
        return reject(new PhoneError(1, 'too many requests are under way'));
      const id = this.#nextID++;
      const late = (): void =>
        this.#take(id)?.reject(new PhoneError(1, 'the emulator did not answer in time'));
      const timer = setTimeout(late, ANSWER_TIMEOUT_MS);
      this.#pending.set(id, { resolve: resolve, reject, timer });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Calls back on every event of the phone until the returned function is called. */
  watch(listener: EventListener): Unwatch {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Leaves the phone to itself. */
  close(): void {
    this.#socket.close(1000, 'done');
    this.#end('closed');
  }

  #read(text: string): void {
    const frame = JSON.parse(text) as {
      id?: number;
      result?: unknown;
      error?: { code: number; message: string };
      event?: string;
      data?: Record<string, unknown>;
    };
    if (typeof frame.event === 'string') {
      for (const listener of [...this.#listeners]) listener(frame.event, frame.data ?? {});
    } else if (typeof frame.id === 'number') {
      const pending = this.#take(frame.id);
      if (frame.error) pending?.reject(new PhoneError(frame.error.code, frame.error.message));
      else pending?.resolve(frame.result);
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending) clearTimeout(pending.timer);
    this.#pending.delete(id);
    return pending;
  }

  #end(reason: string): void {
    this.#closed = true;
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(new PhoneError(1, reason));
  }
}

/** Which app on the phone. */
export interface AppOnPhone {
  bundleName: string;
  /** Project of the app at the push service; needed to install it. */
  projectId: string;
}

/** The emulated Push Kit of one app on one phone; the app is installed if it is not. */
export async function emulatorProvider(
  phone: EmulatedPhone,
  app: AppOnPhone,
  deviceId: string,
): Promise<EmulatorProvider> {
  const { apps } = (await phone.call('device.open', { deviceId })) as { apps: { bundleName: string }[] };
  const installed = apps.some(({ bundleName }) => bundleName === app.bundleName);
  if (!installed) await phone.call('app.install', { bundleName: app.bundleName, projectId: app.projectId });
  return new EmulatorProvider(phone, app.bundleName);
}

/** Push Kit of one app. */
export class EmulatorProvider implements PushProvider {
  readonly vendor = 'harmony';
  readonly bundleName: string;
  readonly #phone: EmulatedPhone;
  readonly #clicked = new Set<(message: ZPNsMessage) => void>();

  constructor(phone: EmulatedPhone, bundleName: string) {
    this.#phone = phone;
    this.bundleName = bundleName;
  }

  async getToken(): Promise<string> {
    const { token } = await this.#phone.call('push.getToken', { bundleName: this.bundleName });
    return String(token);
  }

  /** Asks for the permission to show notices and, when the dialog opens, answers it. */
  async allowNotices(allow: boolean): Promise<void> {
    await this.#phone.call('permission.set', { bundleName: this.bundleName, allow });
  }

  /** Taps a notice, as the user would; the listeners of `onClick` are called. */
  async tap(noticeID: string): Promise<void> {
    const { want } = (await this.#phone.call('notice.tap', { id: noticeID })) as {
      want: { parameters: Record<string, unknown> };
    };
    for (const listener of [...this.#clicked]) listener(messageOf('', '', want.parameters));
  }

  onTokenUpdate(listener: (token: string) => void): Unwatch {
    return this.#on('token.updated', (data) => listener(String(data['token'])));
  }

  onClick(listener: (message: ZPNsMessage) => void): Unwatch {
    this.#clicked.add(listener);
    return () => void this.#clicked.delete(listener);
  }

  onArrived(listener: (message: ZPNsMessage) => void): Unwatch {
    return this.#phone.watch((event, data) => {
      const notice = data['notice'] as
        { bundleName: string; title: string; body: string; data: object } | undefined;
      if (event !== 'notice.shown' || notice?.bundleName !== this.bundleName) return;
      listener(messageOf(notice.title, notice.body, { ...notice.data }));
    });
  }

  onMessage(listener: (message: ZPNsMessage) => void): Unwatch {
    return this.#on('message.received', (data) => {
      listener(messageOf('', '', { ...(data['data'] as object), type: data['type'] }));
    });
  }

  #on(name: string, listener: (data: Record<string, unknown>) => void): Unwatch {
    return this.#phone.watch((event, data) => {
      if (event === name && data['bundleName'] === this.bundleName) listener(data);
    });
  }
}

/** What came along, with title, content and payload taken out where they are. */
function messageOf(title: string, content: string, fields: Record<string, unknown>): ZPNsMessage {
  const { title: ownTitle, content: ownContent, payload, ...extras } = fields;
  return {
    title: title || text(ownTitle),
    content: content || text(ownContent),
    payload: text(payload),
    extras,
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The host's WebSocket. */
const openHostSocket: OpenPhoneSocket = (url, _, events) => {
  const socket = new WebSocket(url);
  socket.onopen = () => events.onOpen();
  socket.onmessage = (event) => events.onText(String(event.data));
  socket.onclose = (event) => events.onClose(event.code, event.reason || 'closed');
  return { send: (message) => socket.send(message), close: (code, reason) => socket.close(code, reason) };
};
