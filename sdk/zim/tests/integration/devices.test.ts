/** Two devices of one user against a real server: what one does, the other is told. */

import { beforeAll, describe, expect, it } from 'vitest';
import { memoryStorage } from '../../src/core.js';
import type { ZIMMessage } from '../../src/core.js';
import { type DevServer, newApp, type Person, type PersonOptions } from './dev.js';
import { gather } from './people.js';

const TEXT = { priority: 2 };
const HARMONY = 10;
const WEB = 6;
let app: DevServer;

const people = gather(
  'peerMessageReceived',
  'messageRevokeReceived',
  'connectionStateChanged',
  'conversationChanged',
  'conversationTotalUnreadMessageCountUpdated',
  'blacklistChanged',
  'userRuleUpdated',
  'groupStateChanged',
  'callInvitationCreated',
  'callInvitationReceived',
  'callInvitationCancelled',
  'callInvitationEnded',
  'callInvitationTimeout',
  'callUserStateChanged',
  'error',
);

beforeAll(async () => {
  app = await newApp(people.dev, 'several devices', 'devices=multi');
});

async function arrive(userID: string, options: PersonOptions = {}): Promise<Person> {
  const [, person] = await people.arrive({ ...options, as: userID, app });
  return person;
}

/** Ann on one device, bob on a phone and in a browser. */
async function three(): Promise<{ annID: string; bobID: string; ann: Person; phone: Person; web: Person }> {
  const [annID, bobID] = [people.name('ann'), people.name('bob')];
  const ann = await arrive(annID);
  const phone = await arrive(bobID, { platform: HARMONY });
  const web = await arrive(bobID, { platform: WEB });
  return { annID, bobID, ann, phone, web };
}

async function send(from: Person, to: string, message: string): Promise<ZIMMessage> {
  const sent = await from.zim.sendMessage({ type: 1, message }, to, 0, TEXT);
  return sent.message;
}

const total = (person: Person): number | undefined =>
  person.heard('conversationTotalUnreadMessageCountUpdated').at(-1)?.totalUnreadMessageCount;
const until = (person: Person, unread: number): Promise<true | undefined> =>
  person.wait(() => (total(person) === unread ? true : undefined));
const stateOf = (userID: string, state: number) => (data: { callUserList: object[] }) =>
  data.callUserList.some((user) => {
    const one = user as { userID: string; state: number };
    return one.userID === userID && one.state === state;
  });

describe('two devices of one user', () => {
  it('stay both, and hear the same messages', async () => {
    const { annID, bobID, ann, phone, web } = await three();
    await send(ann, bobID, 'for both');
    for (const device of [phone, web]) {
      await device.until('peerMessageReceived');
      expect(device.texts()).toEqual(['for both']);
      await until(device, 1);
    }
    expect(phone.heard('connectionStateChanged').map(({ state }) => state)).not.toContain(0);
    const { messageList } = await web.zim.queryHistoryMessage(annID, 0, { count: 10 });
    expect(messageList).toHaveLength(1);
  });

  it('on the same installation the newer login wins all the same', async () => {
    const storage = memoryStorage();
    const userID = people.name('bob');
    const first = await arrive(userID, { storage });
    await arrive(userID, { storage });
    await first.until('connectionStateChanged', ({ state, event }) => state === 0 && event === 4);
  });

  it('show what was sent from the other', async () => {
    const { annID, ann, phone, web } = await three();
    const sent = await send(phone, annID, 'from the phone');
    const { fromConversationID, messageList } = await web.until('peerMessageReceived');
    expect(fromConversationID).toBe(annID);
    expect(messageList).toMatchObject([
      { messageID: sent.messageID, direction: 0, conversationID: annID, message: 'from the phone' },
    ]);
    await send(web, annID, 'from the browser');
    await phone.until('peerMessageReceived');
    expect(phone.texts()).toEqual(['from the browser']);
    await ann.wait(() => (ann.texts().length === 2 ? true : undefined));
    const { conversationList } = await web.zim.queryConversationList({ count: 1 });
    expect(conversationList[0]).toMatchObject({
      unreadMessageCount: 0,
      lastMessage: { message: 'from the browser', direction: 0 },
    });
    expect([total(phone), total(web)].filter((unread) => unread)).toEqual([]);
  });

  it('read on one is read on the other', async () => {
    const { annID, bobID, ann, phone, web } = await three();
    await send(ann, bobID, '1');
    await send(ann, bobID, '2');
    await until(phone, 2);
    await until(web, 2);
    await phone.zim.clearConversationUnreadMessageCount(annID, 0);
    await until(web, 0);
    expect(total(web)).toBe(0);
    const { conversationList } = await web.zim.queryConversationList({ count: 1 });
    expect(conversationList[0]).toMatchObject({ unreadMessageCount: 0, readMessageSeq: 2 });
    await send(ann, bobID, '3');
    await until(web, 1);
    await until(phone, 1);
    await web.zim.setConversationNotificationStatus(2, annID, 0);
    await until(phone, 0);
    const { conversationList: list } = await phone.zim.queryConversationList({ count: 1 });
    expect(list[0]).toMatchObject({ notificationStatus: 2, unreadMessageCount: 1 });
    await web.zim.clearConversationTotalUnreadMessageCount();
    await phone.until('conversationChanged', ({ infoList }) =>
      infoList.some(({ conversation }) => conversation.readMessageSeq === 3),
    );
  });

  it('taken back on one is taken back on the other', async () => {
    const { annID, phone, web } = await three();
    const sent = await send(phone, annID, 'oops');
    await web.until('peerMessageReceived');
    await phone.zim.revokeMessage(sent);
    const { messageList } = await web.until('messageRevokeReceived');
    expect(messageList).toMatchObject([
      { messageID: sent.messageID, direction: 0, conversationID: annID, originalTextMessageContent: '' },
    ]);
    expect(phone.heard('messageRevokeReceived')).toEqual([]);
    const { conversationList } = await web.zim.queryConversationList({ count: 1 });
    expect(conversationList[0]?.lastMessage).toMatchObject({ type: 31 });
  });

  it('are in the same groups', async () => {
    const { annID, phone, web } = await three();
    const groupID = people.name('group');
    await phone.zim.createGroup({ groupID, groupName: '雁', groupAvatarUrl: '' }, [annID]);
    await web.until('groupStateChanged', ({ state, groupInfo }) =>
      state === 1 && groupInfo.baseInfo.groupID === groupID);
    await web.until('conversationChanged', ({ infoList }) =>
      infoList.some(({ conversation }) => conversation.conversationID === groupID),
    );
    await web.zim.leaveGroup(groupID);
    await phone.until('groupStateChanged', ({ state, event }) => state === 0 && event === 5);
    await phone.until('conversationChanged', ({ infoList }) =>
      infoList.some(({ event, conversation }) => event === 2 && conversation.conversationID === groupID),
    );
  });

  it('have one block list and one push rule', async () => {
    const { annID, bobID, phone, web } = await three();
    await phone.zim.addUsersToBlacklist([annID]);
    const changed = await web.until('blacklistChanged');
    expect(changed).toMatchObject({ action: 0, userList: [{ userID: annID }] });
    await web.zim.removeUsersFromBlacklist([annID]);
    await phone.until('blacklistChanged', ({ action }) => action === 1);
    const rule = { onlinePlatforms: [WEB], notToReceiveOfflinePushPlatforms: [HARMONY] };
    await expect(web.zim.updateUserOfflinePushRule(rule)).resolves.toEqual({ offlinePushRule: rule });
    const { userRule } = await phone.until('userRuleUpdated');
    expect(userRule).toEqual({ offlinePushRule: rule });
    const { selfUserInfo } = await phone.zim.querySelfUserInfo();
    expect(selfUserInfo).toMatchObject({
      userFullInfo: { baseInfo: { userID: bobID, userName: bobID.toUpperCase() } },
      userRule: { offlinePushRule: rule },
      userStatus: { onlineStatus: 0, onlinePlatforms: [HARMONY] },
    });
    await web.zim.updateUserBadge(3);
    expect(web.heard('userRuleUpdated')).toEqual([]);
  });
});

describe('a call to two devices of one user', () => {
  it('rings on both, and stops on one when the other accepts', async () => {
    const { bobID, ann, phone, web } = await three();
    const { callID } = await ann.zim.callInvite([bobID], { timeout: 60 });
    for (const device of [phone, web])
      await device.until('callInvitationReceived', (call) => call.callID === callID);
    await phone.zim.callAccept(callID, { extendedData: 'ok' });
    await web.until('callUserStateChanged', stateOf(bobID, 1));
    await ann.until('callUserStateChanged', stateOf(bobID, 1));
    await expect(web.zim.callReject(callID, {})).rejects.toMatchObject({ code: 6000276 });
  });

  it('stops on one when the other rejects', async () => {
    const { bobID, ann, phone, web } = await three();
    const { callID } = await ann.zim.callInvite([bobID], { timeout: 60 });
    for (const device of [phone, web])
      await device.until('callInvitationReceived', (call) => call.callID === callID);
    await web.zim.callReject(callID, {});
    await ann.until('callUserStateChanged', stateOf(bobID, 2));
    await phone.until('callUserStateChanged', stateOf(bobID, 2));
  });

  it('is cancelled on both', async () => {
    const { bobID, ann, phone, web } = await three();
    const { callID } = await ann.zim.callInvite([bobID], { timeout: 60 });
    for (const device of [phone, web])
      await device.until('callInvitationReceived', (call) => call.callID === callID);
    await ann.zim.callCancel([bobID], callID, {});
    for (const device of [phone, web])
      await device.until('callInvitationCancelled', (call) => call.callID === callID);
  });

  it('that one of them makes is known to the other', async () => {
    const { annID, ann, phone, web } = await three();
    const { callID } = await phone.zim.callInvite([annID], { timeout: 60 });
    await web.until('callInvitationCreated', (call) => call.callID === callID);
    await ann.until('callInvitationReceived', (call) => call.callID === callID);
    await ann.zim.callAccept(callID, {});
    await web.until('callUserStateChanged', stateOf(annID, 1));
    expect(web.heard('callInvitationReceived')).toEqual([]);
  });
});
