/** The envelope, and every frame that the repository keeps as a fixture. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64, toHex, utf8Length } from '../../src/bytes.js';
import { decode, encodeNotification, encodeRequest } from '../../src/codec.js';
import type { ServerNotifications } from '../../src/wire.js';

const FIXTURES = join(import.meta.dirname, '../../../../crates/wire/fixtures');

interface Frame {
  id?: number;
  method?: string;
  params?: object;
  result?: object;
  error?: { code: number; message: string };
}

const files = readdirSync(FIXTURES).filter((name) => name.endsWith('.json'));

/** Names that a client handles. Written out once more, so that a new one in the fixtures fails this test. */
const NOTIFICATIONS: Record<keyof ServerNotifications, true> = {
  'session.tokenWillExpire': true,
  'message.received': true,
  'message.revoked': true,
  'block.changed': true,
  'user.pushRuleChanged': true,
  'conversation.changed': true,
  'conversation.totalUnreadChanged': true,
  'group.stateChanged': true,
  'group.memberStateChanged': true,
  'call.created': true,
  'call.received': true,
  'call.cancelled': true,
  'call.timeout': true,
  'call.ended': true,
  'call.userStateChanged': true,
};

describe('fixtures', () => {
  it('are there', () => {
    expect(files.length).toBeGreaterThan(60);
  });

  it.each(files)('%s', (name) => {
    const text = readFileSync(join(FIXTURES, name), 'utf8');
    const frame = JSON.parse(text) as Frame;
    if (frame.method !== undefined && frame.id !== undefined) {
      expect(
        JSON.parse(encodeRequest(frame.id, frame.method as never, (frame.params ?? {}) as never)),
      ).toEqual(frame);
    } else if (frame.method === 'message.ack' || frame.method === 'call.ack') {
      expect(JSON.parse(encodeNotification(frame.method, frame.params as never))).toEqual(frame);
    } else if (frame.method !== undefined) {
      expect(NOTIFICATIONS).toHaveProperty([frame.method]);
      expect(decode(text)).toEqual({
        kind: 'notification',
        method: frame.method,
        params: frame.params ?? {},
      });
    } else if (frame.error) {
      expect(decode(text)).toEqual({ kind: 'refusal', id: frame.id ?? null, ...frame.error });
    } else {
      expect(decode(text)).toEqual({ kind: 'answer', id: frame.id, result: frame.result });
    }
  });
});

describe('the envelope', () => {
  it('leaves out what is undefined', () => {
    const text = encodeRequest(3, 'call.list', { count: 1, before: undefined } as never);
    expect(text).toBe('{"jsonrpc":"2.0","id":3,"method":"call.list","params":{"count":1}}');
  });

  it.each([
    '',
    'x',
    'null',
    '[]',
    '7',
    '{}',
    '{"jsonrpc":"1.0","id":1,"result":1}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","result":1}',
    '{"jsonrpc":"2.0","id":1,"error":{}}',
    '{"jsonrpc":"2.0","id":1,"error":null}',
  ])('does not take %s for a frame', (text) => {
    expect(decode(text).kind).toBe('unreadable');
  });

  it('reads a refusal of a frame that could not be read', () => {
    const text = '{"jsonrpc":"2.0","id":null,"error":{"code":6000001,"message":"no"}}';
    expect(decode(text)).toEqual({ kind: 'refusal', id: null, code: 6000001, message: 'no' });
  });
});

describe('bytes', () => {
  it('are written and read as base64 like everybody does', () => {
    for (let length = 0; length < 300; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 89 + length * 13) & 255);
      const text = Buffer.from(bytes).toString('base64');
      expect(toBase64(bytes)).toBe(text);
      expect(fromBase64(text)).toEqual(bytes);
      expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
    }
    for (const bad of ['A', 'AAA', 'A===', 'AA-_', '是是是是', 'AA=A']) expect(fromBase64(bad)).toBeNull();
  });

  it('of a text are counted like an encoder does', () => {
    for (const text of ['', 'abc', 'é', '字', '😀', '👨‍👩‍👧', 'a\ud800b', '\udfff']) {
      expect(utf8Length(text), text).toBe(new TextEncoder().encode(text).length);
    }
  });
});
