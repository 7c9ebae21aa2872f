/** Logging in, coming back, heartbeats, app state, endings: with a fake server and fake time. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../../src/core.js';
import { FakeServer, loggedIn, message, received, Refusal, settle, testPlatform } from '../fake/server.js';

const APP_SIGN = 'a'.repeat(64);
let server: FakeServer;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  server = new FakeServer();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('login', () => {
  it('sends who, what with, and from where', async () => {
    await loggedIn(server, testPlatform(server), { deviceID: 'device-0001' });
    expect(server.link.url).toBe('ws://server.test/ws');
    expect(server.link.subprotocol).toBe('hongyan.v1');
    expect(server.link.sent[0]?.params).toMatchObject({
      appID: 1,
      appSign: APP_SIGN,
      userID: 'ann',
      deviceID: 'device-0001',
      platform: 10,
      state: 'foreground',
    });
    expect(server.link.sent[0]?.params).not.toHaveProperty('token');
    expect(server.link.sent[0]?.params).not.toHaveProperty('resumeSessionID');
  });

  it('prefers a token, and takes the older form', async () => {
    const zim = createClient({ appID: 1, appSign: APP_SIGN }, testPlatform(server));
    await zim.login({ userID: 'ann', userName: 'Ann', userAvatarUrl: '', userExtendedData: '' }, '04token');
    expect(server.link.sent[0]?.params).toMatchObject({ userID: 'ann', userName: 'Ann', token: '04token' });
    expect(server.link.sent[0]?.params).not.toHaveProperty('appSign');
  });

  it('reports the states in order', async () => {
    const zim = createClient({ appID: 1, appSign: APP_SIGN }, testPlatform(server));
    const states: unknown[] = [];
    zim.on('connectionStateChanged', (_, { state, event }) => states.push([state, event]));
    await zim.login('ann', {});
    await zim.logout();
    expect(states).toEqual([
      [1, 1],
      [2, 0],
      [0, 1],
    ]);
  });

  it('keeps one device identifier in the storage', async () => {
    const platform = testPlatform(server);
    const first = await loggedIn(server, platform);
    await first.logout();
    await loggedIn(server, platform);
    const [one, two] = server.links.map((link) => link.sent[0]?.params['deviceID']);
    expect(one).toMatch(/^[0-9a-f]{32}$/);
    expect(two).toBe(one);
  });

  it('takes what comes in one piece with its answer', async () => {
    server.on('conversation.list', () => ({ conversationList: [] }));
    server.on('session.login', (_, link) => {
      const answer = {
        id: 1,
        result: { sessionID: 's', heartbeatInterval: 10_000, heartbeatTimeout: 35_000 },
      };
      link.say(answer);
      link.notify('message.received', received([1], true));
      return 'silence';
    });
    const zim = createClient({ appID: 1, appSign: APP_SIGN }, testPlatform(server));
    const seen: unknown[] = [];
    zim.on('peerMessageReceived', (_, { messageList }) => seen.push(messageList.length));
    await zim.login('ann', {});
    expect(seen).toEqual([1]);
  });

  it('is refused while somebody is logged in', async () => {
    const zim = await loggedIn(server);
    await expect(zim.login('ann', {})).rejects.toMatchObject({ code: 6000111 });
    await expect(zim.login('bob', {})).rejects.toMatchObject({ code: 6000111 });
  });

  it.each([
    ['a wrong AppSign', 6000101, [0, 1]],
    ['an expired token', 6000106, [0, 5]],
  ])('ends with what the server refuses: %s', async (_, code, ending) => {
    server.on('session.login', () => {
      throw new Refusal(code);
    });
    const zim = createClient({ appID: 1, appSign: APP_SIGN }, testPlatform(server));
    const states: unknown[] = [];
    zim.on('connectionStateChanged', (__, { state, event }) => states.push([state, event]));
    await expect(zim.login('ann', {})).rejects.toMatchObject({ code });
    expect(states).toEqual([[1, 1], ending]);
    expect(vi.getTimerCount()).toBe(0);
    await expect(zim.queryGroupList()).rejects.toMatchObject({ code: 6000121 });
  });

  it('tries again within ten seconds, then fails with 6000104', async () => {
    server.unreachable = true;
    const zim = createClient({ appID: 1, appSign: APP_SIGN }, testPlatform(server));
    const login = zim.login('ann', {}).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(9_990);
    expect(server.links.length).toBeGreaterThan(3);
    await vi.advanceTimersByTimeAsync(10);
    expect(await login).toMatchObject({ code: 6000104 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('fails with 6000105 when the server does not answer', async () => {
    server.on('session.login', () => 'silence');
    const zim = createClient({ appID: 1, appSign: APP_SIGN }, testPlatform(server));
    const login = zim.login('ann', {}).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await login).toMatchObject({ code: 6000105 });
  });

  it.each([
    [{ userName: 'n'.repeat(257) }, 6000001],
    [{ isOfflineLogin: true }, 6000013],
    [{ customStatus: 'busy' }, 6000013],
  ])('refuses %o before it connects', async (config, code) => {
    const zim = createClient({ appID: 1, appSign: APP_SIGN }, testPlatform(server));
    await expect(zim.login('ann', config)).rejects.toMatchObject({ code });
    await expect(zim.login('用户', {})).rejects.toMatchObject({ code: 6000001 });
    expect(server.links).toHaveLength(0);
  });

  it('needs a token or an AppSign', async () => {
    const zim = createClient({ appID: 1 }, testPlatform(server));
    await expect(zim.login('ann', {})).rejects.toMatchObject({ code: 6000103 });
  });
});

describe('coming back', () => {
  it('reconnects at once, then with growing waits, and names its session and cursors', async () => {
    const zim = await loggedIn(server);
    const states: unknown[] = [];
    zim.on('connectionStateChanged', (_, { state, event }) => states.push([state, event]));
    zim.on('peerMessageReceived', () => undefined);
    server.link.notify('message.received', received([7]));
    server.unreachable = true;
    const opened: number[] = [];
    const began = Date.now();
    server.link.close(1006);
    for (let i = 0; i < 60; i++) {
      const before = server.links.length;
      await vi.advanceTimersByTimeAsync(500);
      if (server.links.length > before) opened.push(Date.now() - began);
    }
    // With a random fraction of 0.5 a wait is three quarters of 0.5, 1, 2, 4, 8, 15 s, seen every half
    // second.
    expect(opened).toEqual([500, 1500, 3000, 6000, 12_000, 23_000]);
    server.unreachable = false;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(states).toEqual([
      [3, 3],
      [2, 0],
    ]);
    expect(server.link.of('session.login')[0]?.params).toMatchObject({
      resumeSessionID: 'session-1',
      cursors: [{ conversationID: 'bob', conversationType: 0, messageSeq: 7 }],
    });
  });

  it('waits a random while when everybody was sent away', async () => {
    await loggedIn(server);
    server.link.close(4001);
    await vi.advanceTimersByTimeAsync(590);
    expect(server.links).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(20);
    expect(server.links).toHaveLength(2);
  });

  it('does not hammer a server that drops it right after each login', async () => {
    await loggedIn(server);
    for (let i = 0; i < 120; i++) {
      server.link.close(1006);
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(server.links.length).toBeLessThan(14);
  });

  it.each([
    [4101, 4, 6000121],
    [4102, 5, 6000106],
    [4104, 3, 6000101],
    [4106, 3, 6000014],
  ])('stays away after close code %i', async (closeCode, event, code) => {
    const zim = await loggedIn(server);
    const states: unknown[] = [];
    zim.on('connectionStateChanged', (_, changed) => states.push([changed.state, changed.event]));
    server.on('message.send', () => 'silence').on('group.list', () => 'silence');
    const sending = zim
      .sendMessage({ type: 1, message: 'x' }, 'bob', 0, { priority: 2 })
      .catch((e: unknown) => e);
    const asking = zim.queryGroupList().catch((e: unknown) => e);
    await settle();
    server.link.close(closeCode);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states).toEqual([[0, event]]);
    expect(server.links).toHaveLength(1);
    expect(await sending).toMatchObject({ code: 6000009 });
    await expect(zim.queryGroupList()).rejects.toMatchObject({ code: 6000121 });
    expect(await asking).toMatchObject({ code });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when the token is no good any more', async () => {
    const zim = createClient({ appID: 1 }, testPlatform(server));
    await zim.login('ann', { token: '04a' });
    const states: unknown[] = [];
    zim.on('connectionStateChanged', (_, { state, event }) => states.push([state, event]));
    server.on('session.login', () => {
      throw new Refusal(6000106);
    });
    server.link.close(1006);
    await settle();
    expect(states).toEqual([
      [3, 3],
      [0, 5],
    ]);
  });

  it('tries a login again that was refused only for now', async () => {
    await loggedIn(server);
    let refusals = 2;
    server.on('session.login', () => {
      if (refusals-- > 0) throw new Refusal(6000007);
      return {
        sessionID: 's2',
        resumed: true,
        userName: '',
        userAvatarUrl: '',
        serverTime: 0,
        heartbeatInterval: 10_000,
        heartbeatTimeout: 35_000,
        totalUnreadMessageCount: 0,
        pushBound: true,
      };
    });
    server.link.close(1006);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(server.links).toHaveLength(4);
    expect(server.link.closed).toBeNull();
  });

  it('renews its token while it is away and comes back with it', async () => {
    const zim = createClient({ appID: 1 }, testPlatform(server));
    await zim.login('ann', { token: '04old' });
    await expect(zim.renewToken('04new')).resolves.toEqual({ token: '04new' });
    expect(server.link.of('session.renewToken')[0]?.params).toEqual({ token: '04new' });
    server.link.close(1006);
    await settle();
    expect(server.link.of('session.login')[0]?.params).toMatchObject({ token: '04new' });
  });
});

describe('requests over a broken connection', () => {
  it('repeats what may be repeated and fails the rest with 6000009', async () => {
    const zim = await loggedIn(server);
    server.on('group.list', () => 'silence').on('group.leave', () => 'silence');
    const listed = zim.queryGroupList();
    const left = zim.leaveGroup('g1').catch((error: unknown) => error);
    await settle();
    server.on('group.list', () => ({ groupList: [] }));
    server.link.close(1006);
    await settle();
    expect(await left).toMatchObject({ code: 6000009 });
    expect(await listed).toEqual({ groupList: [], nextFlag: 0 });
  });

  it('lets requests wait for the connection, but not for ever', async () => {
    const zim = await loggedIn(server);
    server.unreachable = true;
    server.link.close(1006);
    await settle();
    const waiting = zim.joinGroup('g1').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(9_999);
    server.unreachable = false;
    await vi.advanceTimersByTimeAsync(1);
    expect(await waiting).toMatchObject({ code: 6000104 });
  });

  it('fails a request that is not answered in time', async () => {
    const zim = await loggedIn(server);
    server.on('group.join', () => 'silence');
    const joining = zim.joinGroup('g1').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await joining).toMatchObject({ code: 6000105 });
  });

  it('has at most 64 under way', async () => {
    const zim = await loggedIn(server);
    server.on('group.list', () => 'silence');
    const asked = Array.from({ length: 100 }, () => zim.queryGroupList().catch(() => undefined));
    await settle();
    expect(server.link.of('group.list')).toHaveLength(64);
    for (const { id } of server.link.of('group.list')) server.link.say({ id, result: { groupList: [] } });
    await settle();
    expect(server.link.of('group.list')).toHaveLength(100);
    await vi.advanceTimersByTimeAsync(10_000);
    await Promise.all(asked);
  });
});

describe('signs of life', () => {
  it('beats every ten seconds and takes an unanswered beat for a dead link', async () => {
    await loggedIn(server);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(server.link.of('session.heartbeat')).toHaveLength(3);
    server.on('session.heartbeat', () => 'silence');
    const dead = server.link;
    await vi.advanceTimersByTimeAsync(20_000);
    await settle();
    expect(dead.closed).not.toBeNull();
    expect(server.links).toHaveLength(2);
  });

  it('does not trust a link after a long sleep', async () => {
    const platform = testPlatform(server);
    await loggedIn(server, platform);
    vi.setSystemTime(Date.now() + 60_000);
    platform.lifecycle.tell('foreground');
    await settle();
    expect(server.links).toHaveLength(2);
  });

  it('tells where the app is, and says so at login', async () => {
    const platform = testPlatform(server);
    await loggedIn(server, platform);
    platform.lifecycle.tell('background');
    platform.lifecycle.tell('foreground');
    await settle();
    expect(server.link.of('app.state').map(({ params }) => params['state'])).toEqual([
      'background',
      'foreground',
    ]);
    platform.lifecycle.tell('background');
    server.link.close(1006);
    await settle();
    expect(server.link.of('session.login')[0]?.params['state']).toBe('background');
  });

  it('comes back at once when the network does', async () => {
    const platform = testPlatform(server);
    await loggedIn(server, platform);
    server.unreachable = true;
    server.link.close(1006);
    await vi.advanceTimersByTimeAsync(20_000);
    server.unreachable = false;
    const before = server.links.length;
    platform.lifecycle.tell('online');
    await settle();
    expect(server.links).toHaveLength(before + 1);
    expect(server.link.of('session.login')).toHaveLength(1);
  });

  it('passes on that the token expires', async () => {
    const zim = await loggedIn(server);
    const seconds: number[] = [];
    zim.on('tokenWillExpire', (_, { second }) => seconds.push(second));
    server.link.notify('session.tokenWillExpire', { second: 30 });
    expect(seconds).toEqual([30]);
  });
});

describe('logout and destroy', () => {
  it('waits for the server to clear the PushIDs, then nothing is left running', async () => {
    const zim = await loggedIn(server);
    await zim.logout();
    expect(server.link.of('session.logout')).toHaveLength(1);
    expect(server.link.closed).not.toBeNull();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.links).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
    await expect(zim.sendMessage({ type: 1, message: 'x' }, 'bob', 0, { priority: 2 })).rejects.toMatchObject(
      {
        code: 6000121,
      },
    );
    await zim.logout();
  });

  it('reports a logout that the server does not know of, and never rejects', async () => {
    const zim = await loggedIn(server);
    const errors: unknown[] = [];
    zim.on('error', (_, error) => errors.push(error));
    server.on('session.logout', () => 'silence');
    const done = zim.logout();
    await vi.advanceTimersByTimeAsync(3_000);
    await done;
    expect(errors).toMatchObject([{ code: 6000104 }]);
  });

  it('acknowledges what was handed on before it goes', async () => {
    const zim = await loggedIn(server);
    zim.on('peerMessageReceived', () => undefined);
    server.link.notify('message.received', { ...received([]), messages: [message(1)] });
    await zim.logout();
    const methods = server.link.sent.map(({ method }) => method);
    expect(methods.indexOf('message.ack')).toBeGreaterThan(0);
    expect(methods.indexOf('message.ack')).toBeLessThan(methods.indexOf('session.logout'));
  });

  it('does nothing any more after destroy', async () => {
    const zim = await loggedIn(server);
    zim.destroy();
    expect(vi.getTimerCount()).toBe(0);
    expect(server.link.of('session.logout')).toHaveLength(0);
    await expect(zim.login('ann', {})).rejects.toMatchObject({ code: 6000002 });
    await expect(zim.queryGroupList()).rejects.toMatchObject({ code: 6000002 });
  });
});

describe('frames that are not of the protocol', () => {
  it('are reported, and the session lives on', async () => {
    const zim = await loggedIn(server);
    const errors: { code: number }[] = [];
    zim.on('error', (_, error) => errors.push(error));
    server.link.events.onText('no json');
    server.link.events.onText('[]');
    server.link.say({ result: 1 });
    server.link.say({ id: null, error: { code: 6000001, message: 'unreadable' } });
    server.link.say({ method: 'message.received', params: { conversationID: 'x' } });
    server.link.say({ method: 'from.theFuture', params: {} });
    expect(errors.map(({ code }) => code)).toEqual([6000109, 6000109, 6000109, 6000109, 6000109]);
    await expect(zim.queryUsersInfo(['ann'], {})).resolves.toBeDefined();
  });
});
