/** Messages taken back: by this client, by others, before and after they were shown. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ZIM, ZIMConversation, ZIMMessage } from '../../src/core.js';
import type { WireConversation, WireMessage, WireRevocation } from '../../src/wire.js';
import { conversation, FakeServer, loggedIn, message, received, Refusal, settle } from '../fake/server.js';

let server: FakeServer;
let word: WireConversation;
let told: ZIMMessage[][];
let arrived: ZIMMessage[];
let changes: [number | undefined, number][];

/** What is left of a message of the conversation with `bob`. */
function revoked(seq: number, changed: Partial<WireMessage> = {}, more: Partial<WireRevocation> = {}) {
  const revoke: WireRevocation = {
    operatedUserID: changed.senderUserID ?? 'bob',
    revokeTimestamp: 1_700_000_060_000,
    revokeStatus: 0,
    originalMessageType: 1,
    ...more,
  };
  return message(seq, { ...changed, content: { type: 31, message: '', revoke } });
}

function tell(...messages: WireMessage[]): void {
  server.link.notify('message.revoked', { conversationID: 'bob', conversationType: 0, messages });
}

async function first(zim: ZIM): Promise<ZIMConversation | undefined> {
  return (await zim.queryConversationList({ count: 10 })).conversationList[0];
}

async function start(): Promise<ZIM> {
  const zim = await loggedIn(server);
  zim.on('messageRevokeReceived', (_, { messageList }) => told.push(messageList));
  zim.on('peerMessageReceived', (_, { messageList }) => arrived.push(...messageList));
  zim.on('conversationChanged', (_, { infoList }) => {
    for (const { conversation: c } of infoList) changes.push([c.lastMessage?.type, c.unreadMessageCount]);
  });
  return zim;
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  server = new FakeServer();
  told = [];
  arrived = [];
  changes = [];
  word = conversation(3);
  server.on('conversation.list', () => ({ conversationList: [word] }));
  server.on('conversation.get', () => ({ conversation: word }));
});

afterEach(() => {
  vi.useRealTimers();
});

describe('revokeMessage', () => {
  const mine: ZIMMessage = { type: 1, messageID: '1003', conversationID: 'bob', conversationType: 0 };

  beforeEach(() => {
    word = conversation(3, { lastMessage: message(3, { senderUserID: 'ann' }) });
    server.on('message.revoke', ({ revokeExtendedData = '' }) => {
      const more = { originalTextMessageContent: 'text 3', revokeExtendedData };
      return { message: revoked(3, { senderUserID: 'ann' }, more) };
    });
  });

  it('gives what is left, and shows it in the list', async () => {
    const zim = await start();
    const pushConfig = { title: 'Ann', content: 'took a message back' };
    const result = await zim.revokeMessage(mine, { revokeExtendedData: '手滑', pushConfig });
    const asked = { conversationID: 'bob', conversationType: 0, messageID: '1003' };
    expect(server.link.of('message.revoke')[0]?.params).toEqual({
      ...asked,
      revokeExtendedData: '手滑',
      pushConfig,
    });
    expect(result.message).toMatchObject({
      ...asked,
      type: 31,
      message: '',
      messageSeq: 3,
      direction: 0,
      sentStatus: 1,
      revokeType: 0,
      revokeStatus: 0,
      revokeTimestamp: 1_700_000_060_000,
      operatedUserID: 'ann',
      originalMessageType: 1,
      originalTextMessageContent: 'text 3',
      revokeExtendedData: '手滑',
    });
    expect(changes).toEqual([[31, 3]]);
    expect(told).toEqual([]);
    // An own message is never unread: nothing needs to be asked.
    expect(server.link.of('conversation.get')).toHaveLength(0);
  });

  it('keeps the text as it was, wherever the message is shown later', async () => {
    const zim = await start();
    await zim.revokeMessage(mine);
    server.on('message.history', () => ({
      messages: [message(2), revoked(3, { senderUserID: 'ann' })],
      hasMore: false,
    }));
    const { messageList } = await zim.queryHistoryMessage('bob', 0, { count: 2, reverse: true });
    expect(messageList[1]).toMatchObject({ type: 31, originalTextMessageContent: 'text 3' });
    expect((await first(zim))?.lastMessage).toMatchObject({ originalTextMessageContent: 'text 3' });
    // The next login brings it once more, without the text: it is nothing new.
    tell(revoked(3, { senderUserID: 'ann' }));
    expect(told).toEqual([]);
    expect((await first(zim))?.lastMessage).toMatchObject({ originalTextMessageContent: 'text 3' });
  });

  it.each([
    [{ ...mine, messageID: '' }, {}],
    [{ ...mine, messageID: undefined as never }, {}],
    [{ ...mine, conversationID: '' }, {}],
    [mine, { revokeExtendedData: '字'.repeat(342) }],
    [mine, { pushConfig: { title: 't'.repeat(1025), content: '' } }],
    [null as never, {}],
  ])('refuses %#', async (given, config) => {
    const zim = await start();
    await expect(zim.revokeMessage(given, config)).rejects.toMatchObject({ code: 6000001 });
    expect(server.link.of('message.revoke')).toHaveLength(0);
  });

  it('says what the server says', async () => {
    server.on('message.revoke', () => {
      throw new Refusal(6000278);
    });
    const zim = await start();
    await expect(zim.revokeMessage(mine)).rejects.toMatchObject({ code: 6000278 });
    expect(changes).toEqual([]);
  });

  it('is not repeated when the connection goes before its answer', async () => {
    server.on('message.revoke', () => 'silence');
    const zim = await start();
    const asked = expect(zim.revokeMessage(mine)).rejects.toMatchObject({ code: 6000009 });
    await settle();
    server.link.close(1006);
    await asked;
  });
});

describe('a revocation by somebody else', () => {
  it('is told, shows in the list, and the server says what is unread now', async () => {
    const zim = await start();
    word = conversation(3, { unreadMessageCount: 2, lastMessage: revoked(3) });
    tell(revoked(3));
    expect(told).toEqual([
      [expect.objectContaining({ type: 31, direction: 1, messageID: '1003', operatedUserID: 'bob' })],
    ]);
    expect(changes).toEqual([[31, 3]]);
    await settle();
    expect(changes).toEqual([
      [31, 3],
      [31, 2],
    ]);
    expect(await first(zim)).toMatchObject({ unreadMessageCount: 2, lastMessage: { type: 31 } });
  });

  it('is told once, though every login brings what was revoked since the one before', async () => {
    await start();
    tell(revoked(2));
    server.link.close(1006);
    await settle();
    tell(revoked(2), revoked(3));
    await settle();
    expect(told.map((list) => list.map(({ messageSeq }) => messageSeq))).toEqual([[2], [3]]);
  });

  it('of an older, read message changes nothing but the message', async () => {
    word = conversation(3, { readMessageSeq: 3, unreadMessageCount: 0 });
    await start();
    tell(revoked(2));
    await settle();
    expect(told).toHaveLength(1);
    expect(changes).toEqual([]);
    expect(server.link.of('conversation.get')).toHaveLength(0);
  });

  it('of an unread mention takes the mention back', async () => {
    const zim = await start();
    const content = { type: 1, message: 'x', mentionedUserIDs: ['ann'] };
    server.link.notify('message.received', { ...received([]), messages: [message(4, { content })] });
    expect((await first(zim))?.mentionedInfoList).toHaveLength(1);
    word = conversation(4, { lastMessage: revoked(4) });
    tell(revoked(4));
    await settle();
    expect((await first(zim))?.mentionedInfoList).toEqual([]);
  });

  it('that overtakes the message makes it arrive as revoked', async () => {
    const zim = await start();
    server.link.notify('message.received', received([3]));
    server.on('message.history', () => 'silence');
    // 4 is missing, so 5 waits; it is revoked meanwhile.
    server.link.notify('message.received', received([5]));
    tell(revoked(5));
    server.link.notify('message.received', received([5]));
    server.on('message.history', () => ({ messages: [message(4), message(5)], hasMore: false }));
    server.link.close(1006);
    await settle();
    server.link.notify('message.received', received([4, 5]));
    expect(arrived.map(({ type }) => type)).toEqual([1, 1, 31]);
    expect((await first(zim))?.lastMessage).toMatchObject({ type: 31, messageSeq: 5 });
  });

  it('that shows in an older word of the server is not forgotten', async () => {
    const zim = await start();
    word = conversation(3);
    tell(revoked(3));
    await settle();
    expect((await first(zim))?.lastMessage).toMatchObject({ type: 31 });
  });

  it('while the entry is being fetched asks once more afterwards', async () => {
    const zim = await start();
    let asked = 0;
    server.on('conversation.get', () => {
      asked += 1;
      // The second revocation comes before the first answer, which does not know of it.
      if (asked === 1) tell(revoked(2));
      return { conversation: conversation(3, { unreadMessageCount: asked === 1 ? 2 : 1 }) };
    });
    tell(revoked(3));
    await settle();
    expect(asked).toBe(2);
    expect(await first(zim)).toMatchObject({ unreadMessageCount: 1 });
  });

  it('before the message came, while this device was away', async () => {
    const zim = await start();
    word = conversation(4, { unreadMessageCount: 3, lastMessage: revoked(4) });
    server.link.notify('message.received', {
      ...received([], true),
      messages: [revoked(4)],
    });
    await settle();
    expect(arrived).toMatchObject([{ type: 31, messageSeq: 4 }]);
    // It came as revoked: that it was revoked is nothing new.
    tell(revoked(4));
    expect(told).toEqual([]);
    expect(await first(zim)).toMatchObject({ unreadMessageCount: 3 });
  });
});
