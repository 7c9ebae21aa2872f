/**
 * Notices on a phone whose app is gone, against a real server and an emulated phone: taken back with their
 * message, kept away by the user's own push rule, and the number on the icon.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, memoryStorage, type ZIM, type ZIMMessage } from '@hongyan/zim/core';
import { nodePlatform, openNodeSocket } from '@hongyan/zim/node';
import { createPush, type ZPNs } from '@hongyan/zpns/core';
import { EmulatedPhone, emulatorProvider, type EmulatorProvider } from '@hongyan/zpns/emulator';
import { type DevServer, startDevServer } from '../../../zim/tests/integration/dev.js';

const BOB = 'bob';
const DEVICE = 'phone-of-bob';
const HARMONY = 10;
const WEB = 6;
const LOOK_MS = 20;

let dev: DevServer;
let phone: EmulatedPhone;
let provider: EmulatorProvider;
let ann: ZIM;
/** What is on the phone: texts of its notices by ID, and the badge. */
const notices = new Map<string, string>();
let badge = 0;

/** A client on a device of its own. */
function client(platform: number, deviceID?: string): ZIM {
  const { appID, appSign, server } = dev;
  const host = { ...nodePlatform(), storage: memoryStorage(), type: platform };
  return createClient({ appID, appSign, server, ...(deviceID ? { deviceID } : {}) }, host);
}

/** Bob's app on the phone: logged in and registered for push. */
async function startApp(): Promise<{ zim: ZIM; push: ZPNs }> {
  const zim = client(HARMONY, DEVICE);
  const push = createPush({ provider, zim });
  const registered = new Promise<void>((resolve) => push.on('registered', () => resolve()));
  await zim.login(BOB, {});
  push.registerPush({});
  await registered;
  return { zim, push };
}

/** The system kills the app; nobody logs out. */
async function kill({ zim, push }: { zim: ZIM; push: ZPNs }): Promise<void> {
  push.close();
  zim.destroy();
  await phone.call('app.state', { bundleName: dev.bundleName, state: 'killed' });
}

async function send(text: string): Promise<ZIMMessage> {
  const pushConfig = { title: 'Ann', content: text, enableBadge: true, badgeIncrement: 1 };
  const { message } = await ann.sendMessage({ type: 1, message: text }, BOB, 0, { priority: 2, pushConfig });
  return message;
}

/** Waits, at most `ms`, until something holds. */
async function until(holds: () => boolean | Promise<boolean>, what: string, ms = 20_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** What became of a message for the phone: state of its device in the trace. */
async function outcome(message: ZIMMessage): Promise<string | undefined> {
  const response = await fetch(`${dev.server}/demo/api/trace/${message.messageID}`);
  if (!response.ok) return undefined;
  const trace = (await response.json()) as { devices: { deviceID: string | null; state: string }[] };
  return trace.devices.find(({ deviceID }) => deviceID === DEVICE)?.state;
}

const texts = (): string[] => [...notices.values()];
const onPhone = (message: ZIMMessage): boolean => texts().includes(String(message.message));

beforeAll(async () => {
  dev = await startDevServer();
  const url = `${dev.emulator.replace(/^http/, 'ws')}/device`;
  phone = await EmulatedPhone.connect({ url, deviceId: DEVICE, openSocket: openNodeSocket });
  phone.watch((event, data) => {
    const notice = data['notice'] as { id: string; body: string } | undefined;
    if (event === 'notice.shown' && notice) notices.set(notice.id, notice.body);
    if (event === 'notice.revoked') notices.delete(String(data['id']));
    if (event === 'badge.changed') badge = Number(data['badge']);
  });
  const app = { bundleName: dev.bundleName, projectId: dev.projectId };
  provider = await emulatorProvider(phone, app, DEVICE);
  await provider.allowNotices(true);
  ann = client(HARMONY);
  await ann.login('ann', {});
});

afterAll(async () => {
  await ann?.logout();
  ann?.destroy();
  phone?.close();
  await dev?.stop();
});

describe('a notice of a killed app', () => {
  it('goes when its message is taken back; others stay', async () => {
    await kill(await startApp());
    const stays = await send('stays');
    const goes = await send('goes');
    await until(() => onPhone(stays) && onPhone(goes), 'both notices');
    await ann.revokeMessage(goes);
    await until(() => !onPhone(goes), 'the notice is taken back');
    expect(onPhone(stays)).toBe(true);
    const { zim, push } = await startApp();
    const page = await zim.queryHistoryMessage('ann', 0, { count: 2, reverse: true });
    expect(page.messageList).toMatchObject([
      { type: 1, message: 'stays' },
      { type: 31, messageID: goes.messageID, operatedUserID: 'ann' },
    ]);
    await kill({ zim, push });
  });

  it('is replaced by one about the revocation, if the sender gives one', async () => {
    await kill(await startApp());
    const goes = await send('goes too');
    await until(() => onPhone(goes), 'the notice');
    await ann.revokeMessage(goes, { pushConfig: { title: 'Ann', content: 'took a message back' } });
    const replaced = (): boolean => !onPhone(goes) && texts().includes('took a message back');
    await until(replaced, 'another notice in place of the first');
  });

  it('does not come while the user’s push rule says so, and comes when it does not', async () => {
    const app = await startApp();
    const rule = { onlinePlatforms: [WEB], notToReceiveOfflinePushPlatforms: [HARMONY] };
    await app.zim.updateUserOfflinePushRule(rule);
    await kill(app);
    const web = client(WEB);
    web.on('peerMessageReceived', () => undefined);
    await web.login(BOB, {});
    const quiet = await send('read it in the browser');
    await until(async () => (await outcome(quiet)) === 'suppressed', 'not pushed to the phone');
    expect(onPhone(quiet)).toBe(false);
    await web.updateUserOfflinePushRule({ onlinePlatforms: [], notToReceiveOfflinePushPlatforms: [] });
    const loud = await send('on the phone as well');
    await until(() => onPhone(loud), 'the notice');
    await web.logout();
    web.destroy();
  });

  it('has no say in the number on the icon once another device sets it', async () => {
    await kill(await startApp());
    const web = client(WEB);
    await web.login(BOB, {});
    await web.updateUserBadge(42);
    await until(() => badge === 42, 'the badge');
    await web.updateUserBadge(0);
    await until(() => badge === 0, 'no badge');
    await web.logout();
    web.destroy();
  });
});
