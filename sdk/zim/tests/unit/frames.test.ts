/** RFC 6455 frames: written as a client must, read in any pieces, refused when they break the protocol. */

import { describe, expect, it } from 'vitest';
import {
  closePayload,
  encodeFrame,
  FrameError,
  FrameReader,
  Opcode,
} from '../../src/platform/node/frames.js';

const MASK = new Uint8Array([1, 2, 3, 4]);

/** A frame as a server writes it. */
function frame(opcode: number, payload: Uint8Array | string, final = true): Uint8Array {
  const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
  const { length } = bytes;
  const head =
    length < 126
      ? [length]
      : length < 65536
        ? [126, length >> 8, length & 255]
        : [127, 0, 0, 0, 0, (length >> 24) & 255, (length >> 16) & 255, (length >> 8) & 255, length & 255];
  return Uint8Array.from([(final ? 0x80 : 0) | opcode, ...head, ...bytes]);
}

function whole(...frames: Uint8Array[]): Uint8Array {
  return Uint8Array.from(frames.flatMap((bytes) => [...bytes]));
}

describe('writing', () => {
  it.each([0, 1, 125, 126, 127, 65535, 65536, 70000])('masks %i bytes', (length) => {
    const payload = Uint8Array.from({ length }, (_, i) => i & 255);
    const bytes = encodeFrame(Opcode.Text, payload, MASK);
    const extended = length < 126 ? 0 : length < 65536 ? 2 : 8;
    expect(bytes[0]).toBe(0x81);
    expect(bytes[1]! & 0x80).toBe(0x80);
    expect(bytes.length).toBe(2 + extended + 4 + length);
    const unmasked = bytes.subarray(6 + extended).map((byte, i) => byte ^ MASK[i & 3]!);
    expect(Buffer.compare(unmasked, payload)).toBe(0);
  });

  it('cuts a close reason to what a control frame holds', () => {
    expect(closePayload(4000, 'x'.repeat(500)).length).toBe(125);
    expect([...closePayload(1000, '')]).toEqual([0x03, 0xe8]);
  });
});

describe('reading', () => {
  const stream = whole(
    frame(Opcode.Text, 'first 鸿'),
    frame(Opcode.Text, 'in ', false),
    frame(Opcode.Ping, 'p'),
    frame(Opcode.Continuation, 'pie', false),
    frame(Opcode.Continuation, 'ces'),
    frame(Opcode.Pong, ''),
    frame(Opcode.Text, 'x'.repeat(70_000)),
    frame(Opcode.Close, closePayload(4101, 'kicked')),
  );
  const expected = [
    { kind: 'text', text: 'first 鸿' },
    { kind: 'ping', payload: new Uint8Array([112]) },
    { kind: 'text', text: 'in pieces' },
    { kind: 'pong' },
    { kind: 'text', text: 'x'.repeat(70_000) },
    { kind: 'close', code: 4101, reason: 'kicked' },
  ];

  it.each([1, 2, 3, 7, 1000, 65536, 1 << 20])('in pieces of %i bytes', (size) => {
    const reader = new FrameReader(1 << 20);
    const got = [];
    for (let at = 0; at < stream.length; at += size) got.push(...reader.push(stream.subarray(at, at + size)));
    expect(got).toEqual(expected);
  });

  it('knows a close frame without a code', () => {
    expect(new FrameReader(10).push(frame(Opcode.Close, ''))).toEqual([
      { kind: 'close', code: 1005, reason: '' },
    ]);
  });

  it('tells of binary messages', () => {
    expect(new FrameReader(10).push(frame(Opcode.Binary, 'abc'))).toEqual([{ kind: 'binary' }]);
  });

  it.each([
    ['a masked frame', Uint8Array.from([0x81, 0x80, 1, 2, 3, 4]), 1002],
    ['reserved bits', Uint8Array.from([0xc1, 0]), 1002],
    ['an unknown data opcode', frame(3, ''), 1002],
    ['an unknown control opcode', frame(11, ''), 1002],
    ['a fragmented ping', frame(Opcode.Ping, '', false), 1002],
    ['a long ping', frame(Opcode.Ping, 'x'.repeat(126)), 1002],
    ['a continuation of nothing', frame(Opcode.Continuation, 'x'), 1002],
    ['a new message inside another', whole(frame(Opcode.Text, 'a', false), frame(Opcode.Text, 'b')), 1002],
    ['a message too big', frame(Opcode.Text, 'x'.repeat(1001)), 1009],
    ['fragments too big', whole(frame(1, 'x'.repeat(600), false), frame(0, 'x'.repeat(600))), 1009],
    ['a huge length', Uint8Array.from([0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255]), 1009],
    ['bad UTF-8', frame(Opcode.Text, Uint8Array.from([0xc3, 0x28])), 1007],
    ['a cut UTF-8 letter', frame(Opcode.Text, Uint8Array.from([0xe9, 0xb8])), 1007],
    ['a close of one byte', frame(Opcode.Close, 'x'), 1002],
    ['a close code that is not for the wire', frame(Opcode.Close, closePayload(1006, '')), 1002],
    ['a close code of nobody', frame(Opcode.Close, closePayload(2999, '')), 1002],
    ['a close reason of bad UTF-8', frame(Opcode.Close, Uint8Array.from([3, 232, 0xff])), 1007],
  ])('refuses %s', (_, bytes, closeCode) => {
    const read = (): unknown => new FrameReader(1000).push(bytes);
    expect(read).toThrow(FrameError);
    expect(read).toThrow(expect.objectContaining({ closeCode }) as Error);
  });

  it('refuses a size before its bytes come', () => {
    const head = frame(Opcode.Text, 'x'.repeat(70_000)).subarray(0, 10);
    expect(() => new FrameReader(1000).push(head)).toThrow(FrameError);
  });

  it('keeps a letter that is a byte order mark', () => {
    expect(new FrameReader(10).push(frame(Opcode.Text, '\ufeffx'))).toEqual([
      { kind: 'text', text: '\ufeffx' },
    ]);
  });
});
