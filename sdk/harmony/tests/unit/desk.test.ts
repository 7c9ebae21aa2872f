/** The desk between calls of the server and of the system: what it asks of the system, and when. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallChange, PushLink, PushLinkEvent } from '../../zpns/src/main/ets/core/link.js';
import type { ZPNsMessage } from '../../zpns/src/main/ets/core/types.js';
import {
  CallDesk,
  type CallSystem,
  INVITATION_WAIT_MS,
  OVER_MAX,
  SHOWN_MAX,
} from '../../zpns/src/main/ets/desk.js';

/** A system that notes what it is asked, and answers what a test sets. */
class FakeSystem implements CallSystem {
  readonly asked: string[] = [];
  report = (systemID: string): Promise<string> => this.#note(`report ${systemID}`, this.refusal);
  refusal: string | Error = '';

  refuse(systemID: string, why: string): Promise<void> {
    return this.#note(`refuse ${systemID} ${why}`, '').then(() => undefined);
  }

  show(systemID: string, state: string): Promise<void> {
    return this.#note(`${state} ${systemID}`, '').then(() => undefined);
  }

  fault(what: string, thrown: unknown): void {
    this.asked.push(`fault ${what}: ${(thrown as Error).message}`);
  }

  #note(text: string, answer: string | Error): Promise<string> {
    this.asked.push(text);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }
}

let system: FakeSystem;
let desk: CallDesk;
let tell: (event: PushLinkEvent) => void;
let actions: string[];

const link = (): PushLink => ({
  isReady: true,
  register: () => Promise.resolve(''),
  unregister: () => Promise.resolve(),
  watch: (listener) => {
    tell = listener;
    return () => (tell = () => undefined);
  },
});
const change = (callID: string, change: CallChange): void => tell({ kind: 'call', callID, change });
const call = (callID?: string): ZPNsMessage => ({
  title: '',
  content: '',
  payload: '',
  extras: callID === undefined ? {} : { callID },
});

beforeEach(() => {
  vi.useFakeTimers();
  system = new FakeSystem();
  desk = new CallDesk(system);
  desk.useLink(link());
  actions = [];
  desk.watch(({ callID, action, video }) => actions.push(`${action} ${callID} ${String(video)}`));
});

afterEach(() => vi.useRealTimers());

describe('an incoming call', () => {
  it('is reported before the message is handed on', () => {
    desk.incoming('s1', call('c1'));
    expect(system.asked).toEqual(['report s1']);
  });

  it.each([
    ['a message without a call', 's1', undefined],
    ['the same call again', 's2', 'c0'],
    ['the same system call again', 's0', 'c1'],
  ])('%s is refused at once', (_, systemID, callID) => {
    desk.incoming('s0', call('c0'));
    desk.incoming(systemID, call(callID));
    expect(system.asked).toEqual(['report s0', `refuse ${systemID} over`]);
  });

  it('is refused when it is over already, however late it comes', () => {
    change('c1', 'over');
    desk.incoming('s1', call('c1'));
    expect(system.asked).toEqual(['refuse s1 over']);
    for (let number = 0; number < OVER_MAX; number++) change(`other-${number}`, 'over');
    desk.incoming('s2', call('c1'));
    expect(system.asked.at(-1)).toBe('report s2');
  });

  it('rings again when its user is called again, which an advanced call allows', () => {
    desk.incoming('sys-1', call('c-1'));
    change('c-1', 'ringing');
    change('c-1', 'over');
    change('c-1', 'ringing');
    desk.incoming('sys-2', call('c-1'));
    expect(system.asked).toEqual(['report sys-1', 'disconnected sys-1', 'report sys-2']);
  });

  it('is refused as busy beyond what the system shows, until one is over', () => {
    for (let number = 1; number <= SHOWN_MAX + 1; number++) desk.incoming(`s${number}`, call(`c${number}`));
    expect(system.asked.at(-1)).toBe('refuse s4 busy');
    change('c2', 'over');
    desk.incoming('s5', call('c5'));
    expect(system.asked.slice(-2)).toEqual(['disconnected s2', 'report s5']);
  });

  it.each([
    ['says no', 'the line is taken'],
    ['throws', new Error('the line is taken')],
  ])('is refused within the ten seconds when the system %s', async (_, refusal) => {
    system.refusal = refusal;
    desk.incoming('s1', call('c1'));
    await vi.advanceTimersByTimeAsync(0);
    expect(system.asked).toEqual([
      'report s1',
      'fault a call is not shown: the line is taken',
      'refuse s1 busy',
    ]);
    change('c1', 'over');
    await vi.advanceTimersByTimeAsync(INVITATION_WAIT_MS);
    expect(system.asked).toHaveLength(3);
  });

  it('whose invitation never comes leaves the screen after a while, and only then', async () => {
    desk.incoming('s1', call('c1'));
    desk.incoming('s2', call('c2'));
    change('c2', 'ringing');
    await vi.advanceTimersByTimeAsync(INVITATION_WAIT_MS - 1);
    expect(system.asked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(system.asked.slice(2)).toEqual(['disconnected s1']);
    await vi.advanceTimersByTimeAsync(10 * INVITATION_WAIT_MS);
    expect(system.asked).toHaveLength(3);
  });
});

describe('a button', () => {
  it.each([
    ['answer', ['report s1', 'answered s1'], 'answer c1 false'],
    ['answerWithVideo', ['report s1', 'answered s1'], 'answer c1 true'],
    ['decline', ['report s1', 'disconnected s1'], 'decline c1 false'],
  ] as const)('%s waits for the invitation', (button, asked, action) => {
    desk.incoming('s1', call('c1'));
    desk.pressed('s1', button);
    expect(system.asked).toEqual(asked);
    expect(actions).toEqual([]);
    change('c1', 'ringing');
    change('c1', 'ringing');
    expect(actions).toEqual([action]);
    expect(system.asked).toEqual(asked);
  });

  it('comes at once when the invitation was there first', () => {
    change('c1', 'ringing');
    desk.incoming('s1', call('c1'));
    desk.pressed('s1', 'answer');
    expect(actions).toEqual(['answer c1 false']);
    change('c1', 'answered');
    expect(system.asked).toEqual(['report s1', 'answered s1', 'active s1']);
  });

  it('of a call that is gone, or of nobody, does nothing', () => {
    desk.incoming('s1', call('c1'));
    change('c1', 'over');
    desk.pressed('s1', 'answer');
    desk.pressed('s9', 'hangup');
    expect(actions).toEqual([]);
    expect(system.asked).toEqual(['report s1', 'disconnected s1']);
  });

  it('hangs up once, whoever is first', () => {
    change('c1', 'ringing');
    desk.incoming('s1', call('c1'));
    desk.pressed('s1', 'hangup');
    desk.end('c1');
    expect(actions).toEqual(['hangup c1 false']);
    expect(system.asked).toEqual(['report s1', 'disconnected s1']);
  });
});

it('a logout takes off the screen what rings, not what is yet to come nor what is talked', () => {
  for (const number of [1, 2, 3]) desk.incoming(`s${number}`, call(`c${number}`));
  change('c1', 'ringing');
  change('c3', 'ringing');
  change('c3', 'answered');
  system.asked.length = 0;
  tell({ kind: 'logout' });
  expect(system.asked).toEqual(['disconnected s1']);
  change('c2', 'ringing');
  desk.pressed('s2', 'answer');
  expect(actions.splice(0)).toEqual(['answer c2 false']);
  desk.pressed('s3', 'hangup');
  expect([system.asked.at(-1), actions]).toEqual(['disconnected s3', ['hangup c3 false']]);
});

it('another client begins anew; one that is gone tells nothing', () => {
  change('c1', 'ringing');
  const old = tell;
  desk.useLink(null);
  desk.incoming('s1', call('c1'));
  desk.pressed('s1', 'answer');
  expect(actions).toEqual([]);
  old({ kind: 'logout' });
  desk.useLink(link());
  change('c1', 'ringing');
  expect(actions).toEqual(['answer c1 false']);
});
