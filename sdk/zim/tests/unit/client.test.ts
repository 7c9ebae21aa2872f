/** Groups, calls, users and what else a client does: requests made of calls, events made of notifications. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient, PUSH_LINK, type ZIM } from '../../src/core.js';
import type { WireCallReceived } from '../../src/wire.js';
import { type FakeServer, loggedIn, Refusal, settle, stage, testPlatform } from '../fake/server.js';

let server: FakeServer;
let zim: ZIM;

const group = { groupID: 'g1', groupName: 'Geese', groupAvatarUrl: 'a.png' };
const member = (
  userID: string,
  memberRole = 3,
): { userID: string; userName: string; memberRole: number } => ({
  userID,
  userName: userID.toUpperCase(),
  memberRole,
});
const fullGroup = {
  baseInfo: group,
  groupNotice: '',
  groupAttributes: {},
  groupAlias: '',
  notificationStatus: 1,
  mutedInfo: { mode: 0, expiredTime: 0, roles: [] },
  createTime: 0,
  maxMemberCount: 0,
  verifyInfo: { joinMode: 0, inviteMode: 0, beInviteMode: 0 },
};

beforeEach(async () => {
  [server, zim] = await stage();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('groups', () => {
  it('are created, and shown in full', async () => {
    server.on('group.create', ({ groupInfo }) => ({
      groupInfo: { ...groupInfo, groupNotice: 'hello' },
      userList: [member('ann', 1), member('bob')],
      errorUserList: [{ userID: 'nobody', reason: 6000011 }],
    }));
    const created = await zim.createGroup(group, ['bob', 'nobody'], {
      groupNotice: 'hello',
      groupAttributes: {},
    });
    expect(server.link.last('group.create')).toEqual({
      groupInfo: { ...group, groupNotice: 'hello' },
      userIDs: ['bob', 'nobody'],
    });
    expect(created.groupInfo).toEqual({ ...fullGroup, groupNotice: 'hello' });
    expect(created.userList[1]).toMatchObject({
      userID: 'bob',
      userName: 'BOB',
      memberRole: 3,
      memberNickname: '',
    });
    expect(created.errorUserList).toEqual([{ userID: 'nobody', reason: 6000011 }]);
  });

  it.each([
    [{ ...group, groupID: '#g' }, [], {}, 6000001],
    [{ ...group, groupName: '名'.repeat(51) }, [], {}, 6000001],
    [group, Array.from({ length: 101 }, (_, i) => `u${i}`), {}, 6000001],
    [group, [], { groupNotice: '告'.repeat(301) }, 6000001],
    [group, [], { groupAttributes: { a: 'b' } }, 6000013],
    [group, [], { joinMode: 2 }, 6000013],
    [group, [], { maxMemberCount: 5 }, 6000013],
  ])('are not created with %#', async (info, users, config, code) => {
    await expect(zim.createGroup(info, users, config)).rejects.toMatchObject({ code });
    expect(server.link.of('group.create')).toHaveLength(0);
  });

  it('are joined, left, dismissed, filled and emptied', async () => {
    server
      .on('group.join', () => ({ groupInfo: group }))
      .on('group.get', () => ({ groupInfo: group }))
      .on('group.invite', () => ({ groupInfo: group, userList: [member('bob')], errorUserList: [] }))
      .on('group.kick', () => ({
        kickedUserIDs: ['bob'],
        errorUserList: [{ userID: 'cho', reason: 6000521 }],
      }));
    expect(await zim.joinGroup('g1')).toEqual({ groupInfo: fullGroup });
    expect(await zim.queryGroupInfo('g1')).toEqual({ groupInfo: fullGroup });
    expect(await zim.inviteUsersIntoGroup(['bob'], 'g1')).toMatchObject({
      groupID: 'g1',
      userList: [{ userID: 'bob' }],
    });
    expect(await zim.kickGroupMembers(['bob', 'cho'], 'g1')).toEqual({
      groupID: 'g1',
      kickedUserIDs: ['bob'],
      errorUserList: [{ userID: 'cho', reason: 6000521 }],
    });
    expect(await zim.leaveGroup('g1')).toEqual({ groupID: 'g1' });
    expect(await zim.dismissGroup('g1')).toEqual({ groupID: 'g1' });
    await expect(zim.joinGroup('')).rejects.toMatchObject({ code: 6000001 });
  });

  it('are listed whole or in pages', async () => {
    const groups = ['g1', 'g2', 'g3'].map((groupID) => ({ ...group, groupID }));
    server.on('group.list', () => ({ groupList: groups }));
    expect((await zim.queryGroupList()).groupList).toHaveLength(3);
    const page = await zim.queryGroupList(2, { nextFlag: 0, userIDs: [] });
    expect(page).toMatchObject({ nextFlag: 2, groupList: [{ baseInfo: { groupID: 'g1' } }, {}] });
    expect(await zim.queryGroupList(2, { nextFlag: 2, userIDs: [] })).toMatchObject({
      nextFlag: 0,
      groupList: [{}],
    });
    await expect(zim.queryGroupList(2, { userIDs: ['bob'] })).rejects.toMatchObject({ code: 6000013 });
    server.on('group.members', ({ nextFlag }) => ({ userList: [member('bob')], nextFlag: nextFlag + 1 }));
    expect(await zim.queryGroupMemberList('g1', { count: 1, nextFlag: 4 })).toMatchObject({
      groupID: 'g1',
      nextFlag: 5,
    });
  });

  it('tell what happened, with the name and role of who did it where they are known', () => {
    const told: unknown[] = [];
    zim.on('groupStateChanged', (_, data) => told.push(data));
    zim.on('groupMemberStateChanged', (_, data) => told.push(data));
    server.link.notify('group.memberStateChanged', {
      groupID: 'g1',
      state: 1,
      event: 1,
      operatedUserID: 'bob',
      userList: [member('bob', 2)],
    });
    server.link.notify('group.stateChanged', { state: 0, event: 6, operatedUserID: 'bob', groupInfo: group });
    expect(told).toMatchObject([
      { groupID: 'g1', state: 1, event: 1, userList: [{ userID: 'bob' }] },
      { state: 0, event: 6, groupInfo: { baseInfo: group } },
    ]);
    const operatedInfo = { userID: 'bob', userName: 'BOB', memberNickname: '', memberRole: 2 };
    expect(told).toMatchObject([{ operatedInfo }, { operatedInfo }]);
  });
});

describe('calls', () => {
  const ringing: WireCallReceived = {
    callID: '77',
    mode: 0,
    caller: 'bob',
    inviter: 'bob',
    extendedData: 'hi',
    timeout: 90,
    createTime: 1,
    callUserList: [
      { userID: 'bob', state: 1 },
      { userID: 'ann', state: 0 },
    ],
  };

  it('invite, with the older name of the failed ones beside the newer', async () => {
    server.on('call.invite', ({ timeout = 0 }) => ({
      callID: '9007199254740993',
      timeout: timeout || 90,
      errorUserList: [{ userID: 'cho', reason: 6000011 }],
    }));
    const config = { timeout: 60, extendedData: 'x', pushConfig: { title: 't', content: 'c', payload: '' } };
    expect(await zim.callInvite(['bob', 'cho'], config)).toEqual({
      callID: '9007199254740993',
      timeout: 60,
      errorUserList: [{ userID: 'cho', reason: 6000011 }],
      errorInvitees: [{ userID: 'cho', state: -1, extendedData: '' }],
    });
    expect(server.link.last('call.invite')).toEqual({
      invitees: ['bob', 'cho'],
      timeout: 60,
      mode: 0,
      extendedData: 'x',
      pushConfig: { title: 't', content: 'c' },
    });
  });

  it.each([
    [[], {}, 6000001],
    [Array.from({ length: 100 }, (_, i) => `u${i}`), {}, 6000001],
    [['bob'], { timeout: 601 }, 6000001],
    [['bob'], { extendedData: 'e'.repeat(2049) }, 6000001],
    [['bob'], { mode: 2 }, 6000001],
  ])('are not made with %#', async (invitees, config, code) => {
    await expect(zim.callInvite(invitees, config)).rejects.toMatchObject({ code });
  });

  it('are cancelled, accepted and rejected', async () => {
    server
      .on('call.cancel', ({ callID }) => ({ callID, errorInvitees: ['bob'] }))
      .on('call.accept', ({ callID }) => ({ callID }))
      .on('call.reject', () => {
        throw new Refusal(6000276);
      });
    expect(await zim.callCancel(['bob'], '77', { extendedData: 'no' })).toEqual({
      callID: '77',
      errorInvitees: ['bob'],
    });
    expect(server.link.last('call.cancel')).toEqual({ callID: '77', invitees: ['bob'], extendedData: 'no' });
    expect(await zim.callAccept('77', { extendedData: '' })).toEqual({ callID: '77' });
    await expect(zim.callReject('77', { extendedData: '' })).rejects.toMatchObject({ code: 6000276 });
    await expect(zim.callAccept('no number', { extendedData: '' })).rejects.toMatchObject({ code: 6000001 });
  });

  it('ring once, however often they come, and are acknowledged after the listener', () => {
    const rung: string[] = [];
    zim.on('callInvitationReceived', (_, call) => {
      expect(server.link.of('call.ack')).toHaveLength(0);
      rung.push(call.inviter);
      expect(call.callUserList).toEqual([
        { userID: 'bob', state: 1, extendedData: '' },
        { userID: 'ann', state: 0, extendedData: '' },
      ]);
    });
    server.link.notify('call.received', ringing);
    server.link.notify('call.received', ringing);
    expect(rung).toEqual(['bob']);
    expect(server.link.of('call.ack').map(({ params }) => params)).toEqual([
      { callID: '77' },
      { callID: '77' },
    ]);
  });

  it('that nobody listens to are not acknowledged, so that they are pushed', () => {
    server.link.notify('call.received', ringing);
    expect(server.link.of('call.ack')).toHaveLength(0);
  });

  describe('tell the push link where an invitation is on this device', () => {
    const state = (number: number): void =>
      server.link.notify('call.userStateChanged', {
        callID: '77',
        callUserList: [{ userID: 'ann', state: number }],
      });
    const end = (): void =>
      server.link.notify('call.ended', {
        callID: '77',
        mode: 0,
        caller: 'bob',
        operatedUserID: 'bob',
        extendedData: '',
        endTime: 9,
      });
    const table: [string, () => unknown, string[]][] = [
      ['shown again', () => server.link.notify('call.received', ringing), ['ringing', 'ringing']],
      ['seen by another device', () => state(5), ['ringing']],
      ['accepted elsewhere', () => state(1), ['ringing', 'over']],
      ['rejected elsewhere', () => state(2), ['ringing', 'over']],
      ['rejected here', () => zim.callReject('77', {}), ['ringing', 'over']],
      ['ended', end, ['ringing', 'over']],
      ['timed out', () => server.link.notify('call.timeout', { callID: '77', mode: 0 }), ['ringing', 'over']],
    ];

    it.each(table)('%s', async (_, happen, expected) => {
      const told: string[] = [];
      zim[PUSH_LINK].watch((event) => event.kind === 'call' && told.push(event.change));
      server.on('call.reject', ({ callID }) => ({ callID }));
      server.link.notify('call.received', ringing);
      expect(told).toEqual([]);
      zim.on('callInvitationReceived', () => undefined);
      server.link.notify('call.received', ringing);
      await happen();
      expect(told).toEqual(expected);
    });

    it('accepted here: its end is not the end of the talk', async () => {
      const told: string[] = [];
      zim[PUSH_LINK].watch((event) => event.kind === 'call' && told.push(event.change));
      zim.on('callInvitationReceived', () => undefined);
      server.link.notify('call.received', ringing);
      server.on('call.accept', ({ callID }) => {
        state(1);
        end();
        return { callID };
      });
      await zim.callAccept('77', {});
      expect(told).toEqual(['ringing', 'answered']);
    });

    it('accepting that was refused leaves it ringing until it is over', async () => {
      const told: string[] = [];
      zim[PUSH_LINK].watch((event) => event.kind === 'call' && told.push(event.change));
      server.on('call.accept', () => {
        throw new Refusal(6000276);
      });
      await expect(zim.callAccept('77', {})).rejects.toMatchObject({ code: 6000276 });
      end();
      expect(told).toEqual(['over']);
    });
  });

  it('tell the caller under the older names too', async () => {
    server.on('call.invite', () => ({ callID: '5', timeout: 90, errorUserList: [] }));
    const told: unknown[] = [];
    zim.on('callUserStateChanged', (_, { callUserList }) =>
      told.push(callUserList.map(({ state }) => state)),
    );
    zim.on('callInvitationAccepted', (_, data) => told.push(['accepted', data]));
    zim.on('callInvitationRejected', (_, data) => told.push(['rejected', data]));
    zim.on('callInviteesAnsweredTimeout', (_, data) => told.push(['timeout', data]));
    await zim.callInvite(['bob', 'cho', 'dan'], {});
    server.link.notify('call.userStateChanged', {
      callID: '5',
      callUserList: [
        { userID: 'ann', state: 1 },
        { userID: 'bob', state: 1, extendedData: 'yes' },
        { userID: 'cho', state: 2 },
        { userID: 'dan', state: 6 },
      ],
    });
    server.link.notify('call.userStateChanged', { callID: '6', callUserList: [{ userID: 'bob', state: 1 }] });
    expect(told).toEqual([
      [1, 1, 2, 6],
      ['accepted', { callID: '5', invitee: 'bob', extendedData: 'yes' }],
      ['rejected', { callID: '5', invitee: 'cho', extendedData: '' }],
      ['timeout', { callID: '5', invitees: ['dan'] }],
      [1],
    ]);
  });

  it('pass their other events on as they are', () => {
    const told: unknown[] = [];
    zim.on('callInvitationCreated', (_, data) =>
      told.push(['created', data.callID, data.callUserList.length]),
    );
    zim.on('callInvitationCancelled', (_, data) => told.push(['cancelled', data.inviter]));
    zim.on('callInvitationTimeout', (_, data) => told.push(['timeout', data.callID]));
    zim.on('callInvitationEnded', (_, data) => told.push(['ended', data.endTime]));
    const { inviter, ...created } = ringing;
    server.link.notify('call.created', created);
    server.link.notify('call.cancelled', { callID: '77', mode: 0, inviter, extendedData: '' });
    server.link.notify('call.timeout', { callID: '77', mode: 0 });
    const ended = {
      callID: '77',
      mode: 0,
      caller: 'bob',
      operatedUserID: 'ann',
      extendedData: '',
      endTime: 9,
    };
    server.link.notify('call.ended', ended);
    expect(told).toEqual([
      ['created', '77', 2],
      ['cancelled', 'bob'],
      ['timeout', '77'],
      ['ended', 9],
    ]);
  });

  it('are listed in pages whose flags are numbers', async () => {
    const call = { ...ringing, inviter: 'cho', state: 2, endTime: 5 };
    server.on('call.list', ({ before }) => ({
      callList: [{ ...call, callID: before ?? '9007199254740995' }],
      ...(before === undefined ? { next: '9007199254740993' } : {}),
    }));
    const page = await zim.queryCallInvitationList({ count: 1 });
    expect(page).toMatchObject({ nextFlag: 1, callList: [{ caller: 'bob', inviter: 'cho', state: 2 }] });
    const second = await zim.queryCallInvitationList({ count: 1, nextFlag: page.nextFlag });
    expect(second).toMatchObject({ nextFlag: 0, callList: [{ callID: '9007199254740993' }] });
    await expect(zim.queryCallInvitationList({ count: 1, nextFlag: 7 })).rejects.toMatchObject({
      code: 6000001,
    });
  });
});

describe('users', () => {
  it('are asked for once, and again when the server is meant', async () => {
    server.on('user.query', ({ userIDs }) => ({
      userList: userIDs
        .filter((id) => id !== 'nobody')
        .map((userID) => ({ userID, userName: userID.toUpperCase() })),
      errorUserList: userIDs.filter((id) => id === 'nobody').map((userID) => ({ userID, reason: 6000011 })),
    }));
    expect(await zim.queryUsersInfo(['bob', 'nobody'], {})).toEqual({
      userList: [
        {
          baseInfo: { userID: 'bob', userName: 'BOB', userAvatarUrl: '', userExtendedData: '' },
          userAvatarUrl: '',
          extendedData: '',
        },
      ],
      errorUserList: [{ userID: 'nobody', reason: 6000011 }],
    });
    await zim.queryUsersInfo(['bob', 'ann'], {});
    expect(server.link.of('user.query')).toHaveLength(1);
    await zim.queryUsersInfo(['bob'], { isQueryFromServer: true });
    expect(server.link.of('user.query')).toHaveLength(2);
    await expect(zim.queryUsersInfo([], {})).rejects.toMatchObject({ code: 6000001 });
  });
});

describe('history', () => {
  it('turns the page as asked', async () => {
    server.on('message.history', () => ({ messages: [], hasMore: false }));
    const nextMessage = { type: 1, messageSeq: 40 };
    await zim.queryHistoryMessage('bob', 0, { count: 30, reverse: true });
    expect(server.link.last('message.history')).toEqual({
      conversationID: 'bob',
      conversationType: 0,
      count: 30,
    });
    await zim.queryHistoryMessage('bob', 0, { count: 30, reverse: true, nextMessage });
    expect(server.link.last('message.history')).toMatchObject({ beforeSeq: 40 });
    await zim.queryHistoryMessage('bob', 0, { count: 30, nextMessage });
    expect(server.link.last('message.history')).toMatchObject({ afterSeq: 40 });
    await zim.queryHistoryMessage('bob', 0, { count: 30 });
    expect(server.link.last('message.history')).toMatchObject({ afterSeq: 0 });
    const asked = server.link.of('message.history').length;
    expect((await zim.queryHistoryMessage('bob', 0, { count: 30, mode: 2 })).messageList).toEqual([]);
    expect(server.link.of('message.history')).toHaveLength(asked);
    await expect(zim.queryHistoryMessage('bob', 0, { count: 101 })).rejects.toMatchObject({ code: 6000001 });
    const first = zim.queryHistoryMessage('bob', 0, { count: 1, nextMessage: { type: 1 } });
    await expect(first).rejects.toMatchObject({ code: 6000001 });
  });
});

describe('a client', () => {
  it.each([
    [{ appID: 0 }, 6000003],
    [{ appID: 1.5 }, 6000003],
    [{ appID: 1, server: 'no address' }, 6000001],
    [{ appID: 1, server: 'ftp://x' }, 6000001],
    [{ appID: 1, deviceID: 'short' }, 6000001],
  ])('is not made of %o', (config, code) => {
    expect(() => createClient(config, testPlatform(server))).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });

  it.each([
    ['https://im.example.com', 'wss://im.example.com/ws'],
    ['http://127.0.0.1:7800/', 'ws://127.0.0.1:7800/ws'],
    ['ws://127.0.0.1:7800/im/ws', 'ws://127.0.0.1:7800/im/ws'],
    ['wss://[::1]:7800', 'wss://[::1]:7800/ws'],
  ])('finds the socket of %s', async (address, url) => {
    await loggedIn(server, testPlatform(server), { server: address });
    expect(server.link.url).toBe(url);
  });

  it('replaces a listener and removes it', () => {
    const heard: string[] = [];
    zim.on('tokenWillExpire', () => heard.push('older'));
    zim.on('tokenWillExpire', (client) => heard.push(client === zim ? 'newer' : 'stranger'));
    server.link.notify('session.tokenWillExpire', { second: 1 });
    zim.off('tokenWillExpire');
    server.link.notify('session.tokenWillExpire', { second: 1 });
    expect(heard).toEqual(['newer']);
    expect(() => zim.on('error', null as never)).toThrow();
  });

  it('logs from the level that was set, never a secret', async () => {
    const lines: string[] = [];
    const platform = testPlatform(server, { log: (_, text) => lines.push(text) });
    const quiet = await loggedIn(server, platform);
    expect(lines).toEqual([]);
    quiet.setLogConfig({ logLevel: 'debug' });
    server.link.close(1006);
    await settle();
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join()).not.toContain('aaaa');
    expect(() => quiet.setLogConfig({ logLevel: 'loud' as never })).toThrow();
  });
});
