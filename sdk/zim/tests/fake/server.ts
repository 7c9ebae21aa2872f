/**
 * A server in memory for unit tests: sockets without a network, answers that a test sets. It knows nothing of
 * the real server's rules; integration tests use that one itself.
 */

import { vi } from 'vitest';
import {
  ManualLifecycle,
  memoryStorage,
  type Platform,
  type Socket,
  systemClock,
} from '../../src/platform/index.js';
import { type ClientConfig, createClient, type ZIM } from '../../src/core.js';
import type { Method, Requests, ServerNotifications, WireConversation, WireMessage } from '../../src/wire.js';

/** A frame as the client sent it. */
export interface Sent {
  id?: number;
  method: string;
  params: Record<string, unknown>;
}

/** One connection, from the server's side. */
export class Link {
  readonly sent: Sent[] = [];
  closed: { code: number; reason: string } | null = null;

  constructor(
    readonly url: string,
    readonly subprotocol: string,
    readonly events: {
      onOpen(): void;
      onText(text: string): void;
      onClose(code: number, reason: string): void;
    },
  ) {}

  /** Sends a frame to the client. */
  say(frame: object): void {
    if (!this.closed) this.events.onText(JSON.stringify({ jsonrpc: '2.0', ...frame }));
  }

  notify<N extends keyof ServerNotifications>(method: N, params: ServerNotifications[N]): void {
    this.say({ method, params });
  }

  /** Closes the connection, 1006 for a link that broke. */
  close(code: number, reason = ''): void {
    if (this.closed) return;
    this.closed = { code, reason };
    this.events.onClose(code, reason);
  }

  /** Frames of one method. */
  of(method: string): Sent[] {
    return this.sent.filter((frame) => frame.method === method);
  }

  /** What the newest request of a method asked. */
  last(method: string): Record<string, unknown> | undefined {
    return this.of(method).at(-1)?.params;
  }
}

type Handler<M extends Method> = (params: Requests[M][0], link: Link) => Requests[M][1] | 'silence';

/** Thrown by a handler to refuse a request. */
export class Refusal {
  constructor(
    readonly code: number,
    readonly message = `refused with ${code}`,
  ) {}
}

/** All connections, and how requests are answered. */
export class FakeServer {
  readonly links: Link[] = [];
  /** New connections do not open. */
  unreachable = false;
  readonly #handlers = new Map<string, (params: never, link: Link) => object | 'silence'>();

  constructor() {
    this.on('session.login', () => ({
      sessionID: `session-${this.links.length}`,
      resumed: false,
      userName: 'Ann',
      userAvatarUrl: '',
      serverTime: Date.now(),
      heartbeatInterval: 10_000,
      heartbeatTimeout: 35_000,
      totalUnreadMessageCount: 0,
      pushBound: false,
    }));
    this.on('conversation.list', () => ({ conversationList: [] }));
    this.on('conversation.get', () => {
      throw new Refusal(6000603);
    });
  }

  /** Sets how a method is answered; without a handler the answer is `{}`. */
  on<M extends Method>(method: M, handler: Handler<M>): this {
    this.#handlers.set(method, handler);
    return this;
  }

  /** The newest connection. */
  get link(): Link {
    const link = this.links.at(-1);
    if (!link) throw new Error('nobody has connected');
    return link;
  }

  readonly openSocket: Platform['openSocket'] = (url, subprotocol, events): Socket => {
    const link = new Link(url, subprotocol, events);
    this.links.push(link);
    if (this.unreachable) setTimeout(() => link.close(1006, 'unreachable'), 1);
    else queueMicrotask(() => link.closed ?? events.onOpen());
    return {
      send: (text) => {
        if (!link.closed) this.#received(link, JSON.parse(text) as Sent);
      },
      close: (code, reason) => link.close(code, reason),
    };
  };

  #received(link: Link, frame: Sent): void {
    link.sent.push(frame);
    if (frame.id === undefined) return;
    queueMicrotask(() => this.#answer(link, frame));
  }

  #answer(link: Link, { id, method, params }: Sent): void {
    try {
      const result = this.#handlers.get(method)?.(params as never, link) ?? {};
      if (result !== 'silence') link.say({ id, result });
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      link.say({ id, error: { code: thrown.code, message: thrown.message } });
    }
  }
}

/** A platform for tests on top of a fake server; timers are the host's, so that vitest can fake them. */
export function testPlatform(
  server: FakeServer,
  changes: Partial<Platform> = {},
): Platform & { lifecycle: ManualLifecycle } {
  let count = 0;
  return {
    type: 10,
    openSocket: server.openSocket,
    storage: memoryStorage(),
    clock: systemClock,
    random: { fraction: () => 0.5, bytes: (n) => new Uint8Array(n).fill(++count) },
    locale: () => 'zh-CN',
    defaultServer: 'http://server.test',
    log: () => undefined,
    uncaught: (thrown) => {
      throw thrown;
    },
    ...changes,
    lifecycle: (changes.lifecycle as ManualLifecycle | undefined) ?? new ManualLifecycle(),
  };
}

/** A client of user `ann` that has logged in. */
export async function loggedIn(
  server: FakeServer,
  platform: Platform = testPlatform(server),
  config: Partial<ClientConfig> = {},
): Promise<ZIM> {
  const zim = createClient({ appID: 1, appSign: 'a'.repeat(64), ...config }, platform);
  await zim.login('ann', {});
  await settle();
  return zim;
}

/** What most tests begin with: a clock that stands still, a server, and `ann` logged in. */
export async function stage(): Promise<[FakeServer, ZIM]> {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  const server = new FakeServer();
  return [server, await loggedIn(server)];
}

/** Lets everything happen that needs no time; a timer of 0 ms counts as 1 ms inside another one. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  await vi.advanceTimersByTimeAsync(1);
}

/** A message in the peer conversation with `bob`, by default from him. */
export function message(seq: number, changes: Partial<WireMessage> = {}): WireMessage {
  return {
    messageID: String(1000 + seq),
    messageSeq: seq,
    conversationID: 'bob',
    conversationType: 0,
    senderUserID: 'bob',
    timestamp: 1_700_000_000_000 + seq,
    content: { type: 1, message: `text ${seq}` },
    ...changes,
  };
}

/** A `message.received` frame of the conversation with `bob`. */
export function received(seqs: number[], isOfflineMessage = false): ServerNotifications['message.received'] {
  const messages = seqs.map((seq) => message(seq));
  return { conversationID: 'bob', conversationType: 0, messages, isOfflineMessage };
}

/** An entry of the conversation list for `bob`. */
export function conversation(lastSeq: number, changes: Partial<WireConversation> = {}): WireConversation {
  return {
    conversationID: 'bob',
    type: 0,
    conversationName: 'Bob',
    conversationAvatarUrl: '',
    notificationStatus: 1,
    unreadMessageCount: lastSeq,
    readMessageSeq: 0,
    lastMessageSeq: lastSeq,
    lastMessage: lastSeq > 0 ? message(lastSeq) : null,
    orderKey: 1_700_000_000_000 + lastSeq,
    ...changes,
  };
}
