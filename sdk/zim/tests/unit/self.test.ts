/** What a user wants for itself: block list, push rule, badge; and what its other devices did. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PUSH_LINK, type ZIM } from '../../src/core.js';
import { type FakeServer, Refusal, settle, stage } from '../fake/server.js';

let server: FakeServer;
let zim: ZIM;

beforeEach(async () => {
  [server, zim] = await stage();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the block list', () => {
  it('is filled and emptied', async () => {
    server
      .on('block.add', () => ({ errorUserList: [{ userID: 'nobody', reason: 6000811 }] }))
      .on('block.remove', () => ({ errorUserList: [] }))
      .on('block.check', ({ userID }) => ({ isUserInBlacklist: userID === 'eve' }));
    await expect(zim.addUsersToBlacklist(['eve', 'nobody'])).resolves.toEqual({
      errorUserList: [{ userID: 'nobody', reason: 6000811 }],
    });
    expect(server.link.last('block.add')).toEqual({ userIDs: ['eve', 'nobody'] });
    await expect(zim.checkUserIsInBlacklist('eve')).resolves.toEqual({ isUserInBlacklist: true });
    await expect(zim.checkUserIsInBlacklist('bob')).resolves.toEqual({ isUserInBlacklist: false });
    await expect(zim.removeUsersFromBlacklist(['eve'])).resolves.toEqual({ errorUserList: [] });
    expect(server.link.last('block.remove')).toEqual({ userIDs: ['eve'] });
  });

  it('has pages', async () => {
    const users = ['cho', 'dan', 'eve'].map((userID) => ({ userID, userName: userID.toUpperCase() }));
    server.on('block.list', ({ count, next }) => {
      const from = users.findIndex(({ userID }) => userID === next) + 1;
      const userList = users.slice(from, from + count);
      const more = from + count < users.length;
      return { userList, ...(more ? { next: userList.at(-1)!.userID } : {}) };
    });
    const page = await zim.queryBlacklist({ count: 2 });
    expect(page.blacklist).toEqual([
      { userID: 'cho', userName: 'CHO', userAvatarUrl: '', userExtendedData: '' },
      { userID: 'dan', userName: 'DAN', userAvatarUrl: '', userExtendedData: '' },
    ]);
    expect(page.nextFlag).toBeGreaterThan(0);
    const rest = await zim.queryBlacklist({ count: 2, nextFlag: page.nextFlag });
    expect(rest).toMatchObject({ blacklist: [{ userID: 'eve' }], nextFlag: 0 });
    await expect(zim.queryBlacklist({ count: 2, nextFlag: 99 })).rejects.toMatchObject({ code: 6000001 });
    await expect(zim.queryBlacklist({ count: 101 })).rejects.toMatchObject({ code: 6000001 });
  });

  it('takes 1 to 20 users at once', async () => {
    const many = Array.from({ length: 21 }, (_, i) => `u${i}`);
    await expect(zim.addUsersToBlacklist(many)).rejects.toMatchObject({ code: 6000809 });
    await expect(zim.removeUsersFromBlacklist([])).rejects.toMatchObject({ code: 6000001 });
    await expect(zim.checkUserIsInBlacklist('')).rejects.toMatchObject({ code: 6000001 });
    expect(server.link.of('block.add')).toHaveLength(0);
  });

  it('was changed elsewhere', () => {
    const told: unknown[] = [];
    zim.on('blacklistChanged', (_, data) => told.push(data));
    server.link.notify('block.changed', { action: 1, userList: [{ userID: 'eve', userName: 'Eve' }] });
    const eve = { userID: 'eve', userName: 'Eve', userAvatarUrl: '', userExtendedData: '' };
    expect(told).toEqual([{ action: 1, userList: [eve] }]);
  });

  it('of the receiver refuses a message', async () => {
    server.on('message.send', () => {
      throw new Refusal(6000284);
    });
    const sent = zim.sendMessage({ type: 1, message: 'x' }, 'bob', 0, { priority: 2 });
    await expect(sent).rejects.toMatchObject({ code: 6000284 });
  });
});

describe('the push rule', () => {
  const rule = { onlinePlatforms: [6, 1], notToReceiveOfflinePushPlatforms: [10] };

  it('is set, and read back with everything else', async () => {
    server
      .on('user.setPushRule', (asked) => asked)
      .on('user.self', () => ({
        userInfo: { userID: 'ann', userName: '小安', userAvatarUrl: 'a.png' },
        offlinePushRule: rule,
      }));
    await expect(zim.updateUserOfflinePushRule(rule)).resolves.toEqual({ offlinePushRule: rule });
    expect(server.link.last('user.setPushRule')).toEqual(rule);
    const { selfUserInfo } = await zim.querySelfUserInfo();
    expect(selfUserInfo).toMatchObject({
      userFullInfo: { baseInfo: { userID: 'ann', userName: '小安' }, userAvatarUrl: 'a.png' },
      userRule: { offlinePushRule: rule },
      userStatus: { userID: 'ann', onlineStatus: 0, onlinePlatforms: [10], customStatus: '' },
    });
    // What it told is known now without asking again.
    const { userList } = await zim.queryUsersInfo(['ann']);
    expect(userList[0]?.baseInfo.userName).toBe('小安');
    expect(server.link.of('user.query')).toHaveLength(0);
  });

  it('waits for a broken connection, since setting it twice changes nothing', async () => {
    server.on('user.setPushRule', () => 'silence');
    const set = zim.updateUserOfflinePushRule(rule);
    await settle();
    server.on('user.setPushRule', (asked) => asked);
    server.link.close(1006);
    await settle();
    await expect(set).resolves.toEqual({ offlinePushRule: rule });
  });

  it.each([
    [{ onlinePlatforms: [8], notToReceiveOfflinePushPlatforms: [] }],
    [{ onlinePlatforms: [6, 6], notToReceiveOfflinePushPlatforms: [] }],
    [{ onlinePlatforms: [6] }],
    [undefined],
  ])('refuses %j', async (given) => {
    await expect(zim.updateUserOfflinePushRule(given as never)).rejects.toMatchObject({ code: 6000001 });
    expect(server.link.of('user.setPushRule')).toHaveLength(0);
  });

  it('was changed elsewhere', () => {
    const told: unknown[] = [];
    zim.on('userRuleUpdated', (_, data) => told.push(data));
    server.link.notify('user.pushRuleChanged', rule);
    expect(told).toEqual([{ userRule: { offlinePushRule: rule } }]);
  });
});

describe('the badge', () => {
  it('is set within its range', async () => {
    await expect(zim.updateUserBadge(7)).resolves.toBeUndefined();
    expect(server.link.last('user.setBadge')).toEqual({ badge: 7 });
    for (const badge of [-1, 1.5, 100_001, '3' as never])
      await expect(zim.updateUserBadge(badge)).rejects.toMatchObject({ code: 6000001 });
    expect(server.link.of('user.setBadge')).toHaveLength(1);
  });
});

describe('a tapped notice', () => {
  it('is reported by the push link while somebody is logged in', async () => {
    await zim[PUSH_LINK].clicked({ messageID: '7' });
    expect(server.link.last('push.clicked')).toEqual({ messageID: '7' });
    await zim.logout();
    await expect(zim[PUSH_LINK].clicked({ callID: '8' })).rejects.toMatchObject({ code: 6000121 });
  });
});
