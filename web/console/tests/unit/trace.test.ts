/** What a device's hops come to, and which events are its own. */
import { describe, expect, it } from 'vitest';
import type { Hop, TraceDevice, TraceEvent } from '../../src/api/schema';
import { after, eventsOf } from '../../src/trace/timeline';
import { mayChange, verdictOf } from '../../src/trace/verdict';

const words = { en: 'text', zh: '文字' };
const HOPS: Hop['hop'][] = ['binding', 'server', 'vendor', 'receipt'];

/** A device by the states of its four hops: o ok, w waiting, f failed, - none. */
function device(state: TraceDevice['state'], states: string): Pick<TraceDevice, 'state' | 'hops'> {
  const names = { o: 'ok', w: 'waiting', f: 'failed', '-': 'none' } as const;
  const hops = HOPS.map((hop, index) => ({
    hop,
    state: names[states[index] as keyof typeof names],
    at: null,
    code: null,
    vendorWords: null,
    text: words,
    advice: null,
  }));
  return { state, hops };
}

describe('the verdict', () => {
  it.each([
    ['pushed', 'oooo', 'arrived', undefined],
    ['pushed', 'ooow', 'accepted', undefined],
    ['pushed', 'ooo-', 'accepted', undefined],
    ['pushed', 'ooof', 'stopped', 'receipt'],
    ['acked', 'oo--', 'live', undefined],
    ['pending', 'ow--', 'waiting', 'server'],
    ['pending', 'oow-', 'waiting', 'vendor'],
    ['failed', 'oof-', 'stopped', 'vendor'],
    ['suppressed', 'f---', 'stopped', 'binding'],
    ['pending', '----', 'unknown', undefined],
  ] as const)('of %s with %s is %s', (state, states, name, at) => {
    const verdict = verdictOf(device(state, states));
    expect([verdict.name, verdict.at?.hop]).toEqual([name, at]);
  });

  it('tells whether anything may still change', () => {
    expect(mayChange(device('pushed', 'ooow'))).toBe(true);
    expect(mayChange(device('pending', 'oo--'))).toBe(true);
    expect(mayChange(device('pushed', 'oooo'))).toBe(false);
    expect(mayChange(device('failed', 'oof-'))).toBe(false);
  });
});

describe('the timeline', () => {
  const event = (userID?: string, deviceID?: string): TraceEvent => ({
    at: 1,
    step: null,
    name: `${userID}/${deviceID}`,
    text: words,
    ...(userID ? { userID } : {}),
    ...(deviceID ? { deviceID } : {}),
  });

  it('of a device holds its own events, its user’s and everybody’s', () => {
    const events = [event(), event('bob'), event('bob', 'p1'), event('bob', 'p2'), event('carol', 'p1')];
    const own = eventsOf(events, { userID: 'bob', deviceID: 'p1', dispatchID: null });
    expect(own.map((one) => one.name)).toEqual(['undefined/undefined', 'bob/undefined', 'bob/p1']);
  });

  it('of a device in no request holds no events of requests', () => {
    const events = [event(), { ...event(), step: 7 }];
    expect(eventsOf(events, { userID: 'bob', deviceID: 'p1', dispatchID: null })).toHaveLength(1);
    expect(eventsOf(events, { userID: 'bob', deviceID: 'p1', dispatchID: '9' })).toHaveLength(2);
  });

  it.each([
    [12, '+12\u202fms'],
    [-3, '−3\u202fms'],
    [5043, '+5.04\u202fs'],
    [185_000, '+3:05\u202fmin'],
    [5_400_000, '+1.5\u202fh'],
  ])('%d ms after the begin reads %s', (ms, text) => expect(after(1000, 1000 + ms)).toBe(text));
});
