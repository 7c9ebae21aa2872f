/** Small pure parts: the message channel, calls on the screen, the freeze gate. */
import { describe, expect, it, vi } from 'vitest';
import { Refused, Rpc, type Channel } from '../../src/lib/rpc';
import { ended, readCallPush, withParties, type CallView } from '../../src/phone/call';
import { Gate } from '../../src/worker/freeze';

/** Two channel ends that hear each other at once. */
function pair(): [Channel, Channel] {
  const listeners: ((event: MessageEvent) => void)[][] = [[], []];
  const end = (own: number): Channel => ({
    postMessage: (message) =>
      listeners[1 - own]?.forEach((hear) => hear({ data: message } as MessageEvent)),
    addEventListener: (_, hear) => void listeners[own]?.push(hear),
  });
  return [end(0), end(1)];
}

describe('the channel between page and worker', () => {
  it('answers, refuses with a number, and says when nobody handles a request', async () => {
    const [a, b] = pair();
    const page = new Rpc(a);
    new Rpc(b)
      .handle('double', ({ n }) => Number(n) * 2)
      .handle('refuse', () => {
        throw Object.assign(new Error('no'), { code: 6000001 });
      });
    expect(await page.call('double', { n: 21 })).toBe(42);
    await expect(page.call('refuse')).rejects.toMatchObject({ code: 6000001, message: 'no' });
    await expect(page.call('missing')).rejects.toBeInstanceOf(Refused);
  });

  it('carries events, and rejects what is open when it closes', async () => {
    const [a, b] = pair();
    const page = new Rpc(a);
    const heard = vi.fn();
    new Rpc(b).on('hello', heard).handle('never', () => new Promise(() => undefined));
    page.emit('hello', { n: 1 });
    expect(heard).toHaveBeenCalledWith({ n: 1 });
    const open = page.call('never');
    page.close('killed');
    await expect(open).rejects.toThrow('killed');
    await expect(page.call('never')).rejects.toThrow('killed');
  });
});

describe('a call on the screen', () => {
  const out: CallView = {
    callID: 'c',
    direction: 'out',
    userID: 'bob',
    phase: 'ringing',
    end: null,
    systemCallID: null,
    received: false,
  };

  it.each([
    [1, 'talking', null],
    [2, 'ended', 'rejected'],
    [5, 'ringing', null],
    [6, 'ended', 'timeout'],
  ] as const)('the other side in state %i makes the caller see %s', (state, phase, end) => {
    expect(withParties(out, 'alice', [{ userID: 'bob', state }])).toMatchObject({ phase, end });
  });

  it('the callee stops ringing when it was answered elsewhere', () => {
    const incoming: CallView = { ...out, direction: 'in', userID: 'alice' };
    const answered = (state: number, call = incoming) =>
      withParties(call, 'bob', [{ userID: 'bob', state }]);
    expect(answered(1)).toMatchObject({ phase: 'ended', end: 'elsewhere' });
    expect(answered(2)).toMatchObject({ phase: 'ended', end: 'declined' });
    expect(answered(6)).toMatchObject({ phase: 'ended', end: 'timeout' });
    expect(answered(5).phase).toBe('ringing');
    // Answered here: the server's word on it changes nothing.
    expect(answered(1, { ...incoming, phase: 'answering' }).phase).toBe('answering');
  });

  it('ends with a reason', () =>
    expect(ended(out, 'cancelled')).toMatchObject({ phase: 'ended', end: 'cancelled' }));

  it('is found in the text that Push Kit hands over', () => {
    const data = JSON.stringify({ title: '林晚', callID: '77', inviter: 'alice' });
    expect(readCallPush({ data, header: {} })).toEqual({ callID: '77', inviter: 'alice' });
    expect(readCallPush({ data: 'not json' })).toEqual({ callID: '', inviter: '' });
    expect(readCallPush({})).toEqual({ callID: '', inviter: '' });
  });
});

describe('the freeze gate', () => {
  it('holds in order and lets go in order', () => {
    const gate = new Gate();
    const seen: number[] = [];
    gate.pass(() => seen.push(0));
    gate.shut();
    gate.pass(() => seen.push(1));
    gate.pass(() => seen.push(2));
    expect(seen).toEqual([0]);
    gate.open();
    expect(seen).toEqual([0, 1, 2]);
    gate.pass(() => seen.push(3));
    expect(seen).toEqual([0, 1, 2, 3]);
  });
});
