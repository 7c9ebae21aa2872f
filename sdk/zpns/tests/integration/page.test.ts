/**
 * The offline-push page, end to end: its samples against a real server, an emulated Push Kit and an emulated
 * phone. The receiver is the client of this process, as in an app; the sender is another one.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import ZIMDefault, { ZIM, type ZIMMessage } from '@hongyan/zim';
import { createClient, memoryStorage, type ZIM as Client } from '@hongyan/zim/core';
import { nodePlatform, openNodeSocket } from '@hongyan/zim/node';
import ZPNs, { type ZPNsMessage } from '@hongyan/zpns';
import { EmulatedPhone, emulatorProvider, type EmulatorProvider } from '@hongyan/zpns/emulator';
import { type DevServer, startDevServer } from '../../../zim/tests/integration/dev.js';
import * as samples from './page-samples.mjs';

const BOB = 'bob';
const DEVICE = 'phone-of-bob';
const PUSH_CONFIG = { title: '离线推送标题', content: '离线推送内容', payload: '自定义透传字段,非必填' };

interface Notice {
  id: string;
  title: string;
  body: string;
  data: Record<string, unknown>;
}

let dev: DevServer;
let phone: EmulatedPhone;
let provider: EmulatorProvider;
let ann: Client;
let pushID = '';
const notices: Notice[] = [];
const revoked: string[] = [];
const wakes = new Set<() => void>();

beforeAll(async () => {
  dev = await startDevServer();
  const url = `${dev.emulator.replace(/^http/, 'ws')}/device`;
  phone = await EmulatedPhone.connect({ url, deviceId: DEVICE, openSocket: openNodeSocket });
  phone.watch((event, data) => {
    if (event === 'notice.shown') notices.push(data['notice'] as Notice);
    if (event === 'notice.revoked') revoked.push(String(data['id']));
    for (const wake of [...wakes]) wake();
  });
  const app = { bundleName: dev.bundleName, projectId: dev.projectId };
  provider = await emulatorProvider(phone, app, DEVICE);
  await provider.allowNotices(true);
  ZPNs.setProvider(provider);
  const config = { appID: dev.appID, appSign: dev.appSign, server: dev.server };
  ann = createClient(config, { ...nodePlatform(), storage: memoryStorage() });
  await ann.login('ann', { userName: '小安 Ann' });
});

afterAll(async () => {
  await ann?.logout();
  ZIM.getInstance()?.destroy();
  ZPNs.getInstance().close();
  phone?.close();
  await dev?.stop();
});

/** Waits until a look at what the phone said gives something. */
function wait<T>(look: () => T | undefined, ms = 20_000): Promise<T> {
  return new Promise((resolve, reject) => {
    const check = (): void => {
      const found = look();
      if (found === undefined) return;
      clearTimeout(timer);
      wakes.delete(check);
      resolve(found);
    };
    const timer = setTimeout(() => {
      wakes.delete(check);
      reject(new Error(`nothing in time; notices: ${JSON.stringify(notices)}`));
    }, ms);
    wakes.add(check);
    check();
  });
}

/** The app of the page starts: a client of this process, on bob's phone. */
function startApp(): ZIM {
  ZIM.setAdvancedConfig('server', dev.server);
  ZIM.setAdvancedConfig('deviceID', DEVICE);
  const zim = ZIM.create({ appID: dev.appID, appSign: dev.appSign });
  if (!zim) throw new Error('there is a client already');
  return zim;
}

/** Into the group of the demo, unless the user is there already. */
async function join(zim: Client): Promise<void> {
  await zim.joinGroup('geese').catch((error: unknown) => expect(error).toMatchObject({ code: 6000522 }));
}

/** The system kills the app: its connection goes, nobody logs out. */
async function killApp(): Promise<void> {
  ZIM.getInstance()?.destroy();
  await phone.call('app.state', { bundleName: dev.bundleName, state: 'killed' });
}

/** A sample with its two callbacks, as a promise. */
function run<T>(sample: (sent: (result: T) => void, failed: (error: unknown) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => sample(resolve, reject));
}

/** The user taps a notice: the app starts with what came along, and logs in. */
async function tap(notice: Notice): Promise<{ clicked: ZPNsMessage; zim: ZIM }> {
  const clicked = new Promise<ZPNsMessage>((resolve) =>
    ZPNs.getInstance().on('notificationClicked', resolve),
  );
  await provider.tap(notice.id);
  const zim = startApp();
  return { clicked: await clicked, zim };
}

describe('the page', () => {
  it('exports as the page imports', () => {
    expect(ZIMDefault).toBe(ZIM);
    expect(ZPNs.getVersion()).toBe(ZIM.getVersion());
    expect(typeof ZPNs.getInstance().registerPush).toBe('function');
  });

  it('steps 1 to 3: the receiver gets a token and a PushID, bound by logging in', async () => {
    const registered = new Promise<[number, string, string]>((resolve) => {
      samples.register(ZPNs, (...message) => resolve(message));
    });
    const zim = startApp();
    const [code, msg, id] = await registered;
    expect([code, msg]).toEqual([0, 'success']);
    expect(id).toMatch(/^[A-Za-z0-9\-_.]{8,64}$/);
    pushID = id;
    await zim.login(BOB, { userName: '小博 Bob', token: '', isOfflineLogin: false, customStatus: '' });
    await join(zim);
  });

  it('scenario 1: a peer message to a killed app', async () => {
    await killApp();
    const message = await run<ZIMMessage>((sent, failed) => samples.sendPeerMessage(ann, BOB, sent, failed));
    expect(message.sentStatus).toBe(1);
    const notice = await wait(() => notices.find(({ data }) => data['messageID'] === message.messageID));
    expect(notice).toMatchObject({ title: PUSH_CONFIG.title, body: PUSH_CONFIG.content });
    const { clicked, zim } = await tap(notice);
    expect(clicked).toMatchObject({
      payload: PUSH_CONFIG.payload,
      extras: { conversationID: 'ann', conversationType: 0 },
    });
    const offline = new Promise((resolve) => zim.on('peerMessageReceived', (_, data) => resolve(data)));
    await zim.login(BOB, {});
    expect(await offline).toMatchObject({
      fromConversationID: 'ann',
      info: { isOfflineMessage: true },
      messageList: [{ messageID: message.messageID, message: '文本消息内容' }],
    });
    const trace = await traceWith(message.messageID ?? '', (found) =>
      found.events.some(({ name }) => name === 'clicked'),
    );
    expect(trace.events.filter(({ name }) => name === 'clicked')).toMatchObject([
      { userID: BOB, deviceID: DEVICE },
    ]);
  });

  it('scenario 2: a group message to a killed app', async () => {
    await join(ann);
    await killApp();
    const message = await run<ZIMMessage>((sent, failed) =>
      samples.sendGroupMessage(ann, 'geese', sent, failed),
    );
    const notice = await wait(() => notices.find(({ data }) => data['messageID'] === message.messageID));
    expect(notice).toMatchObject({ title: PUSH_CONFIG.title, body: PUSH_CONFIG.content });
    const { clicked, zim } = await tap(notice);
    expect(clicked.extras).toMatchObject({
      conversationID: 'geese',
      conversationType: 2,
      senderUserID: 'ann',
    });
    const offline = new Promise((resolve) => zim.on('groupMessageReceived', (_, data) => resolve(data)));
    await zim.login(BOB, {});
    expect(await offline).toMatchObject({ fromConversationID: 'geese', info: { isOfflineMessage: true } });
  });

  it('scenario 3: a call invitation to a killed app', async () => {
    await killApp();
    const call = await run<{ callID: string; timeout: number }>((sent, failed) => {
      samples.sendCallInvitation(ann, BOB, sent, failed);
    });
    expect(call).toMatchObject({ timeout: 90, errorInvitees: [] });
    const notice = await wait(() => notices.find(({ data }) => data['callID'] === call.callID));
    const { clicked, zim } = await tap(notice);
    expect(clicked.extras).toMatchObject({ callID: call.callID });
    const ringing = new Promise((resolve) => zim.on('callInvitationReceived', (_, data) => resolve(data)));
    const accepted = new Promise((resolve) => ann.on('callInvitationAccepted', (_, data) => resolve(data)));
    await zim.login(BOB, {});
    expect(await ringing).toMatchObject({ callID: call.callID, inviter: 'ann' });
    await zim.callAccept(call.callID, { extendedData: 'on my way' });
    expect(await accepted).toEqual({ callID: call.callID, invitee: BOB, extendedData: 'on my way' });
  });

  it('a token that the system changes is registered by itself', async () => {
    const registered = new Promise<string>((resolve) =>
      ZPNs.getInstance().on('registered', (m) => resolve(m.pushID)),
    );
    const rotate = await fetch(`${dev.emulator}/control/tokens/rotate`, {
      method: 'POST',
      body: JSON.stringify({ deviceId: DEVICE, bundleName: dev.bundleName }),
    });
    expect(rotate.status).toBe(200);
    pushID = await registered;
    await killApp();
    const message = await run<ZIMMessage>((sent, failed) => samples.sendPeerMessage(ann, BOB, sent, failed));
    await wait(() => notices.find(({ data }) => data['messageID'] === message.messageID));
    await startApp().login(BOB, {});
    expect(pushID).not.toBe('');
  });

  it('unregistering ends it: nothing is pushed, and the trace says why', async () => {
    expect(await samples.unregister(ZPNs)).toEqual({ errorCode: 0, msg: 'success' });
    await killApp();
    const message = await run<ZIMMessage>((sent, failed) => samples.sendPeerMessage(ann, BOB, sent, failed));
    const trace = await settledTrace(message.messageID ?? '');
    expect(trace.devices.map(({ state }) => state)).toEqual(['suppressed']);
    expect(notices.some(({ data }) => data['messageID'] === message.messageID)).toBe(false);
  });

  it('logging out unbinds: nothing is pushed to the phone for the user any more', async () => {
    const zim = startApp();
    await zim.login(BOB, {});
    const registered = new Promise<number>((resolve) =>
      ZPNs.getInstance().on('registered', (m) => resolve(m.errorCode)),
    );
    ZPNs.getInstance().registerPush({});
    expect(await registered).toBe(0);
    await zim.logout();
    const message = await run<ZIMMessage>((sent, failed) => samples.sendPeerMessage(ann, BOB, sent, failed));
    const trace = await settledTrace(message.messageID ?? '');
    expect(trace.devices.every(({ state }) => state === 'suppressed')).toBe(true);
    expect(notices.some(({ data }) => data['messageID'] === message.messageID)).toBe(false);
  });
});

interface Trace {
  devices: { userID: string; state: string; reason: string | null }[];
  events: { name: string; userID?: string; deviceID?: string }[];
}

/** The trace of a message once nothing about it is undecided. */
function settledTrace(id: string): Promise<Trace> {
  const settled = ({ devices }: Trace): boolean =>
    devices.length > 0 && devices.every(({ state }) => state !== 'pending');
  return traceWith(id, settled);
}

/** The trace of a message once it holds what is looked for. */
async function traceWith(id: string, holds: (trace: Trace) => boolean): Promise<Trace> {
  const until = Date.now() + 20_000;
  for (;;) {
    const response = await fetch(`${dev.server}/demo/api/trace/${id}`);
    const trace = response.ok ? ((await response.json()) as Trace) : null;
    if (trace && holds(trace)) return trace;
    if (Date.now() > until) throw new Error(`the trace is another: ${JSON.stringify(trace)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
