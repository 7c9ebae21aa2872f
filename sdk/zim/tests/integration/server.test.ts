/**
 * The client against a real server: identity, messages, gaps in the network, conversations, groups, calls.
 */

import { afterEach, describe, expect, it } from 'vitest';
import { memoryStorage } from '../../src/core.js';
import type { ZIMMessage } from '../../src/core.js';
import { newApp, Person, startDevServer, token04, Wire } from './dev.js';
import { gather } from './people.js';

const TEXT = { priority: 2 };
const wires: Wire[] = [];

// Hooks run backwards: people leave over their wires before those are closed.
afterEach(() => {
  for (const wire of wires.splice(0)) wire.close();
});

const people = gather(
  'peerMessageReceived',
  'groupMessageReceived',
  'connectionStateChanged',
  'conversationChanged',
  'conversationTotalUnreadMessageCountUpdated',
  'groupStateChanged',
  'groupMemberStateChanged',
  'callInvitationCreated',
  'callInvitationReceived',
  'callInvitationCancelled',
  'callInvitationTimeout',
  'callInvitationEnded',
  'callUserStateChanged',
  'callInvitationAccepted',
  'callInviteesAnsweredTimeout',
  'tokenWillExpire',
  'error',
);
const { arrive } = people;

function text(message: string): ZIMMessage {
  return { type: 1, message };
}

describe('identity', () => {
  it('a wrong AppSign, a token of somebody else, an expired one', async () => {
    const wrong = new Person({ ...people.dev, appSign: '0'.repeat(64) });
    await expect(wrong.zim.login('ann', {})).rejects.toMatchObject({ code: 6000101 });
    const { zim } = new Person(people.dev);
    await expect(zim.login('ann', { token: token04(people.dev, 'bob') })).rejects.toMatchObject({
      code: 6000103,
    });
    await expect(zim.login('ann', { token: token04(people.dev, 'ann', -5) })).rejects.toMatchObject({
      code: 6000106,
    });
    await expect(zim.login('ann', { token: token04(people.dev, 'ann', 20) })).rejects.toMatchObject({
      code: 6000108,
    });
    await expect(zim.login('ann', { token: '03AAAA' })).rejects.toMatchObject({ code: 6000107 });
    const nowhere = new Person({ ...people.dev, appID: 1 });
    await expect(nowhere.zim.login('ann', {})).rejects.toMatchObject({ code: 6000003 });
  });

  it('a token that ends soon is announced and renewed', async () => {
    const person = new Person(people.dev).listen('tokenWillExpire');
    people.add(person);
    await person.zim.login('token-user', { token: token04(people.dev, 'token-user', 31) });
    const { second } = await person.until('tokenWillExpire');
    expect(second).toBeLessThanOrEqual(30);
    const token = token04(people.dev, 'token-user');
    await expect(person.zim.renewToken(token)).resolves.toEqual({ token });
    await expect(person.zim.renewToken(token04(people.dev, 'bob'))).rejects.toMatchObject({ code: 6000103 });
  });

  it('the newer login wins', async () => {
    const app = await newApp(people.dev, 'one device');
    const [userID, first] = await arrive({ app });
    const [, second] = await arrive({ app, as: userID });
    await first.until('connectionStateChanged', ({ state, event }) => state === 0 && event === 4);
    await expect(first.zim.queryGroupList()).rejects.toMatchObject({ code: 6000121 });
    await expect(second.zim.queryGroupList()).resolves.toMatchObject({ groupList: [] });
  });
});

describe('messages', () => {
  it('arrive once, in order, as they were sent', async () => {
    const [annID, ann] = await arrive();
    const [bobID, bob] = await arrive();
    const sent = await Promise.all(
      Array.from({ length: 10 }, (_, i) => ann.zim.sendMessage(text(`第 ${i} 条`), bobID, 0, TEXT)),
    );
    expect(sent.map(({ message }) => message.messageSeq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await bob.wait(() => (bob.texts().length === 10 ? true : undefined));
    expect(bob.texts()).toEqual(Array.from({ length: 10 }, (_, i) => `第 ${i} 条`));
    const [first] = bob.heard('peerMessageReceived');
    expect(first).toMatchObject({ fromConversationID: annID, info: { isOfflineMessage: false } });
    expect(first?.messageList[0]).toMatchObject({
      senderUserID: annID,
      conversationID: annID,
      direction: 1,
      type: 1,
    });
  });

  it('of every type come as they went', async () => {
    const [, ann] = await arrive();
    const [bobID, bob] = await arrive();
    const custom = { type: 200, message: '{"a":1}', subType: 200, searchedContent: 'a', extendedData: 'e' };
    await ann.zim.sendMessage(custom, bobID, 0, TEXT);
    const bytes = Uint8Array.from({ length: 5120 }, (_, i) => i & 255);
    const { message: command } = await ann.zim.sendMessage({ type: 2, message: bytes }, bobID, 0, TEXT);
    expect(command).toMatchObject({ messageSeq: 0, message: bytes });
    await bob.wait(() => (bob.texts().length === 2 ? true : undefined));
    const got = bob.heard('peerMessageReceived').flatMap(({ messageList }) => messageList);
    expect(got[0]).toMatchObject(custom);
    expect(got[1]).toMatchObject({ type: 2, message: bytes, messageSeq: 0 });
  });

  it('are refused with ZIM’s numbers', async () => {
    const [, ann] = await arrive();
    const send = (to: string, type: number): Promise<unknown> =>
      ann.zim.sendMessage(text('x'), to, type, TEXT);
    await expect(send('nobody-here', 0)).rejects.toMatchObject({ code: 6000204 });
    await expect(send('no-such-group', 2)).rejects.toMatchObject({ code: 6000523 });
    await expect(send('geese', 2)).rejects.toMatchObject({ code: 6000521 });
  });

  it('sent twice under one ID are one message', async () => {
    const [, ann] = await arrive();
    const [bobID, bob] = await arrive();
    const { message } = await ann.zim.sendMessage(text('once'), bobID, 0, TEXT);
    const again = await ann.zim.sendMessage(message, bobID, 0, { ...TEXT, isRetrySend: true });
    expect(again.message.messageID).toBe(message.messageID);
    const other = { ...message, message: 'another text' };
    const clash = ann.zim.sendMessage(other, bobID, 0, { ...TEXT, isRetrySend: true });
    await expect(clash).rejects.toMatchObject({ code: 6000001 });
    await ann.zim.sendMessage(text('last'), bobID, 0, TEXT);
    await bob.wait(() => (bob.texts().includes('last') ? true : undefined));
    expect(bob.texts()).toEqual(['once', 'last']);
  });

  it('wait for who is away, and come flagged as offline messages, once', async () => {
    const [annID, ann] = await arrive();
    const storage = memoryStorage();
    const [bobID, bob] = await arrive({ storage });
    await ann.zim.sendMessage(text('live'), bobID, 0, TEXT);
    await bob.until('peerMessageReceived');
    await bob.zim.logout();
    for (let i = 0; i < 3; i++) await ann.zim.sendMessage(text(`away ${i}`), bobID, 0, TEXT);
    const [, back] = await arrive({ storage, as: bobID });
    await back.wait(() => (back.texts().length >= 3 ? true : undefined));
    expect(back.texts()).toEqual(['away 0', 'away 1', 'away 2']);
    expect(back.heard('peerMessageReceived').every(({ info }) => info.isOfflineMessage)).toBe(true);
    await back.zim.logout();
    const [, again] = await arrive({ storage, as: bobID });
    await ann.zim.sendMessage(text('now'), bobID, 0, TEXT);
    await again.wait(() => (again.texts().length >= 1 ? true : undefined));
    expect(again.texts()).toEqual(['now']);
    const history = await again.zim.queryHistoryMessage(annID, 0, { count: 2, reverse: true });
    expect(history.messageList.map(({ message }) => message)).toEqual(['away 2', 'now']);
    const older = await again.zim.queryHistoryMessage(annID, 0, {
      count: 100,
      reverse: true,
      nextMessage: history.messageList[0]!,
    });
    expect(older.messageList.map(({ message }) => message)).toEqual(['live', 'away 0', 'away 1']);
    const newer = await again.zim.queryHistoryMessage(annID, 0, { count: 2 });
    expect(newer.messageList.map(({ messageSeq }) => messageSeq)).toEqual([1, 2]);
  });
});

describe('a network that breaks', () => {
  it('loses nothing and doubles nothing, in both directions', async () => {
    const wire = await Wire.to(people.dev);
    wires.push(wire);
    const [annID, ann] = await arrive({ server: wire.address });
    const [bobID, bob] = await arrive();
    const sends: Promise<unknown>[] = [];
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 2; i++) {
        sends.push(ann.zim.sendMessage(text(`out ${round}.${i}`), bobID, 0, TEXT));
        sends.push(bob.zim.sendMessage(text(`in ${round}.${i}`), annID, 0, TEXT));
      }
      wire.cut();
      sends.push(ann.zim.sendMessage(text(`out ${round}.cut`), bobID, 0, TEXT));
      sends.push(bob.zim.sendMessage(text(`in ${round}.cut`), annID, 0, TEXT));
      await ann.until('connectionStateChanged', ({ state }) => state === 3);
      wire.mend();
      const before = ann.heard('connectionStateChanged').length;
      await ann.wait(() =>
        ann
          .heard('connectionStateChanged')
          .slice(before - 1)
          .find(({ state }) => state === 2),
      );
    }
    await Promise.all(sends);
    const expected = (way: string): string[] =>
      Array.from({ length: 3 }, (_, round) => ['0', '1', 'cut'].map((i) => `${way} ${round}.${i}`)).flat();
    await ann.wait(() => (ann.texts().length >= 9 ? true : undefined));
    await bob.wait(() => (bob.texts().length >= 9 ? true : undefined));
    expect(bob.texts()).toEqual(expected('out'));
    expect(ann.texts()).toEqual(expected('in'));
    const seqs = ann
      .heard('peerMessageReceived')
      .flatMap(({ messageList }) => messageList.map((m) => m.messageSeq!));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  }, 60_000);

  it('or a server that is killed in the middle', async () => {
    let own = await startDevServer();
    try {
      const ann = new Person(own).listen('connectionStateChanged', 'peerMessageReceived');
      const bob = new Person(own).listen('connectionStateChanged', 'peerMessageReceived');
      people.add(ann);
      people.add(bob);
      await ann.zim.login('ann', {});
      await bob.zim.login('bob', {});
      const sends = ['1', '2', '3'].map((n) => ann.zim.sendMessage(text(n), 'bob', 0, TEXT));
      await own.kill();
      for (const n of ['4', '5']) sends.push(ann.zim.sendMessage(text(n), 'bob', 0, TEXT));
      own = await startDevServer(own);
      const sent = await Promise.all(sends);
      expect(sent.map(({ message }) => message.messageSeq)).toEqual([1, 2, 3, 4, 5]);
      await bob.wait(() => (bob.texts().length >= 5 ? true : undefined), 20_000);
      expect(bob.texts()).toEqual(['1', '2', '3', '4', '5']);
      const history = await bob.zim.queryHistoryMessage('ann', 0, { count: 100 });
      expect(history.messageList.map(({ message }) => message)).toEqual(['1', '2', '3', '4', '5']);
    } finally {
      await own.stop();
    }
  }, 90_000);

  it('is survived by requests that may be repeated', async () => {
    const wire = await Wire.to(people.dev);
    wires.push(wire);
    const [, ann] = await arrive({ server: wire.address });
    wire.cut();
    const asked = ann.zim.queryGroupList();
    await ann.until('connectionStateChanged', ({ state }) => state === 3);
    wire.mend();
    await expect(asked).resolves.toMatchObject({ groupList: [] });
  });
});

describe('conversations', () => {
  it('have the same unread counts here and there', async () => {
    const [annID, ann] = await arrive();
    const [bobID, bob] = await arrive();
    const [choID, cho] = await arrive();
    await ann.zim.sendMessage(text('1'), bobID, 0, TEXT);
    await cho.zim.sendMessage(text('2'), bobID, 0, TEXT);
    await ann.zim.sendMessage(text('3'), bobID, 0, TEXT);
    await ann.zim.sendMessage(text('quiet'), bobID, 0, { ...TEXT, disableUnreadMessageCount: true });
    await bob.wait(() => (bob.texts().length === 4 ? true : undefined));
    const unread = async (): Promise<Record<string, number>> => {
      const { conversationList } = await bob.zim.queryConversationList({ count: 100 });
      return Object.fromEntries(conversationList.map((c) => [c.conversationID, c.unreadMessageCount]));
    };
    const total = async (): Promise<number> =>
      (await bob.zim.queryConversationTotalUnreadMessageCount({})).unreadMessageCount;
    await bob.until('conversationTotalUnreadMessageCountUpdated', (d) => d.totalUnreadMessageCount === 3);
    expect(await unread()).toEqual({ [annID]: 2, [choID]: 1 });
    expect(await total()).toBe(3);
    await bob.zim.clearConversationUnreadMessageCount(annID, 0);
    expect(await unread()).toEqual({ [annID]: 0, [choID]: 1 });
    expect(await total()).toBe(1);
    await bob.zim.setConversationNotificationStatus(2, choID, 0);
    expect(await total()).toBe(0);
    await bob.until('conversationTotalUnreadMessageCountUpdated', (d) => d.totalUnreadMessageCount === 0);
    await bob.zim.sendMessage(text('answer'), annID, 0, TEXT);
    const { conversationList } = await bob.zim.queryConversationList({ count: 1 });
    expect(conversationList[0]).toMatchObject({
      conversationID: annID,
      conversationName: annID.toUpperCase(),
      lastMessage: { message: 'answer', direction: 0 },
    });
    await bob.zim.clearConversationTotalUnreadMessageCount();
    expect(await unread()).toEqual({ [annID]: 0, [choID]: 0 });
    const { conversation } = await bob.zim.queryConversation(choID, 0);
    expect(conversation).toMatchObject({ notificationStatus: 2, unreadMessageCount: 0, readMessageSeq: 1 });
    await expect(bob.zim.queryConversation('nobody-here', 0)).rejects.toMatchObject({ code: 6000603 });
  });
});

describe('groups', () => {
  it('live from creation to their end', async () => {
    const [annID, ann] = await arrive();
    const [bobID, bob] = await arrive();
    const [choID, cho] = await arrive();
    const groupID = people.name('group');
    const created = await ann.zim.createGroup({ groupID, groupName: '雁', groupAvatarUrl: '' }, [
      bobID,
      'nobody-here',
    ]);
    expect(created.userList.map(({ userID }) => userID).sort()).toEqual([annID, bobID].sort());
    expect(created.errorUserList).toMatchObject([{ userID: 'nobody-here', reason: 6000011 }]);
    await bob.until('groupStateChanged', ({ event }) => event === 4);
    await ann.until('groupStateChanged', ({ event }) => event === 1);
    const again = ann.zim.createGroup({ groupID, groupName: '', groupAvatarUrl: '' }, []);
    await expect(again).rejects.toMatchObject({ code: 6000524 });
    await cho.zim.joinGroup(groupID);
    await ann.until('groupMemberStateChanged', ({ userList }) =>
      userList.some(({ userID }) => userID === choID),
    );
    const { message } = await ann.zim.sendMessage(text('大家好'), groupID, 2, TEXT);
    expect(message).toMatchObject({ conversationID: groupID, conversationType: 2, messageSeq: 1 });
    for (const person of [bob, cho]) {
      const { fromConversationID } = await person.until('groupMessageReceived');
      expect(fromConversationID).toBe(groupID);
    }
    const members = await bob.zim.queryGroupMemberList(groupID, { count: 2, nextFlag: 0 });
    expect(members.userList[0]).toMatchObject({ userID: annID, memberRole: 1 });
    expect(members.nextFlag).toBe(2);
    expect((await bob.zim.queryGroupList()).groupList).toMatchObject([
      { baseInfo: { groupID, groupName: '雁' } },
    ]);
    await expect(bob.zim.kickGroupMembers([choID], groupID)).rejects.toMatchObject({ code: 6000541 });
    await expect(ann.zim.kickGroupMembers([choID], groupID)).resolves.toMatchObject({
      kickedUserIDs: [choID],
    });
    await cho.until('groupStateChanged', ({ event }) => event === 6);
    await expect(cho.zim.sendMessage(text('x'), groupID, 2, TEXT)).rejects.toMatchObject({ code: 6000521 });
    await bob.zim.leaveGroup(groupID);
    await ann.zim.inviteUsersIntoGroup([bobID], groupID);
    await ann.zim.dismissGroup(groupID);
    await bob.until('groupStateChanged', ({ event }) => event === 2);
    await bob.until('conversationChanged', ({ infoList }) => infoList.some(({ event }) => event === 2));
    await expect(ann.zim.queryGroupInfo(groupID)).rejects.toMatchObject({ code: 6000523 });
    const reborn = ann.zim.createGroup({ groupID, groupName: '', groupAvatarUrl: '' }, []);
    await expect(reborn).rejects.toMatchObject({ code: 6000527 });
  });
});

describe('calls', () => {
  it('are accepted', async () => {
    const [annID, ann] = await arrive();
    const [bobID, bob] = await arrive();
    const { callID, timeout, errorUserList } = await ann.zim.callInvite([bobID, 'nobody-here'], {
      timeout: 30,
      extendedData: '视频',
    });
    expect(timeout).toBe(30);
    expect(errorUserList).toMatchObject([{ userID: 'nobody-here' }]);
    const call = await bob.until('callInvitationReceived');
    expect(call).toMatchObject({
      callID,
      caller: annID,
      inviter: annID,
      extendedData: '视频',
      timeout: 30,
      mode: 0,
    });
    await ann.until('callUserStateChanged', (d) =>
      d.callUserList.some((u) => u.userID === bobID && u.state === 5),
    );
    await bob.zim.callAccept(callID, { extendedData: 'ok' });
    await ann.until('callUserStateChanged', (d) =>
      d.callUserList.some((u) => u.userID === bobID && u.state === 1),
    );
    expect(await ann.until('callInvitationAccepted')).toEqual({ callID, invitee: bobID, extendedData: 'ok' });
    const late = await ann.zim
      .callCancel([bobID], callID, {})
      .catch((error: unknown) => error as { code: number });
    expect([6000271, 6000276]).toContain((late as { code: number }).code);
    const { callList } = await bob.zim.queryCallInvitationList({ count: 1 });
    expect(callList[0]).toMatchObject({ callID, caller: annID, inviter: annID });
  });

  it('are cancelled, rejected, and run out', async () => {
    const [, ann] = await arrive();
    const [bobID, bob] = await arrive();
    const cancelled = await ann.zim.callInvite([bobID], {});
    expect(cancelled.timeout).toBe(90);
    await bob.until('callInvitationReceived', ({ callID }) => callID === cancelled.callID);
    await ann.zim.callCancel([bobID], cancelled.callID, { extendedData: 'sorry' });
    const { extendedData } = await bob.until('callInvitationCancelled');
    expect(extendedData).toBe('sorry');
    const rejected = await ann.zim.callInvite([bobID], {});
    await bob.until('callInvitationReceived', ({ callID }) => callID === rejected.callID);
    await bob.zim.callReject(rejected.callID, { extendedData: '' });
    await ann.until('callInvitationEnded', ({ callID }) => callID === rejected.callID);
    await expect(bob.zim.callAccept(rejected.callID, {})).rejects.toMatchObject({
      code: expect.any(Number) as number,
    });
    const silent = await ann.zim.callInvite([bobID], { timeout: 1 });
    await bob.until('callInvitationTimeout', ({ callID }) => callID === silent.callID);
    expect(await ann.until('callInviteesAnsweredTimeout')).toEqual({
      callID: silent.callID,
      invitees: [bobID],
    });
    await expect(ann.zim.callInvite(['nobody-here'], {})).rejects.toMatchObject({ code: 6000281 });
  });

  it('still ring for who logs in within the time', async () => {
    const [, ann] = await arrive();
    const [bobID, bob] = await arrive();
    await bob.zim.logout();
    const { callID } = await ann.zim.callInvite([bobID], { timeout: 60 });
    const [, back] = await arrive({ as: bobID });
    await back.until('callInvitationReceived', (call) => call.callID === callID);
    await back.zim.callReject(callID, {});
  });
});

describe('users', () => {
  it('have the names they logged in with', async () => {
    const [annID, ann] = await arrive();
    const { userList, errorUserList } = await ann.zim.queryUsersInfo([annID, 'bob', 'nobody-here'], {
      isQueryFromServer: true,
    });
    expect(userList.map(({ baseInfo }) => baseInfo.userName)).toEqual([annID.toUpperCase(), '小博 Bob']);
    expect(errorUserList).toMatchObject([{ userID: 'nobody-here', reason: 6000011 }]);
  });
});
