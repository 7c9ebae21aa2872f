/** The browser platform with stand-ins for what a page has. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { browserPlatform, openWebSocket } from '../../src/platform/browser.js';
import type { LifecycleChange } from '../../src/platform/index.js';

class PageSocket {
  static readonly OPEN = 1;
  static last: PageSocket;
  readyState = 0;
  readonly sent: string[] = [];
  closedWith: unknown[] = [];
  onopen: () => void = () => undefined;
  onmessage: (event: { data: unknown }) => void = () => undefined;
  onclose: (event: { code: number; reason: string }) => void = () => undefined;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    if (!url.startsWith('ws')) throw new SyntaxError('bad address');
    PageSocket.last = this;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(...how: unknown[]): void {
    this.closedWith = how;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', PageSocket);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a socket', () => {
  function open(url = 'wss://x/ws'): { log: string[]; socket: ReturnType<typeof openWebSocket> } {
    const log: string[] = [];
    const socket = openWebSocket(url, 'hongyan.v1', {
      onOpen: () => log.push('open'),
      onText: (text) => log.push(text),
      onClose: (code, reason) => log.push(`${code} ${reason}`),
    });
    return { log, socket };
  }

  it('passes on what happens, and ends once', () => {
    const { log, socket } = open();
    const page = PageSocket.last;
    expect(page.protocols).toEqual(['hongyan.v1']);
    socket.send('lost: not open yet');
    page.readyState = 1;
    page.onopen();
    socket.send('hi');
    page.onmessage({ data: 'text' });
    page.onmessage({ data: new ArrayBuffer(1) });
    page.onclose({ code: 4101, reason: 'kicked' });
    page.onclose({ code: 1006, reason: '' });
    page.onmessage({ data: 'late' });
    expect(log).toEqual(['open', 'text', '4101 kicked']);
    expect(page.sent).toEqual(['hi']);
    expect(page.closedWith).toEqual([4104, 'text frames only']);
  });

  it('ends within a second when the other side does not answer the closing', () => {
    const { log, socket } = open();
    socket.close(4000, 'over');
    vi.advanceTimersByTime(1_000);
    expect(log).toEqual(['1006 the closing handshake was not answered']);
  });

  it('reports an address that is none', () => {
    const { log } = open('nonsense');
    vi.advanceTimersByTime(0);
    expect(log).toEqual(['1006 bad address']);
  });
});

describe('the page', () => {
  it('gives its storage, place, language and visibility', () => {
    const kept = new Map<string, string>();
    let full = false;
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => {
        if (full) throw new Error('QuotaExceededError');
        kept.set(key, value);
      },
      removeItem: (key: string) => kept.delete(key),
    });
    vi.stubGlobal('location', { origin: 'https://im.example.com' });
    vi.stubGlobal('navigator', { language: 'zh-CN' });
    const page = new EventTarget() as EventTarget & { visibilityState: string };
    page.visibilityState = 'visible';
    vi.stubGlobal('document', page);
    const window = new EventTarget();
    vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
    vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
    const warned = vi.spyOn(console, 'warn').mockReturnValue(undefined);

    const platform = browserPlatform();
    expect([platform.type, platform.defaultServer, platform.locale()]).toEqual([
      6,
      'https://im.example.com',
      'zh-CN',
    ]);
    platform.storage.set('a', '1');
    expect([platform.storage.get('a'), kept.get('a')]).toEqual(['1', '1']);
    full = true;
    platform.storage.set('b', '2');
    expect(warned).toHaveBeenCalledTimes(1);
    platform.storage.remove('a');
    expect(platform.storage.get('a')).toBeNull();

    const changes: LifecycleChange[] = [];
    const unwatch = platform.lifecycle.watch((change) => changes.push(change));
    page.visibilityState = 'hidden';
    page.dispatchEvent(new Event('visibilitychange'));
    expect(platform.lifecycle.phase()).toBe('background');
    window.dispatchEvent(new Event('pagehide'));
    window.dispatchEvent(new Event('online'));
    page.visibilityState = 'visible';
    window.dispatchEvent(new Event('pageshow'));
    unwatch();
    window.dispatchEvent(new Event('online'));
    expect(changes).toEqual(['background', 'closing', 'online', 'foreground']);
    warned.mockRestore();
  });

  it('does without where there is none, as in a worker', () => {
    const platform = browserPlatform();
    platform.storage.set('a', '1');
    expect(platform.storage.get('a')).toBe('1');
    expect([platform.lifecycle.phase(), platform.defaultServer]).toEqual(['foreground', '']);
    platform.lifecycle.watch(() => undefined)();
  });
});
