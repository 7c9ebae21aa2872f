/** The emulated phone: one WebSocket to the emulator drives one phone. State is the emulator's, not ours. */
import { Gone, Refused } from './rpc';

/** Whether the app may show notices. */
export type Permission = 'unasked' | 'allowed' | 'denied';
/** Where the app is, as the phone's system sees it. */
export type AppState = 'killed' | 'foreground' | 'background' | 'frozen';

/** A shown notice. */
export interface Notice {
  id: string;
  bundleName: string;
  notifyId: number;
  appMessageId?: string;
  category: string;
  title: string;
  body: string;
  image?: string;
  sound?: string;
  /** Unix time in ms. */
  at: number;
  requestId: string;
  data: Record<string, unknown>;
}

/** One installed app. */
export interface InstalledApp {
  bundleName: string;
  permission: Permission;
  state: AppState;
  token: string | null;
  badge: number;
}

/** The whole phone, as `device.open` answers. */
export interface PhoneState {
  deviceId: string;
  online: boolean;
  locked: boolean;
  apps: InstalledApp[];
  notices: Notice[];
}

/** Where a tapped notice leads. */
export interface Want {
  parameters: Record<string, unknown>;
  uri?: string;
  action?: string;
  target: 'home' | 'page';
}

/** Names and contents of the events the phone sends. */
export interface DeviceEvents {
  'notice.shown': { notice: Notice; replaced: boolean };
  'notice.revoked': { id: string; notifyId: number; reason: string };
  'notice.suppressed': { bundleName: string; reason: string };
  'badge.changed': { bundleName: string; badge: number };
  'message.received': { bundleName: string; type: string; data: Record<string, unknown> };
  'call.wake': { bundleName: string; callId: string; data: Record<string, unknown> };
  'call.missed_report': { bundleName: string; callId: string };
  'app.state': { bundleName: string; state: AppState };
  'token.updated': { bundleName: string; token: string };
  'permission.dialog': { bundleName: string };
}

type Listener = (name: keyof DeviceEvents, data: never) => void;

/** A dialog may stay open for long; everything else is answered at once. */
const CALL_MS_MAX = 600_000;
const RETRY_MS_FIRST = 400;
const RETRY_MS_MAX = 8_000;
const PENDING_MAX = 64;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/** A link to one phone that comes back by itself; requests of a broken link reject. */
export class DeviceLink {
  #socket: WebSocket | null = null;
  #waiting = new Map<number, Waiting>();
  #next = 1;
  #retry = RETRY_MS_FIRST;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    private readonly url: string,
    private readonly hear: Listener,
    /** Called after each connect (true) and break (false). */
    private readonly linked: (up: boolean) => void,
  ) {
    this.#connect();
  }

  /** Asks the phone; rejects with `Refused` (the phone's code) or `Gone` when the link is down. */
  call<T>(method: string, params: Record<string, unknown> = {}): Promise<T> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN)
      return Promise.reject(new Gone('the phone is not connected'));
    if (this.#waiting.size >= PENDING_MAX) return Promise.reject(new Error('too many open requests'));
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id, new Error(`${method}: no answer`)), CALL_MS_MAX);
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Ends the link for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #connect(): void {
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#retry = RETRY_MS_FIRST;
      this.linked(true);
    });
    socket.addEventListener('message', (event) => this.#read(String(event.data)));
    socket.addEventListener('close', () => this.#broken());
  }

  #broken(): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, new Gone('the phone went away'));
    this.linked(false);
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#connect(), this.#retry * (0.5 + Math.random() / 2));
    this.#retry = Math.min(this.#retry * 2, RETRY_MS_MAX);
  }

  #read(text: string): void {
    const frame = JSON.parse(text) as {
      id?: number;
      result?: unknown;
      error?: { code: number; message: string };
      event?: keyof DeviceEvents;
      data?: unknown;
    };
    if (frame.event) this.hear(frame.event, frame.data as never);
    else if (frame.id !== undefined) {
      const { error } = frame;
      this.#settle(frame.id, error ? new Refused(error.code, error.message) : null, frame.result);
    }
  }

  #settle(id: number, error: Error | null, value?: unknown): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (error) waiting.reject(error);
    else waiting.resolve(value);
  }
}
