/** The eight steps from marks and trace: nothing sent, pushed, acked live, refused, failed to send. */
import { describe, expect, it } from 'vitest';
import type { Trace, TraceDevice } from '../../src/api';
import { reasonOf, stepsOf, type Step } from '../../src/steps/from-trace';
import { clockShift, type Mark, type MarkName, type Run } from '../../src/steps/run';

const T0 = 1_790_000_000_000;
const mark = (name: MarkName, at: number, userID = 'bob'): Mark => ({ name, userID, at: T0 + at });
const registered = [mark('token_asked', -900), mark('token_given', -880), mark('registered', -860)];
const text = { en: 'x', zh: '某' };

function device(state: TraceDevice['state'], userID = 'bob'): TraceDevice {
  return {
    userID,
    deviceID: `phone-${userID}`,
    pushID: 'p1',
    vendor: 'harmony',
    state,
    reason: null,
    reasonText: null,
    at: T0 + 30,
    dispatchID: null,
  };
}

function trace(devices: TraceDevice[], steps: [number, number][], answered = false): Trace {
  const attempts = {
    at: T0 + 20,
    tookMs: 9,
    status: 200,
    code: '80000000',
    message: 'Success',
    requestID: '1',
  };
  return {
    id: 'm1',
    kind: 'message',
    conversationID: 'bob',
    conversationType: 0,
    senderUserID: 'alice',
    settled: devices.every((one) => one.state !== 'pending'),
    acceptedAt: T0 + 4,
    devices,
    events: steps.map(([step, at]) => ({ at: T0 + at, step, name: 'x', userID: 'bob', text })),
    dispatches: answered
      ? [
          {
            dispatchID: 'd',
            vendor: 'harmony',
            pushType: 0,
            notifyId: 1,
            targets: 1,
            purpose: 'notice',
            state: 'accepted',
            attempts: [attempts],
          },
        ]
      : [],
  };
}

function run(part: Partial<Run>): Run {
  return {
    kind: 'peer',
    senderUserID: 'alice',
    receiverUserIDs: ['bob'],
    sentAt: T0,
    answeredAt: T0 + 6,
    id: 'm1',
    trace: null,
    failure: null,
    ...part,
  };
}

/** States of steps in one line. */
const states = (steps: Step[]) => steps.map((step) => step.state).join(' ');

describe('before anything is sent', () => {
  it('all are idle', () => {
    expect(states(stepsOf(null, [], ['bob']))).toBe('idle idle idle idle idle idle idle idle');
  });

  it('registration shows', () => {
    expect(states(stepsOf(null, registered, ['bob']))).toBe('done done active idle idle idle idle idle');
    const bound = [...registered, mark('bound', -800)];
    expect(states(stepsOf(null, bound, ['bob']))).toBe('done done done idle idle idle idle idle');
  });

  it('a group is registered when every receiver is', () => {
    const bound = [...registered, mark('bound', -800)];
    expect(stepsOf(null, bound, ['bob', 'carol'])[0]?.state).toBe('active');
  });
});

describe('a message to a killed app', () => {
  const bound = [...registered, mark('bound', -800)];

  it('runs through all eight', () => {
    const marks = [
      ...bound,
      mark('notice_shown', 41),
      mark('tapped', 2000),
      mark('offline_received', 2300),
    ];
    const done = trace(
      [device('pushed')],
      [
        [4, 4],
        [5, 6],
        [6, 8],
        [7, 12],
        [7, 21],
      ],
      true,
    );
    const steps = stepsOf(run({ trace: done }), marks, ['bob']);
    expect(states(steps)).toBe('done done done done done done done done');
    expect(steps.map((step) => step.at)).toEqual([-900, -880, -800, 4, 6, 8, 12, 41]);
    expect(steps[7]?.lines.map((line) => line.mark?.name)).toEqual([
      'notice_shown',
      'tapped',
      'offline_received',
    ]);
  });

  it('lets the vendor say that it arrived', () => {
    const told = trace(
      [device('pushed')],
      [
        [4, 4],
        [7, 12],
        [8, 40],
      ],
      true,
    );
    const [step] = stepsOf(run({ trace: told }), bound, ['bob']).slice(7);
    expect(step?.lines.map((line) => line.sentence)).toEqual([text]);
    expect(step?.state).toBe('active');
  });

  it('waits at the first step that is open', () => {
    const early = trace([device('pending')], [[4, 4]]);
    expect(states(stepsOf(run({ trace: early }), bound, ['bob']).slice(3))).toBe(
      'done active idle idle idle',
    );
    const planned = trace(
      [device('pending')],
      [
        [4, 4],
        [5, 6],
        [6, 8],
      ],
    );
    expect(states(stepsOf(run({ trace: planned }), bound, ['bob']).slice(3))).toBe(
      'done done done active idle',
    );
  });

  it('stays at 5 while a device is only waited for', () => {
    const waiting = trace(
      [device('acked', 'carol'), device('pending')],
      [
        [4, 4],
        [5, 9],
      ],
    );
    waiting.events.push({ at: T0 + 4, step: 5, name: 'waiting', userID: 'bob', text });
    const steps = stepsOf(run({ kind: 'group', trace: waiting }), bound, ['bob', 'carol']).slice(3);
    expect(states(steps)).toBe('done active idle idle idle');
    expect(steps[1]?.at).toBe(9);
  });

  it('shows the notice as under way while it is not on the phone', () => {
    const pushed = trace(
      [device('pushed')],
      [
        [4, 4],
        [5, 6],
        [6, 8],
        [7, 12],
      ],
      true,
    );
    expect(stepsOf(run({ trace: pushed }), bound, ['bob'])[7]?.state).toBe('active');
  });
});

describe('other ends', () => {
  it('acked live needs no push', () => {
    const live = trace(
      [device('acked')],
      [
        [4, 4],
        [5, 9],
      ],
    );
    expect(states(stepsOf(run({ trace: live }), [], ['bob']).slice(3))).toBe(
      'done done skipped skipped skipped',
    );
  });

  it('a refusal of the vendor fails step 7', () => {
    const refused = trace(
      [device('failed')],
      [
        [4, 4],
        [5, 6],
        [6, 8],
        [7, 20],
      ],
      true,
    );
    expect(states(stepsOf(run({ trace: refused }), [], ['bob']).slice(3))).toBe(
      'done done done failed skipped',
    );
  });

  it('a send that failed stops at 4', () => {
    const failed = run({ failure: '6000104', answeredAt: null, id: null });
    expect(states(stepsOf(failed, [], ['bob']).slice(3))).toBe('failed idle idle idle idle');
  });

  it('marks of others and of earlier sends do not count', () => {
    const marks = [mark('notice_shown', -50), mark('notice_shown', 60, 'carol')];
    const pushed = trace(
      [device('pushed')],
      [
        [4, 4],
        [5, 6],
        [6, 8],
        [7, 12],
      ],
      true,
    );
    expect(stepsOf(run({ trace: pushed }), marks, ['bob'])[7]?.lines).toEqual([]);
  });
});

describe('clocks', () => {
  it('agree when the server accepted between send and answer', () => {
    expect(clockShift({ sentAt: T0, answeredAt: T0 + 6 }, T0 + 4)).toBe(0);
  });

  it('are brought together when they differ', () => {
    expect(clockShift({ sentAt: T0, answeredAt: T0 + 6 }, T0 + 5_003)).toBe(-5_000);
    expect(clockShift({ sentAt: T0, answeredAt: T0 + 6 }, T0 - 997)).toBe(1_000);
  });
});

describe('a reason', () => {
  it('is the device’s own, else the newest word on it', () => {
    const own = { ...device('suppressed'), reasonText: { en: 'muted', zh: '免打扰' } };
    expect(reasonOf(trace([own], [[5, 6]]), own)?.en).toBe('muted');
    const pushed = { ...device('pushed'), deviceID: null };
    expect(reasonOf(trace([pushed], [[5, 6]]), pushed)).toEqual(text);
    expect(reasonOf(trace([pushed], []), pushed)).toBeNull();
  });
});
