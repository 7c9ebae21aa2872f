/** Several devices of one user: what the others do arrives as the right events, without a request. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ZIM, ZIMConversation, ZIMMessage } from '../../src/core.js';
import type { WireConversation } from '../../src/wire.js';
import { conversation, FakeServer, loggedIn, message, received, settle } from '../fake/server.js';

let server: FakeServer;
let zim: ZIM;
let word: WireConversation;
let arrived: ZIMMessage[];
let changes: [string, number][];
let totals: number[];

/** Requests that the client made since it logged in. */
function asked(): string[] {
  const own = new Set(['session.login', 'session.heartbeat', 'conversation.list', 'message.ack']);
  return server.link.sent.map(({ method }) => method).filter((method) => !own.has(method));
}

async function first(): Promise<ZIMConversation | undefined> {
  return (await zim.queryConversationList({ count: 10 })).conversationList[0];
}

beforeEach(async () => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  server = new FakeServer();
  arrived = [];
  changes = [];
  totals = [];
  word = conversation(3);
  server.on('conversation.list', () => ({ conversationList: [word] }));
  zim = await loggedIn(server);
  zim.on('peerMessageReceived', (_, { messageList }) => arrived.push(...messageList));
  zim.on('conversationChanged', (_, { infoList }) => {
    for (const { conversation: c } of infoList) changes.push([c.conversationID, c.unreadMessageCount]);
  });
  zim.on('conversationTotalUnreadMessageCountUpdated', (_, { totalUnreadMessageCount }) =>
    totals.push(totalUnreadMessageCount),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

describe('on another device of this user', () => {
  it('a message was sent: it appears as sent, is acknowledged, and is not unread', async () => {
    const own = message(4, { senderUserID: 'ann', localMessageID: 'there-1' });
    server.link.notify('message.received', { ...received([]), messages: [own] });
    await settle();
    expect(arrived).toMatchObject([
      { messageSeq: 4, direction: 0, sentStatus: 1, senderUserID: 'ann', conversationID: 'bob' },
    ]);
    expect(server.link.of('message.ack').at(-1)?.params).toMatchObject({ messageSeq: 4 });
    expect(changes).toEqual([['bob', 3]]);
    expect(totals).toEqual([]);
    expect((await first())?.lastMessage).toMatchObject({ messageSeq: 4, direction: 0 });
    expect(asked()).toEqual([]);
  });

  it('messages were sent while this one sent too: nothing is missed and nothing doubled', async () => {
    server.link.notify('message.received', received([3]));
    server.on('message.send', ({ content }) => ({
      message: message(5, { senderUserID: 'ann', content }),
    }));
    await zim.sendMessage({ type: 1, message: 'here' }, 'bob', 0, { priority: 2 });
    const there = [message(4, { senderUserID: 'ann' }), message(6, { senderUserID: 'ann' })];
    for (const own of there)
      server.link.notify('message.received', { ...received([]), messages: [own] });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(arrived.map(({ messageSeq }) => messageSeq)).toEqual([3, 4, 6]);
    expect(server.link.of('message.history')).toHaveLength(0);
  });

  it('a conversation was read: unread here falls, and the total with it', async () => {
    const read = conversation(3, { unreadMessageCount: 0, readMessageSeq: 3 });
    server.link.notify('conversation.changed', { infoList: [{ event: 1, conversation: read }] });
    server.link.notify('conversation.totalUnreadChanged', { totalUnreadMessageCount: 0 });
    expect(changes).toEqual([['bob', 0]]);
    expect(totals).toEqual([0]);
    expect(asked()).toEqual([]);
  });

  it('a conversation was read up to what has not arrived here yet', async () => {
    const read = conversation(4, { unreadMessageCount: 0, readMessageSeq: 4 });
    server.link.notify('conversation.changed', { infoList: [{ event: 1, conversation: read }] });
    server.link.notify('message.received', received([4]));
    server.link.notify('message.received', received([5]));
    expect(await first()).toMatchObject({ unreadMessageCount: 1, readMessageSeq: 4 });
    expect(totals).toEqual([0, 1]);
  });

  it('do-not-disturb was set: the total no longer counts it', async () => {
    const quiet = conversation(3, { notificationStatus: 2 });
    server.link.notify('conversation.changed', { infoList: [{ event: 1, conversation: quiet }] });
    expect(totals).toEqual([0]);
    expect(await first()).toMatchObject({ notificationStatus: 2, unreadMessageCount: 3 });
  });

  it('an own message was taken back: told, without its text, and nothing is asked', async () => {
    server.link.notify('message.received', {
      ...received([]),
      messages: [message(4, { senderUserID: 'ann' })],
    });
    const told: ZIMMessage[] = [];
    zim.on('messageRevokeReceived', (_, { messageList }) => told.push(...messageList));
    const revoke = {
      operatedUserID: 'ann',
      revokeTimestamp: 1,
      revokeStatus: 0,
      originalMessageType: 1,
    };
    const gone = message(4, { senderUserID: 'ann', content: { type: 31, message: '', revoke } });
    server.link.notify('message.revoked', { conversationID: 'bob', conversationType: 0, messages: [gone] });
    await settle();
    expect(told).toMatchObject([{ type: 31, direction: 0, originalTextMessageContent: '' }]);
    expect((await first())?.lastMessage).toMatchObject({ type: 31 });
    expect(asked()).toEqual([]);
  });

  it('a call that rings here was accepted', () => {
    const told: unknown[] = [];
    zim.on('callInvitationReceived', (_, { callID }) => told.push(callID));
    zim.on('callUserStateChanged', (_, { callUserList }) => told.push(callUserList));
    server.link.notify('call.received', {
      callID: '77',
      mode: 0,
      caller: 'bob',
      inviter: 'bob',
      extendedData: '',
      timeout: 60,
      createTime: 1,
      callUserList: [{ userID: 'ann', state: 0 }],
    });
    server.link.notify('call.userStateChanged', {
      callID: '77',
      callUserList: [{ userID: 'ann', state: 1 }],
    });
    expect(told).toEqual(['77', [{ userID: 'ann', state: 1, extendedData: '' }]]);
  });

  it('a call was started: its course is told here too', () => {
    const told: string[] = [];
    zim.on('callInvitationCreated', (_, { callID }) => told.push(`created ${callID}`));
    zim.on('callInvitationAccepted', (_, { invitee }) => told.push(`accepted by ${invitee}`));
    server.link.notify('call.created', {
      callID: '78',
      mode: 0,
      caller: 'ann',
      extendedData: '',
      timeout: 60,
      createTime: 1,
      callUserList: [{ userID: 'bob', state: 0 }],
    });
    server.link.notify('call.userStateChanged', {
      callID: '78',
      callUserList: [{ userID: 'bob', state: 1 }],
    });
    expect(told).toEqual(['created 78', 'accepted by bob']);
  });
});

describe('while this device was away', () => {
  it('what was sent and read elsewhere comes with the sync, each once', async () => {
    server.link.notify('message.received', received([3]));
    await settle();
    word = conversation(6, { unreadMessageCount: 1, readMessageSeq: 5 });
    server.link.close(1006);
    await settle();
    const mine = message(5, { senderUserID: 'ann' });
    server.link.notify('message.received', {
      ...received([], true),
      messages: [message(4), mine, message(6)],
    });
    await settle();
    expect(arrived.map(({ messageSeq, direction }) => [messageSeq, direction])).toEqual([
      [3, 1],
      [4, 1],
      [5, 0],
      [6, 1],
    ]);
    expect(await first()).toMatchObject({ unreadMessageCount: 1, readMessageSeq: 5 });
    expect(totals.at(-1)).toBe(1);
  });
});
