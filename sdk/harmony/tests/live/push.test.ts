/**
 * The modules on a phone, against a real server and an emulated Push Kit: the page step by step, the app
 * killed, left and opened again by a notice.
 */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ZIMMessage } from '@hongyan/zim';
import type { Person } from '../../../zim/tests/integration/dev.js';
import type { Phone } from '../phone/phone.js';
import { Stage } from '../phone/stage.js';

let stage: Stage;
let ann: Person;
let phone: Phone;
let number = 0;
let bob = '';

const pushConfig = { title: '小安', content: '在吗？', payload: '{"room":7}' };

beforeAll(async () => {
  stage = await Stage.set('sdk.ts');
  ann = await stage.person('ann');
});

afterAll(() => stage?.strike());

beforeEach(async () => {
  bob = `bob-${++number}`;
  phone = await stage.phone(`phone-${number}`);
  return () => phone.close();
});

/** The app as it starts: client, listeners, registration, login. */
async function startUp(since = 0): Promise<string> {
  await phone.run('create', stage.client);
  await phone.run('listen', 'registered');
  await phone.run('listen', 'notificationClicked');
  await phone.run('register', {});
  await phone.run('login', { userID: bob });
  const { pushID } = await phone.hears('registered', ({ errorCode }) => errorCode === 0, since);
  return String(pushID);
}

async function openApp(): Promise<string> {
  await phone.open();
  return startUp();
}

/** Ann sends a message; its messageID. */
async function send(text: string, config: object = { pushConfig }): Promise<string> {
  const message = { type: 1, message: text };
  const sent = await ann.zim.sendMessage(message, bob, 0, { priority: 2, ...config });
  return sent.message.messageID ?? '';
}

/** The server has read what the app said so far: it takes the frames of a connection in order. */
function told(): Promise<unknown> {
  return phone.run('join', 'geese');
}

function messages(data: Record<string, unknown>): ZIMMessage[] {
  return data['messageList'] as ZIMMessage[];
}

describe('registering', () => {
  it('follows the page, and binds at login whichever comes first', async () => {
    await phone.open();
    await phone.run('create', stage.client);
    await phone.run('page.register');
    const { data } = await phone.wait(() => phone.happened.find(({ event }) => event === 'app console'));
    expect(data).toMatch(/^code:0message:success push id:[\w.-]{8,64}$/);
    await phone.run('login', { userID: bob });
    await phone.kill();
    expect(await phone.notice(await send('after login'))).toMatchObject({ title: '小安', body: '在吗？' });
  });

  it('works with a token of the backend: registered after the login', async () => {
    const { token04 } = await import('../../../zim/tests/integration/dev.js');
    await phone.open();
    await phone.run('create', { server: stage.client.server, appID: stage.client.appID });
    await phone.run('listen', 'registered');
    await phone.run('register', {});
    await phone.run('login', { userID: bob, token: token04(stage.dev, bob) });
    await phone.hears('registered', ({ errorCode }) => errorCode === 0);
    await phone.kill();
    await phone.notice(await send('with a token'));
  });

  it('keeps one PushID and one device over restarts of the app', async () => {
    const first = await openApp();
    const device = JSON.stringify(phone.storage['hongyan_zim']);
    await phone.kill();
    const since = phone.happened.length;
    await phone.open();
    expect(await startUp(since)).toBe(first);
    expect(device).toMatch(/deviceID":"[0-9a-f]{32}"/);
    expect(phone.storage['hongyan_zim']).toMatchObject(JSON.parse(device) as object);
  });

  it('registers a token that the system changes, without being asked', async () => {
    const first = await openApp();
    await phone.rotate();
    const { pushID } = await phone.hears('registered', (message) => message['pushID'] !== first);
    expect(pushID).toMatch(/^[\w.-]{8,64}$/);
    await phone.kill();
    await phone.notice(await send('to the new token'));
  });

  it('takes the permission dialog as the page does: a refusal leads to the settings', async () => {
    await phone.open();
    await phone.allow(false);
    await phone.run('page.permission');
    await phone.wait(() => phone.all('asked permission.openSettings')[0]);
    const { text } = phone.all('log').at(-1) ?? {};
    expect(text).toMatch(/^Permission failed. err code: 1600004, err msg: /);
  });
});

describe('a killed app', () => {
  it('is started by its notice: payload and IDs, then the message as an offline one', async () => {
    await openApp();
    await phone.kill();
    const messageID = await send('while you were away');
    const notice = await phone.notice(messageID);
    const since = phone.happened.length;
    await phone.tap(notice);
    // Nobody listens yet: the tap waits for the app to get ready.
    await phone.run('create', stage.client);
    await phone.run('listen', 'notificationClicked');
    const clicked = await phone.hears('notificationClicked', undefined, since);
    expect(clicked).toEqual({
      title: '',
      content: '',
      payload: '{"room":7}',
      extras: { conversationID: 'ann', conversationType: 0, senderUserID: 'ann', messageID },
    });
    await phone.run('login', { userID: bob });
    const received = await phone.hears('peerMessageReceived', undefined, since);
    expect(received).toMatchObject({ fromConversationID: 'ann', info: { isOfflineMessage: true } });
    expect(messages(received).map(({ messageID: id, message }) => [id, message])).toEqual([
      [messageID, 'while you were away'],
    ]);
  });

  it('is not told of a tap when it is opened in another way', async () => {
    await openApp();
    await phone.kill();
    await phone.notice(await send('not tapped'));
    const since = phone.happened.length;
    await phone.open();
    await startUp(since);
    await phone.hears('peerMessageReceived', undefined, since);
    expect(phone.heard('notificationClicked', since)).toEqual([]);
  });

  it('gets a group message of the page, and a call that still rings', async () => {
    await openApp();
    await phone.run('join', 'geese');
    await phone.kill();
    await ann.zim
      .joinGroup('geese')
      .catch((error: unknown) => expect(error).toMatchObject({ code: 6000522 }));
    const group = await ann.zim.sendMessage({ type: 1, message: '大家好' }, 'geese', 2, {
      priority: 2,
      pushConfig,
    });
    await phone.notice(group.message.messageID ?? '');
    const { callID } = await ann.zim.callInvite([bob], { timeout: 90, pushConfig });
    const since = phone.happened.length;
    await phone.tap(await phone.notice(callID));
    await startUp(since);
    const clicked = await phone.hears('notificationClicked', undefined, since);
    expect(clicked['extras']).toMatchObject({ callID, inviter: 'ann' });
    expect(await phone.hears('callInvitationReceived', undefined, since)).toMatchObject({
      callID,
      inviter: 'ann',
    });
    await phone.hears('groupMessageReceived', undefined, since);
  });
});

describe('the samples of the page, sent from the phone', () => {
  it('reach another phone that is killed', async () => {
    await openApp();
    const other = await stage.phone(`other-${number}`);
    const carol = `carol-${number}`;
    await other.open();
    await other.run('create', stage.client);
    await other.run('listen', 'registered');
    await other.run('register', {});
    await other.run('login', { userID: carol });
    await other.run('join', 'geese');
    await phone.run('join', 'geese');
    await other.hears('registered');
    await other.kill();
    const peer = await phone.run<ZIMMessage>('page.peer', carol);
    const group = await phone.run<ZIMMessage>('page.group', 'geese');
    const call = await phone.run<{ callID: string }>('page.call', carol);
    const shown = { title: '离线推送标题', body: '离线推送内容' };
    expect(await other.notice(peer.messageID ?? '')).toMatchObject(shown);
    expect(await other.notice(group.messageID ?? '')).toMatchObject(shown);
    expect(await other.notice(call.callID)).toMatchObject(shown);
    await other.close();
  });
});

describe('an app in the background', () => {
  it('is pushed at once although its connection lives, and told of the tap when it comes back', async () => {
    await openApp();
    await phone.leave();
    await told();
    const messageID = await send('are you there?');
    const notice = await phone.notice(messageID);
    // The connection lives: the message came over it as well, and once.
    await phone.hears('peerMessageReceived');
    await phone.tap(notice);
    const clicked = await phone.hears('notificationClicked');
    expect(clicked['extras']).toMatchObject({ messageID });
    await told();
    const next = await send('welcome back');
    await phone.hears('peerMessageReceived', (data) => messages(data)[0]?.messageID === next);
    expect((await stage.trace(next)).map(({ state }) => state)).toEqual(['acked']);
    expect(phone.heard('peerMessageReceived').flatMap(messages)).toHaveLength(2);
  });

  it('that the system has frozen is pushed, and hears message and tap when it is thawed', async () => {
    await openApp();
    await phone.leave();
    await told();
    phone.freeze();
    const messageID = await send('are you asleep?');
    const notice = await phone.notice(messageID);
    expect(phone.heard('peerMessageReceived')).toEqual([]);
    await phone.tap(notice);
    expect((await phone.hears('notificationClicked'))['extras']).toMatchObject({ messageID });
    await phone.hears('peerMessageReceived', (data) => messages(data)[0]?.messageID === messageID);
    expect((await stage.trace(messageID)).map(({ state }) => state)).toEqual(['pushed']);
  });

  it('counts as in front again as soon as the user looks', async () => {
    await openApp();
    await phone.leave();
    await phone.open();
    await told();
    const messageID = await send('seen');
    await phone.hears('peerMessageReceived');
    expect((await stage.trace(messageID)).map(({ state }) => state)).toEqual(['acked']);
    expect(phone.notices).toEqual([]);
  });

  it('gets a background message in its code, without a notice', async () => {
    await openApp();
    await phone.run('listen', 'throughMessageReceived');
    await phone.kill();
    const silent = { pushConfig: { ...pushConfig, resourcesID: 'silent' } };
    const messageID = await send('silent', silent);
    await stage.trace(messageID);
    const since = phone.happened.length;
    await phone.open();
    await startUp(since);
    await phone.run('listen', 'throughMessageReceived');
    expect(await phone.hears('throughMessageReceived', undefined, since)).toEqual({
      title: '小安',
      content: '在吗？',
      payload: '{"room":7}',
      extras: { conversationID: 'ann', conversationType: 0, senderUserID: 'ann', messageID },
    });
    expect(phone.notices).toEqual([]);
  });
});

describe('the network', () => {
  it('comes back: the phone says so, and what was missed arrives', async () => {
    await openApp();
    await phone.run('listen', 'throughMessageReceived');
    await phone.network(false);
    await phone.hears('connectionStateChanged', ({ state }) => state === 3);
    const messageID = await send('in the tunnel');
    await stage.trace(messageID);
    const since = phone.happened.length;
    await phone.network(true);
    await phone.hears('connectionStateChanged', ({ state }) => state === 2, since);
    const received = await phone.hears('peerMessageReceived', undefined, since);
    expect(messages(received).map(({ messageID: id }) => id)).toEqual([messageID]);
    // The app is in front: the notice that was pushed meanwhile goes to its code.
    const pushed = await phone.hears('throughMessageReceived', undefined, since);
    expect(pushed).toMatchObject({
      title: '小安',
      content: '在吗？',
      payload: '{"room":7}',
      extras: { messageID },
    });
    expect(phone.notices).toEqual([]);
  });

  it('was never there: the login fails with the documented code', async () => {
    await phone.network(false);
    await phone.open({ haste: 20 });
    await phone.run('create', stage.client);
    await expect(phone.run('login', { userID: bob })).rejects.toMatchObject({ code: 6000104 });
    await phone.network(true);
  });
});

describe('stopping', () => {
  it('unregistering, as on the page, ends notices; the trace says why', async () => {
    await openApp();
    await phone.run('page.unregister');
    expect(await phone.run('unregister')).toEqual({ errorCode: 0, msg: 'success' });
    await phone.kill();
    expect((await stage.trace(await send('nobody hears'))).map(({ state }) => state)).toEqual(['suppressed']);
    expect(phone.notices).toEqual([]);
  });

  it('logging out clears the binding; the next user of the phone is bound instead', async () => {
    await openApp();
    await phone.run('logout');
    expect((await stage.trace(await send('gone'))).map(({ state }) => state)).toEqual(['suppressed']);
    const next = `carol-${number}`;
    await phone.run('login', { userID: next });
    await phone.kill();
    const { message } = await ann.zim.sendMessage({ type: 1, message: 'hi' }, next, 0, {
      priority: 2,
      pushConfig,
    });
    await phone.notice(message.messageID ?? '');
    expect(phone.notices).toHaveLength(1);
  });
});
