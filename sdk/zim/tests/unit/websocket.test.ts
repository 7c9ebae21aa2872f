/** The WebSocket of Node against a server whose bytes the test writes. */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openNodeSocket } from '../../src/platform/node/websocket.js';
import type { Socket } from '../../src/platform/index.js';

let server: Server;
let url: string;
let upgrade: (request: IncomingMessage, stream: Duplex) => void;
const streams = new Set<Duplex>();

beforeEach(async () => {
  upgrade = (request, stream) => accept(request, stream);
  server = createServer((_, response) => response.writeHead(404).end());
  server.on('upgrade', (request, stream) => {
    streams.add(stream);
    upgrade(request, stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
});

afterEach(async () => {
  for (const stream of streams) stream.destroy();
  streams.clear();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function accept(request: IncomingMessage, stream: Duplex, changes: Record<string, string> = {}): void {
  const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const headers = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': createHash('sha1').update(key).digest('base64'),
    'Sec-WebSocket-Protocol': 'hongyan.v1',
    ...changes,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  stream.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
}

/** What a socket reported, and a way to wait for it. */
class Heard {
  readonly log: string[] = [];
  readonly socket: Socket;
  #wake: () => void = () => undefined;

  constructor() {
    const note = (text: string): void => {
      this.log.push(text);
      this.#wake();
    };
    this.socket = openNodeSocket(url, 'hongyan.v1', {
      onOpen: () => note('open'),
      onText: (text) => note(`text ${text}`),
      onClose: (code, reason) => note(`close ${code} ${reason}`),
    });
  }

  /** Waits for an entry that begins so. */
  async until(begin: string): Promise<string> {
    for (;;) {
      const found = this.log.find((entry) => entry.startsWith(begin));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Bytes of the client, in order of arrival. */
function bytesOf(stream: Duplex, count: number): Promise<Buffer> {
  return new Promise((resolve) => {
    let all = Buffer.alloc(0);
    stream.on('data', (bytes: Buffer) => {
      all = Buffer.concat([all, bytes]);
      if (all.length >= count) resolve(all);
    });
  });
}

/** Short client frames, unmasked, as `opcode payload`. */
function framesOf(bytes: Buffer): string[] {
  const frames: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const [first = 0, second = 0] = bytes.subarray(at);
    expect([first & 0x80, second & 0x80]).toEqual([0x80, 0x80]);
    const mask = bytes.subarray(at + 2, at + 6);
    const payload = bytes.subarray(at + 6, at + 6 + (second & 0x7f));
    const text = Buffer.from(payload.map((byte, i) => byte ^ mask[i & 3]!)).toString('latin1');
    frames.push(`${first & 15} ${text}`);
    at += 6 + payload.length;
  }
  return frames;
}

describe('opening', () => {
  it('asks as RFC 6455 wants it', async () => {
    const request = await new Promise<IncomingMessage>((resolve) => {
      upgrade = (asked, stream) => {
        accept(asked, stream);
        resolve(asked);
      };
      new Heard();
    });
    expect(request.headers).toMatchObject({
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'hongyan.v1',
    });
    expect(Buffer.from(request.headers['sec-websocket-key'] ?? '', 'base64')).toHaveLength(16);
  });

  it('reads what came with the answer', async () => {
    upgrade = (request, stream) => {
      stream.cork();
      accept(request, stream);
      stream.write(Buffer.from([0x81, 2, 104, 105]));
      stream.uncork();
    };
    const heard = new Heard();
    await heard.until('text');
    expect(heard.log).toEqual(['open', 'text hi']);
  });

  it.each([
    ['a wrong key', { 'Sec-WebSocket-Accept': 'x' }, 'did not accept'],
    ['another protocol', { 'Sec-WebSocket-Protocol': 'chat' }, 'does not speak'],
  ])('fails for %s', async (_, headers, reason) => {
    upgrade = (request, stream) => accept(request, stream, headers);
    const heard = new Heard();
    expect(await heard.until('close')).toContain(reason);
    expect(heard.log).toHaveLength(1);
  });

  it('fails for a server that answers otherwise, is not there, or an address that is none', async () => {
    server.removeAllListeners('upgrade');
    server.on('upgrade', (_, stream: Duplex) => stream.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'));
    expect(await new Heard().until('close')).toContain('503');
    url = 'ws://127.0.0.1:1/ws';
    expect(await new Heard().until('close')).toContain('1006');
    url = 'not an address';
    expect(await new Heard().until('close')).toContain('1006');
  });
});

describe('while open', () => {
  it('sends masked text and answers pings', async () => {
    const sent = new Promise<Buffer>((resolve) => {
      upgrade = (request, stream) => {
        accept(request, stream);
        stream.write(Buffer.from([0x89, 1, 65]));
        void bytesOf(stream, 15).then(resolve);
      };
    });
    const heard = new Heard();
    await heard.until('open');
    heard.socket.send('hi');
    const bytes = await sent;
    expect(framesOf(bytes).sort()).toEqual(['10 A', '1 hi'].sort());
  });

  it('reports how the server closes, once', async () => {
    upgrade = (request, stream) => {
      accept(request, stream);
      stream.write(Buffer.from([0x88, 8, 4101 >> 8, 4101 & 255, ...Buffer.from('kicked')]));
    };
    const heard = new Heard();
    expect(await heard.until('close')).toBe('close 4101 kicked');
    heard.socket.send('lost');
    heard.socket.close(1000, '');
    expect(heard.log).toEqual(['open', 'close 4101 kicked']);
  });

  it('reports a link that breaks as 1006', async () => {
    upgrade = (request, stream) => {
      accept(request, stream);
      setImmediate(() => stream.destroy());
    };
    expect(await new Heard().until('close')).toContain('1006');
  });

  it('closes with 1002 what breaks the protocol, with 1003 what is binary', async () => {
    for (const [bytes, code] of [
      [[0xc1, 0], 1002],
      [[0x82, 1, 0], 1003],
    ] as const) {
      const closed = new Promise<Buffer>((resolve) => {
        upgrade = (request, stream) => {
          accept(request, stream);
          stream.write(Buffer.from(bytes));
          void bytesOf(stream, 8).then(resolve);
        };
      });
      await new Heard().until('close 1006');
      const frame = await closed;
      const [text = ''] = framesOf(frame);
      expect((text.charCodeAt(2) << 8) | text.charCodeAt(3)).toBe(code);
    }
  });
});

it('closes within a second even if the server is silent', async () => {
  const heard = new Heard();
  await heard.until('open');
  heard.socket.close(1000, 'bye');
  expect(await heard.until('close')).toContain('1006');
});
