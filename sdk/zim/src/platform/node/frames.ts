/**
 * RFC 6455 frames as a client writes and reads them: masked out, unmasked in. No sockets here.
 *
 * The reader enforces what the RFC asks of a receiving client and a limit on the size of a message.
 */

/** Opcodes. */
export const Opcode = { Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;

/** A message or control frame, complete. */
export type Incoming =
  | { kind: 'text'; text: string }
  | { kind: 'binary' }
  | { kind: 'ping'; payload: Uint8Array }
  | { kind: 'pong' }
  | { kind: 'close'; code: number; reason: string };

/** The other side broke the protocol: close with this code. */
export class FrameError extends Error {
  readonly closeCode: number;

  constructor(closeCode: number, message: string) {
    super(message);
    this.closeCode = closeCode;
  }
}

/** One final frame, masked with four random bytes. */
export function encodeFrame(opcode: number, payload: Uint8Array, mask: Uint8Array): Uint8Array {
  const length = payload.length;
  const extended = length < 126 ? 0 : length < 65536 ? 2 : 8;
  const frame = new Uint8Array(2 + extended + 4 + length);
  const view = new DataView(frame.buffer);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) view.setUint16(2, length);
  if (extended === 8) view.setBigUint64(2, BigInt(length));
  frame.set(mask, 2 + extended);
  const start = 6 + extended;
  for (let i = 0; i < length; i++) frame[start + i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0);
  return frame;
}

/** Payload of a close frame; the reason is cut to what fits. */
export function closePayload(code: number, reason: string): Uint8Array {
  const text = new TextEncoder().encode(reason).subarray(0, 123);
  const payload = new Uint8Array(2 + text.length);
  new DataView(payload.buffer).setUint16(0, code);
  payload.set(text, 2);
  return payload;
}

interface Head {
  final: boolean;
  opcode: number;
  start: number;
  length: number;
}

/** Reads frames from a stream of bytes. */
export class FrameReader {
  readonly #bytesMax: number;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  #messageOpcode: number | null = null;

  /** `bytesMax`: largest message, in bytes. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Takes bytes; gives what is complete. Throws `FrameError`. */
  push(bytes: Uint8Array): Incoming[] {
    this.#chunks.push(bytes);
    this.#buffered += bytes.length;
    const complete: Incoming[] = [];
    for (;;) {
      const head = this.#head();
      if (!head || this.#buffered < head.start + head.length) return complete;
      const frame = this.#take(head.start + head.length).subarray(head.start);
      const incoming = head.opcode >= 8 ? control(head.opcode, frame) : this.#message(head, frame);
      if (incoming) complete.push(incoming);
    }
  }

  /** Reads the head of the next frame if it is there, and refuses it before its payload is waited for. */
  #head(): Head | null {
    if (this.#buffered < 2) return null;
    const bytes = this.#peek(Math.min(this.#buffered, 10));
    const [first = 0, second = 0] = bytes;
    if (first & 0x70) throw new FrameError(1002, 'reserved bits are set');
    if (second & 0x80) throw new FrameError(1002, 'a server frame is masked');
    const short = second & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < start) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const length = short < 126 ? short : short === 126 ? view.getUint16(2) : Number(view.getBigUint64(2));
    const head = { final: (first & 0x80) !== 0, opcode: first & 0x0f, start, length };
    this.#check(head);
    return head;
  }

  #check({ final, opcode, length }: Head): void {
    if (opcode >= 8) {
      if (opcode > Opcode.Pong) throw new FrameError(1002, `unknown opcode ${opcode}`);
      if (!final || length > 125) throw new FrameError(1002, 'a control frame is fragmented or too long');
      return;
    }
    if (opcode > Opcode.Binary) throw new FrameError(1002, `unknown opcode ${opcode}`);
    if ((opcode === Opcode.Continuation) !== (this.#messageOpcode !== null)) {
      throw new FrameError(1002, 'fragments are out of order');
    }
    if (this.#partsBytes + length > this.#bytesMax) throw new FrameError(1009, 'the message is too big');
  }

  #message(head: Head, payload: Uint8Array): Incoming | null {
    const opcode = this.#messageOpcode ?? head.opcode;
    this.#parts.push(payload);
    this.#partsBytes += payload.length;
    this.#messageOpcode = head.final ? null : opcode;
    if (!head.final) return null;
    const whole = join(this.#parts, this.#partsBytes);
    this.#parts = [];
    this.#partsBytes = 0;
    return opcode === Opcode.Text
      ? { kind: 'text', text: utf8(whole, 'a text message') }
      : { kind: 'binary' };
  }

  /** The first bytes, in one piece. */
  #peek(count: number): Uint8Array {
    const [first] = this.#chunks;
    if (first && first.length >= count) return first;
    const whole = join(this.#chunks, this.#buffered);
    this.#chunks = [whole];
    return whole;
  }

  #take(count: number): Uint8Array {
    const whole =
      this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : join(this.#chunks, this.#buffered);
    const rest = whole.subarray(count);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#buffered -= count;
    return whole.subarray(0, count);
  }
}

function control(opcode: number, payload: Uint8Array): Incoming {
  if (opcode === Opcode.Ping) return { kind: 'ping', payload };
  if (opcode === Opcode.Pong) return { kind: 'pong' };
  if (payload.length === 0) return { kind: 'close', code: 1005, reason: '' };
  if (payload.length === 1) throw new FrameError(1002, 'a close frame has one byte');
  const code = new DataView(payload.buffer, payload.byteOffset).getUint16(0);
  const legal =
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code < 5000);
  if (!legal) throw new FrameError(1002, `close code ${code} is not allowed`);
  return { kind: 'close', code, reason: utf8(payload.subarray(2), 'a close reason') };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(bytes: Uint8Array, what: string): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new FrameError(1007, `${what} is not UTF-8`);
  }
}

function join(parts: Uint8Array[], length: number): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
