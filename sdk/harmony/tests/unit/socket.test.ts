/** The socket over Network Kit: one end, whatever the system does, and nothing left open on its side. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NetworkKitSocket } from '@modules/zim/platform/NetworkKitSocket';

type Done = (error?: { code: number; message: string }) => void;
const FAULT = { code: 2302998, message: 'it is not allowed' };

/** A link of the system that notes what it is asked, and does what a test says. */
class Link {
  readonly asked: string[] = [];
  throws: string | null = null;
  answer: Parameters<Done>[0] | null = null;
  readonly #heard = new Map<string, (...data: never[]) => void>();

  on = (type: string, listener: (...data: never[]) => void): void => {
    this.#heard.set(type, listener);
  };
  connect = (url: string, options: { protocol?: string }, done: Done): void =>
    this.#do('connect', `${url} ${options.protocol ?? '-'}`, done);
  send = (text: string, done: Done): void => this.#do('send', text, done);
  close = ({ code, reason }: { code: number; reason: string }, done: Done): void =>
    this.#do('close', `${code} ${reason}`, done);

  say(type: string, ...data: unknown[]): void {
    this.#heard.get(type)?.(...(data as never[]));
  }

  #do(name: string, text: string, done: Done): void {
    this.asked.push(`${name} ${text}`);
    if (this.throws === name) throw Object.assign(new Error(FAULT.message), { code: FAULT.code });
    if (this.answer !== null) done(this.answer);
  }
}

let link: Link;
vi.mock('@kit.NetworkKit', () => ({ webSocket: { createWebSocket: () => link } }));

let heard: string[];
let socket: NetworkKitSocket;

function make(subprotocol = 'hongyan.v1'): void {
  socket = new NetworkKitSocket('ws://server', subprotocol, {
    onOpen: () => heard.push('open'),
    onText: (text) => heard.push(`text ${text}`),
    onClose: (code, reason) => heard.push(`close ${code} ${reason}`),
  });
}

function opened(): void {
  make();
  link.say('open', undefined, {});
  heard = [];
  link.asked.length = 0;
}

beforeEach(() => {
  vi.useFakeTimers();
  link = new Link();
  heard = [];
});

afterEach(() => vi.useRealTimers());

describe('opening', () => {
  it.each([
    ['hongyan.v1', 'connect ws://server hongyan.v1'],
    ['', 'connect ws://server -'],
  ])('with the subprotocol "%s"', (subprotocol, asked) => {
    make(subprotocol);
    link.say('open', undefined, {});
    link.say('open', undefined, {});
    expect([link.asked, heard]).toEqual([[asked], ['open']]);
  });

  it('that the system refuses at once ends, but not before the socket is made', () => {
    link.throws = 'connect';
    make();
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(heard).toEqual(['close 1006 2302998 it is not allowed']);
  });

  it('that fails ends once, though the system says so twice', () => {
    link.answer = FAULT;
    make();
    link.say('error', FAULT);
    expect(heard).toEqual(['close 1006 2302998 it is not allowed']);
  });

  it('that is given up does not leave a connection behind when it opens after all', () => {
    make();
    socket.close(1000, 'too slow');
    vi.advanceTimersByTime(1000);
    expect(heard).toEqual(['close 1006 the closing handshake was not answered']);
    link.asked.length = 0;
    link.say('open', undefined, {});
    expect([link.asked, heard.length]).toEqual([['close 1000 given up'], 1]);
  });
});

describe('an open socket', () => {
  it('hands on texts, and refuses what is none', () => {
    opened();
    link.say('message', undefined, '{}');
    link.say('message', undefined, new ArrayBuffer(2));
    link.say('close', undefined, { code: 4104, reason: 'text frames only' });
    link.say('message', undefined, 'late');
    expect(link.asked).toEqual(['close 4104 text frames only']);
    expect(heard).toEqual(['text {}', 'close 4104 text frames only']);
  });

  it.each(['throws', 'answers'])('whose sending fails because the system %s is given back to it', (how) => {
    opened();
    if (how === 'throws') link.throws = 'send';
    else link.answer = FAULT;
    socket.send('a');
    socket.send('b');
    expect(heard).toEqual(['close 1006 2302998 it is not allowed']);
    expect(link.asked).toEqual(['send a', 'close 1000 given up']);
  });

  it('that breaks is given back; one that was closed is not closed again', () => {
    opened();
    link.say('error', FAULT);
    expect(link.asked).toEqual(['close 1000 given up']);
    link = new Link();
    opened();
    link.say('close', undefined, undefined);
    link.say('error', FAULT);
    socket.close(1000, 'done');
    vi.advanceTimersByTime(1000);
    expect([link.asked, heard]).toEqual([[], ['close 1006 ']]);
  });

  it('closes within a second, whether the system throws, is silent, or answers', () => {
    opened();
    link.throws = 'close';
    socket.close(1000, 'done');
    expect(heard).toEqual(['close 1006 2302998 it is not allowed']);
    link = new Link();
    opened();
    socket.close(1000, 'done');
    vi.advanceTimersByTime(999);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(heard).toEqual(['close 1006 the closing handshake was not answered']);
    link = new Link();
    opened();
    socket.close(1000, 'done');
    link.say('close', undefined, { code: 1000, reason: 'done' });
    vi.advanceTimersByTime(1000);
    expect(heard).toEqual(['close 1000 done']);
  });
});
