/** Calls of advanced mode, and calls that end while the connection is broken. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PUSH_LINK, type ZIM } from '../../src/core.js';
import type { WireCall, WireCallReceived } from '../../src/wire.js';
import { FakeServer, loggedIn, settle } from '../fake/server.js';

let server: FakeServer;
let zim: ZIM;
let told: unknown[];
let changes: string[];

const ringing: WireCallReceived = {
  callID: '77',
  mode: 1,
  caller: 'bob',
  inviter: 'cho',
  extendedData: 'hi',
  timeout: 30,
  createTime: 1,
  callUserList: [
    { userID: 'bob', state: 1 },
    { userID: 'ann', state: 0 },
  ],
};

/** The call as the list shows it, with ann in this state. */
function listed(state: number, mode = 0, over = true): WireCall {
  const callUserList = [
    { userID: 'bob', state: 1 },
    { userID: 'ann', state },
  ];
  return { ...ringing, mode, callUserList, state: over ? 2 : 1, endTime: over ? 9 : 0 };
}

function state(userID: string, number: number): void {
  server.link.notify('call.userStateChanged', { callID: '77', callUserList: [{ userID, state: number }] });
}

function last(method: string): Record<string, unknown> | undefined {
  return server.link.of(method).at(-1)?.params;
}

/** The connection breaks and comes back. */
async function comeBack(): Promise<void> {
  server.link.close(1006);
  await vi.advanceTimersByTimeAsync(1_000);
  await settle();
}

beforeEach(async () => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  server = new FakeServer();
  zim = await loggedIn(server);
  told = [];
  changes = [];
  zim[PUSH_LINK].watch((event) => event.kind === 'call' && changes.push(event.change));
  zim.on('callInvitationReceived', (_, { inviter }) => told.push(['received', inviter]));
  zim.on('callInvitationCancelled', (_, { inviter }) => told.push(['cancelled', inviter]));
  zim.on('callInvitationTimeout', (_, { callID }) => told.push(['timeout', callID]));
  zim.on('callInvitationEnded', (_, { endTime }) => told.push(['ended', endTime]));
  zim.on('callUserStateChanged', (_, { callUserList }) =>
    told.push(callUserList.map(({ userID, state }) => [userID, state])),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

describe('advanced calls', () => {
  it('are made, widened, joined, left and ended', async () => {
    server
      .on('call.invite', () => ({ callID: '5', timeout: 90, errorUserList: [] }))
      .on('call.callingInvite', ({ callID }) => ({
        callID,
        errorUserList: [{ userID: 'dan', reason: 6000283 }],
      }))
      .on('call.join', ({ callID }) => ({
        callID,
        createTime: 1,
        joinTime: 2,
        extendedData: 'hi',
        callUserList: [{ userID: 'bob', state: 1 }],
      }))
      .on('call.quit', ({ callID }) => ({ callID, createTime: 1, acceptTime: 2, quitTime: 3 }))
      .on('call.end', ({ callID }) => ({ callID, createTime: 1, acceptTime: 2, endTime: 3 }));
    const pushConfig = { title: 't', content: 'c', payload: '' };
    await zim.callInvite(['bob'], { mode: 1, enableNotReceivedCheck: true });
    expect(last('call.invite')).toMatchObject({ mode: 1, enableNotReceivedCheck: true });
    const widened = await zim.callingInvite(['cho', 'dan'], '5', { pushConfig });
    expect(widened.errorUserList).toEqual([{ userID: 'dan', reason: 6000283 }]);
    expect(last('call.callingInvite')).toEqual({
      callID: '5',
      invitees: ['cho', 'dan'],
      pushConfig: { title: 't', content: 'c' },
    });
    expect(await zim.callJoin('77', { extendedData: 'x' })).toMatchObject({
      joinTime: 2,
      callUserList: [{ userID: 'bob', state: 1, extendedData: '' }],
    });
    expect(await zim.callQuit('77', { extendedData: 'bye', pushConfig })).toMatchObject({ quitTime: 3 });
    expect(last('call.quit')).toEqual({
      callID: '77',
      extendedData: 'bye',
      pushConfig: { title: 't', content: 'c' },
    });
    expect(await zim.callEnd('5', {})).toMatchObject({ endTime: 3 });
    await expect(zim.callingInvite([], '5', {})).rejects.toMatchObject({ code: 6000001 });
  });

  it('accepted here go on until they are ended, or taken over elsewhere', async () => {
    server.on('call.accept', ({ callID }) => {
      state('ann', 1);
      return { callID };
    });
    server.link.notify('call.received', ringing);
    await zim.callAccept('77', {});
    state('bob', 1);
    expect(changes).toEqual(['ringing', 'answered']);
    state('ann', 1);
    expect(changes).toEqual(['ringing', 'answered', 'over']);
  });

  it('that one is called to again ring again', () => {
    server.link.notify('call.received', ringing);
    server.link.notify('call.timeout', { callID: '77', mode: 1 });
    server.link.notify('call.received', ringing);
    expect(told).toEqual([
      ['received', 'cho'],
      ['timeout', '77'],
      ['received', 'cho'],
    ]);
    expect(changes).toEqual(['ringing', 'over', 'ringing']);
  });
});

describe('a ring that ends while the connection is broken', () => {
  const ends: [string, WireCall | null, unknown[]][] = [
    ['timed out', listed(6), [['timeout', '77']]],
    ['was cancelled', listed(10), [['cancelled', 'cho']]],
    ['was answered elsewhere and is over', listed(1), [[['ann', 1]], [['bob', 1]], ['ended', 9]]],
    ['was answered elsewhere and goes on', listed(1, 1, false), [[['ann', 1]]]],
    ['ended with its call', listed(8, 1), [[['ann', 8]], [['bob', 1]], ['ended', 9]]],
    ['is not known any more', null, [['timeout', '77']]],
  ];

  it.each(ends)('%s', async (_, call, expected) => {
    server.on('call.list', () => ({ callList: call ? [call] : [] }));
    server.link.notify('call.received', { ...ringing, mode: call?.mode ?? 0 });
    told.length = 0;
    await comeBack();
    expect(told).toEqual(expected);
    expect(changes.at(-1)).toBe('over');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual(expected);
  });

  it('rings on when it still rings', async () => {
    server.on('call.list', () => ({ callList: [listed(5, 0, false)] }));
    server.link.notify('call.received', ringing);
    await comeBack();
    expect(told).toEqual([['received', 'cho']]);
    expect(changes).toEqual(['ringing']);
  });

  it('ends by itself when there is nobody to ask', async () => {
    server.link.notify('call.received', ringing);
    server.unreachable = true;
    server.link.close(1006);
    await vi.advanceTimersByTimeAsync(31_900);
    expect(changes).toEqual(['ringing']);
    await vi.advanceTimersByTimeAsync(200);
    expect(told.at(-1)).toEqual(['timeout', '77']);
    expect(changes).toEqual(['ringing', 'over']);
  });

  it('is asked for once when its end was not told', async () => {
    server.on('call.list', () => ({ callList: [listed(6)] }));
    server.link.notify('call.received', ringing);
    await vi.advanceTimersByTimeAsync(32_100);
    expect(told.at(-1)).toEqual(['timeout', '77']);
    expect(server.link.of('call.list')).toHaveLength(1);
  });
});

it('a caller who comes back hears that the call is over', async () => {
  server
    .on('call.invite', () => ({ callID: '77', timeout: 90, errorUserList: [] }))
    .on('call.list', () => ({
      callList: [
        {
          ...listed(1),
          caller: 'ann',
          inviter: 'ann',
          callUserList: [
            { userID: 'ann', state: 1 },
            { userID: 'bob', state: 2 },
          ],
        },
      ],
    }));
  server.link.notify('call.created', { ...ringing, caller: 'ann', mode: 0 });
  await zim.callInvite(['bob'], {});
  await comeBack();
  expect(told).toEqual([[['bob', 2]], ['ended', 9]]);
});
