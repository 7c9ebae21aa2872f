/** A WebSocket client over Node's own HTTP: Node 20 has none, and this package depends on nothing. */

import { createHash, randomBytes } from 'node:crypto';
import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Socket, SocketEvents } from '../index.js';
import { closePayload, encodeFrame, FrameError, FrameReader, type Incoming, Opcode } from './frames.js';

/** Largest message of the server, in bytes: a page of history with room to spare. */
export const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** How long a closing handshake may take. */
const CLOSE_WAIT_MS = 1_000;
/** Bytes the server may leave unread before the link counts as broken. */
const UNSENT_BYTES_MAX = 8 * 1024 * 1024;
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Opens a WebSocket; see `OpenSocket`. */
export function openNodeSocket(url: string, subprotocol: string, events: SocketEvents): Socket {
  return new NodeSocket(url, subprotocol, events);
}

class NodeSocket implements Socket {
  readonly #events: SocketEvents;
  readonly #reader = new FrameReader(MESSAGE_BYTES_MAX);
  #stream: Duplex | null = null;
  #phase: 'opening' | 'open' | 'closing' | 'closed' = 'opening';
  /** Events that are yet to be told. */
  readonly #queue: (() => void)[] = [];
  #draining = false;
  #giveUp: NodeJS.Timeout | null = null;
  #abort: () => void = () => undefined;

  constructor(url: string, subprotocol: string, events: SocketEvents) {
    this.#events = events;
    const key = randomBytes(16).toString('base64');
    try {
      this.#handshake(new URL(url), key, subprotocol);
    } catch (thrown) {
      setImmediate(() => this.#end(1006, (thrown as Error).message));
    }
  }

  send(text: string): void {
    if (this.#phase !== 'open' || !this.#stream) return;
    this.#write(Opcode.Text, Buffer.from(text));
    if (this.#stream.writableLength > UNSENT_BYTES_MAX) this.#end(1006, 'the server does not read');
  }

  close(code: number, reason: string): void {
    if (this.#phase === 'opening') {
      this.#end(1006, 'closed before it was open');
    } else if (this.#phase === 'open') {
      this.#write(Opcode.Close, closePayload(code, reason));
      this.#closing();
    }
  }

  #handshake(url: URL, key: string, subprotocol: string): void {
    const options: RequestOptions = {
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': key,
        ...(subprotocol ? { 'Sec-WebSocket-Protocol': subprotocol } : {}),
      },
    };
    const secure = url.protocol === 'wss:';
    const address = new URL(url.href.replace(/^ws/, 'http'));
    const request = secure ? httpsRequest(address, options) : httpRequest(address, options);
    this.#abort = () => request.destroy();
    request.on('upgrade', (response, stream, first) =>
      this.#upgraded(response, stream, first, key, subprotocol),
    );
    request.on('response', (response) => {
      response.resume();
      this.#end(1006, `the server answered ${response.statusCode ?? 'nothing'} instead of upgrading`);
    });
    request.on('error', (error) => this.#end(1006, error.message));
    request.end();
  }

  #upgraded(
    response: IncomingMessage,
    stream: Duplex,
    first: Buffer,
    key: string,
    subprotocol: string,
  ): void {
    const accept = createHash('sha1')
      .update(key + ACCEPT_SUFFIX)
      .digest('base64');
    stream.on('error', (error) => this.#end(1006, error.message));
    this.#stream = stream;
    if (this.#phase !== 'opening') {
      stream.destroy();
    } else if (response.headers['sec-websocket-accept'] !== accept) {
      this.#end(1006, 'the server did not accept the WebSocket key');
    } else if ((response.headers['sec-websocket-protocol'] ?? '') !== subprotocol) {
      this.#end(1006, `the server does not speak ${subprotocol}`);
    } else {
      this.#opened(stream, first);
    }
  }

  #opened(stream: Duplex, first: Buffer): void {
    this.#phase = 'open';
    if ('setNoDelay' in stream) (stream as Duplex & { setNoDelay(on: boolean): void }).setNoDelay(true);
    stream.on('data', (bytes: Buffer) => this.#read(bytes));
    stream.on('end', () => this.#lost());
    stream.on('close', () => this.#lost());
    this.#events.onOpen();
    if (first.length > 0) this.#read(first);
  }

  #read(bytes: Uint8Array): void {
    this.#guard(() => {
      for (const incoming of this.#reader.push(bytes)) this.#queue.push(() => this.#handle(incoming));
    });
    this.#drain();
  }

  /** One event a turn of the loop, as browsers do it: promises settle before the next one is told. */
  #drain(): void {
    if (this.#draining) return;
    const next = this.#queue.shift();
    if (!next) return;
    this.#guard(next);
    if (this.#queue.length === 0) return;
    this.#draining = true;
    setImmediate(() => {
      this.#draining = false;
      this.#drain();
    });
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      if (!(thrown instanceof FrameError)) throw thrown;
      if (this.#phase === 'open') this.#write(Opcode.Close, closePayload(thrown.closeCode, thrown.message));
      this.#end(1006, thrown.message);
    }
  }

  #handle(incoming: Incoming): void {
    if (this.#phase === 'closed') return;
    switch (incoming.kind) {
      case 'text':
        if (this.#phase === 'open') this.#events.onText(incoming.text);
        break;
      case 'binary':
        throw new FrameError(1003, 'text frames only');
      case 'ping':
        if (this.#phase === 'open') this.#write(Opcode.Pong, incoming.payload);
        break;
      case 'pong':
        break;
      case 'close':
        this.#closedByServer(incoming.code, incoming.reason);
    }
  }

  #closedByServer(code: number, reason: string): void {
    if (this.#phase === 'open') this.#write(Opcode.Close, closePayload(code === 1005 ? 1000 : code, ''));
    this.#stream?.end();
    this.#end(code, reason);
  }

  #closing(): void {
    this.#phase = 'closing';
    this.#giveUp = setTimeout(() => this.#end(1006, 'the closing handshake was not answered'), CLOSE_WAIT_MS);
  }

  /** The stream ended: told after what it brought. */
  #lost(): void {
    this.#queue.push(() => this.#end(1006, 'the connection broke'));
    this.#drain();
  }

  #write(opcode: number, payload: Uint8Array): void {
    if (this.#stream?.writable) this.#stream.write(encodeFrame(opcode, payload, randomBytes(4)));
  }

  #end(code: number, reason: string): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    if (this.#giveUp) clearTimeout(this.#giveUp);
    const stream = this.#stream;
    if (stream) setImmediate(() => stream.destroy());
    else this.#abort();
    this.#events.onClose(code, reason);
  }
}
