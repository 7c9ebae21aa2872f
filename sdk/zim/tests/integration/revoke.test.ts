/** Messages taken back and block lists, against a real server. */

import { describe, expect, it } from 'vitest';
import { memoryStorage } from '../../src/core.js';
import type { ZIMMessage, ZIMRevokeMessage } from '../../src/core.js';
import { newApp, type Person } from './dev.js';
import { gather } from './people.js';

const TEXT = { priority: 2 };
const people = gather(
  'peerMessageReceived',
  'groupMessageReceived',
  'messageRevokeReceived',
  'conversationChanged',
  'conversationTotalUnreadMessageCountUpdated',
  'callInvitationReceived',
  'error',
);
const { arrive } = people;

async function send(from: Person, to: string, message: string, type = 0): Promise<ZIMMessage> {
  const sent = await from.zim.sendMessage({ type: 1, message }, to, type, TEXT);
  return sent.message;
}

const total = (person: Person): number | undefined =>
  person.heard('conversationTotalUnreadMessageCountUpdated').at(-1)?.totalUnreadMessageCount;

describe('a message that is taken back', () => {
  it('goes for both, and is not unread any more', async () => {
    const [annID, ann] = await arrive();
    const [bobID, bob] = await arrive();
    await send(ann, bobID, 'stays');
    const sent = await send(ann, bobID, 'goes');
    await bob.wait(() => (total(bob) === 2 ? true : undefined));
    const revoked = await ann.zim.revokeMessage(sent, { revokeExtendedData: '手滑' });
    expect(revoked.message).toMatchObject({
      type: 31,
      messageID: sent.messageID,
      messageSeq: 2,
      conversationID: bobID,
      direction: 0,
      revokeType: 0,
      revokeStatus: 0,
      operatedUserID: annID,
      originalMessageType: 1,
      originalTextMessageContent: 'goes',
      revokeExtendedData: '手滑',
    });
    const { messageList } = await bob.until('messageRevokeReceived');
    expect(messageList).toMatchObject([
      {
        type: 31,
        messageID: sent.messageID,
        conversationID: annID,
        direction: 1,
        operatedUserID: annID,
        originalTextMessageContent: '',
        revokeExtendedData: '手滑',
      },
    ]);
    expect((messageList[0] as ZIMRevokeMessage).revokeTimestamp).toBeGreaterThan(0);
    const { conversation } = await bob.zim.queryConversation(annID, 0);
    expect(conversation.lastMessage).toMatchObject({ type: 31 });
    const { unreadMessageCount } = await bob.zim.queryConversationTotalUnreadMessageCount();
    expect(unreadMessageCount).toBe(1);
    await bob.wait(() => (total(bob) === 1 ? true : undefined));
    expect(total(bob)).toBe(1);
    const shown = await bob.zim.queryConversationList({ count: 1 });
    expect(shown.conversationList[0]).toMatchObject({
      unreadMessageCount: 1,
      lastMessage: { type: 31 },
    });
    const history = await bob.zim.queryHistoryMessage(annID, 0, { count: 10, reverse: true });
    expect(history.messageList.map(({ type }) => type)).toEqual([1, 31]);
    expect(bob.heard('error')).toEqual([]);
  });

  it('cannot be taken back twice, by another, or when it is none', async () => {
    const [annID, ann] = await arrive();
    const [bobID, bob] = await arrive();
    const sent = await send(ann, bobID, 'x');
    await bob.until('peerMessageReceived');
    const got = bob.heard('peerMessageReceived')[0]!.messageList[0]!;
    await expect(bob.zim.revokeMessage(got)).rejects.toMatchObject({ code: 6000001 });
    await ann.zim.revokeMessage(sent);
    await expect(ann.zim.revokeMessage(sent)).rejects.toMatchObject({ code: 6000279 });
    const none = { ...sent, messageID: '1' };
    await expect(ann.zim.revokeMessage(none)).rejects.toMatchObject({ code: 6000203 });
    expect((await bob.zim.queryConversation(annID, 0)).conversation.lastMessage).toMatchObject({ type: 31 });
  });

  it('after the app’s window stays', async () => {
    const app = await newApp(people.dev, people.name('window'), 'revoke_window_s=0');
    const [, ann] = await arrive({ app });
    const [bobID] = await arrive({ app });
    const sent = await send(ann, bobID, 'x');
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(ann.zim.revokeMessage(sent)).rejects.toMatchObject({ code: 6000278 });
  });

  it('while the other is away, is told once when it comes', async () => {
    const [annID, ann] = await arrive();
    const storage = memoryStorage();
    const [bobID, bob] = await arrive({ storage });
    const before = await send(ann, bobID, 'seen');
    await bob.until('peerMessageReceived');
    await bob.zim.logout();
    const away = await send(ann, bobID, 'never seen');
    await ann.zim.revokeMessage(before);
    await ann.zim.revokeMessage(away);
    const [, back] = await arrive({ storage, as: bobID });
    const { messageList } = await back.until('messageRevokeReceived');
    expect(messageList.map(({ messageID }) => messageID)).toContain(before.messageID);
    const got = await back.until('peerMessageReceived');
    expect(got.messageList).toMatchObject([{ type: 31, messageID: away.messageID }]);
    const told = back.heard('messageRevokeReceived').flatMap((data) => data.messageList);
    expect(told.filter(({ messageID }) => messageID === before.messageID)).toHaveLength(1);
    const { conversation } = await back.zim.queryConversation(annID, 0);
    const listed = await back.zim.queryConversationList({ count: 1 });
    expect(listed.conversationList[0]?.unreadMessageCount).toBe(conversation.unreadMessageCount);
  });

  it('in a group: the owner takes back what a member wrote', async () => {
    const [annID, ann] = await arrive();
    const [bobID, bob] = await arrive();
    const groupID = people.name('group');
    await ann.zim.createGroup({ groupID, groupName: '雁', groupAvatarUrl: '' }, [bobID]);
    const sent = await send(bob, groupID, 'too much', 2);
    const { messageList } = await ann.until('groupMessageReceived');
    await expect(bob.zim.revokeMessage({ ...sent, messageID: '1' })).rejects.toMatchObject({ code: 6000203 });
    const { message } = await ann.zim.revokeMessage(messageList[0]!);
    expect(message).toMatchObject({ type: 31, revokeStatus: 4, operatedUserID: annID, senderUserID: bobID });
    const told = await bob.until('messageRevokeReceived');
    expect(told.messageList).toMatchObject([{ revokeStatus: 4, direction: 0, conversationType: 2 }]);
    const mine = await send(ann, groupID, 'mine', 2);
    await bob.until('groupMessageReceived');
    await expect(bob.zim.revokeMessage(mine)).rejects.toMatchObject({ code: 6000541 });
  });
});

describe('the block list', () => {
  it('keeps messages and calls of a user away, and lets them in again', async () => {
    const [annID, ann] = await arrive();
    const [eveID, eve] = await arrive();
    await expect(ann.zim.addUsersToBlacklist([eveID, 'nobody-here'])).resolves.toMatchObject({
      errorUserList: [{ userID: 'nobody-here', reason: 6000811 }],
    });
    await expect(ann.zim.addUsersToBlacklist([eveID])).resolves.toMatchObject({
      errorUserList: [{ userID: eveID, reason: 6000804 }],
    });
    await expect(ann.zim.checkUserIsInBlacklist(eveID)).resolves.toEqual({ isUserInBlacklist: true });
    await expect(ann.zim.queryBlacklist({ count: 100 })).resolves.toMatchObject({
      blacklist: [{ userID: eveID, userName: eveID.toUpperCase() }],
      nextFlag: 0,
    });
    await expect(send(eve, annID, 'x')).rejects.toMatchObject({ code: 6000284 });
    await expect(eve.zim.callInvite([annID], {})).rejects.toMatchObject({ code: 6000284 });
    await expect(ann.zim.removeUsersFromBlacklist([eveID])).resolves.toEqual({ errorUserList: [] });
    await expect(ann.zim.removeUsersFromBlacklist([eveID])).resolves.toMatchObject({
      errorUserList: [{ userID: eveID, reason: 6000806 }],
    });
    await send(eve, annID, 'hello again');
    await ann.wait(() => (ann.texts().length > 0 ? true : undefined));
    expect(ann.texts()).toEqual(['hello again']);
    expect(ann.heard('callInvitationReceived')).toEqual([]);
  });

  it('has pages', async () => {
    const [, ann] = await arrive();
    const others = await Promise.all([arrive(), arrive(), arrive()]);
    const ids = others.map(([userID]) => userID).sort();
    await ann.zim.addUsersToBlacklist(ids);
    const first = await ann.zim.queryBlacklist({ count: 2 });
    const second = await ann.zim.queryBlacklist({ count: 2, nextFlag: first.nextFlag });
    expect([...first.blacklist, ...second.blacklist].map(({ userID }) => userID)).toEqual(ids);
    expect(second.nextFlag).toBe(0);
  });
});
