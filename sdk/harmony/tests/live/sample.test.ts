/** The sample app's code paths against server and emulator: log in, chat, a notice, a call, log out. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newApp, Person } from '../../../zim/tests/integration/dev.js';
import type { Phone } from '../phone/phone.js';
import { Stage } from '../phone/stage.js';

const NONE = 0;
const CALLING = 1;
const INCOMING = 2;
const TALKING = 3;

interface Look {
  userID: string;
  isConnected: boolean;
  conversations: [string, number][];
  messages: string[];
  call: [number, string];
}

let stage: Stage;
let annPhone: Phone;
let bobPhone: Phone;
let number = 0;
let ann = '';
let bob = '';

beforeAll(async () => {
  stage = await Stage.set('sample.ts');
});

afterAll(() => stage?.strike());

beforeEach(async () => {
  number++;
  [ann, bob] = [`ann-${number}`, `bob-${number}`];
  annPhone = await stage.phone(`phone-of-${ann}`);
  bobPhone = await stage.phone(`phone-of-${bob}`);
  for (const phone of [annPhone, bobPhone]) phone.config = stage.client;
  await logIn(annPhone, ann);
  await logIn(bobPhone, bob);
  return async () => {
    await annPhone.close();
    await bobPhone.close();
  };
});

async function logIn(phone: Phone, userID: string): Promise<void> {
  await phone.open();
  await phone.run('watch');
  await phone.run('login', userID);
  await phone.wait(() => phone.all('log').find(({ text }) => /push id: [\w.-]+$/.test(String(text))));
}

/** Waits until the models of an app look as wanted. */
function sees(phone: Phone, fits: (look: Look) => boolean, since = 0): Promise<Look> {
  return phone.wait(() => {
    const look = phone.heard('look', since).at(-1) as Look | undefined;
    return look && fits(look) ? look : undefined;
  });
}

const inCall = (phone: Phone, phase: number): Promise<Look> => sees(phone, ({ call }) => call[0] === phase);

describe('starting', () => {
  it('shows the page, asks for the permission, and remembers the user', async () => {
    expect(bobPhone.all('page')).toEqual(['pages/Index']);
    await bobPhone.wait(() => bobPhone.all('asked permission.request')[0]);
    await bobPhone.kill();
    const since = bobPhone.happened.length;
    await bobPhone.open();
    await bobPhone.run('watch');
    expect((await sees(bobPhone, ({ isConnected }) => isConnected, since)).userID).toBe(bob);
  });

  it('by a call asks for nothing while nobody looks', async () => {
    await bobPhone.kill();
    bobPhone.config = { ...stage.client, hasWindow: true };
    const since = bobPhone.happened.length;
    await annPhone.run('invite', bob);
    await bobPhone.wait(() => bobPhone.all('page', since)[0]);
    await bobPhone.run('watch');
    await inCall(bobPhone, INCOMING);
    expect(bobPhone.all('asked permission.request', since)).toEqual([]);
    await bobPhone.open();
    await bobPhone.wait(() => bobPhone.all('asked permission.request', since)[0]);
  });

  it('without a network asks for the login of the user it knows', async () => {
    await bobPhone.kill();
    await bobPhone.network(false);
    bobPhone.haste = 20;
    const since = bobPhone.happened.length;
    await bobPhone.open();
    await bobPhone.run('watch');
    await sees(bobPhone, ({ userID }) => userID === '', since);
    expect(await bobPhone.run('lastUser')).toBe(bob);
    await bobPhone.network(true);
    await bobPhone.run('login', bob);
    await sees(bobPhone, ({ isConnected }) => isConnected, since);
  });

  it('leads to the settings when the permission was refused', async () => {
    await bobPhone.kill();
    await bobPhone.allow(false);
    await bobPhone.open();
    await bobPhone.wait(() => bobPhone.all('asked permission.openSettings')[0]);
  });
});

describe('chatting', () => {
  it('goes both ways, counts what is unread, and puts the number on the icon', async () => {
    await annPhone.run('open', { to: bob, type: 0 });
    await annPhone.run('send', 'hello');
    await annPhone.run('send', 'are you there?');
    const { conversations } = await sees(bobPhone, (look) => look.conversations[0]?.[1] === 2);
    expect(conversations).toEqual([[ann, 2]]);
    await bobPhone.wait(() => (bobPhone.all('badge').at(-1) as unknown as number) === 2 || undefined);
    await bobPhone.run('open', { to: ann, type: 0 });
    const { messages } = await sees(bobPhone, (look) => look.messages.length === 2);
    expect(messages).toEqual(['hello', 'are you there?']);
    await sees(bobPhone, (look) => look.conversations[0]?.[1] === 0);
    await bobPhone.wait(() => (bobPhone.all('badge').at(-1) as unknown as number) === 0 || undefined);
    await bobPhone.run('send', 'yes');
    await sees(annPhone, (look) => look.messages.at(-1) === 'yes');
    expect((await annPhone.run<Look>('look')).messages).toEqual(['hello', 'are you there?', 'yes']);
  });

  it('a notice of a killed app leads to its conversation', async () => {
    await bobPhone.kill();
    await annPhone.run('open', { to: bob, type: 0 });
    await annPhone.run('send', 'while you were away');
    const notice = await bobPhone.wait(() => bobPhone.notices[0]);
    expect(notice).toMatchObject({ title: ann, body: 'while you were away' });
    const since = bobPhone.happened.length;
    await bobPhone.tap(notice);
    await bobPhone.run('watch');
    await sees(
      bobPhone,
      ({ isConnected, conversations }) => isConnected && conversations.length === 1,
      since,
    );
    expect(await bobPhone.run('route')).toEqual({ conversationID: ann, type: 0 });
    expect(await bobPhone.run('route')).toBeNull();
    await bobPhone.run('open', { to: ann, type: 0 });
    await sees(bobPhone, ({ messages }) => messages.at(-1) === 'while you were away', since);
  });

  it('a notice of an app behind another leads there too', async () => {
    await bobPhone.leave();
    // The server has read that the app left: it takes the frames of a connection in order.
    await bobPhone.run('load');
    bobPhone.freeze();
    await annPhone.run('open', { to: bob, type: 0 });
    await annPhone.run('send', 'look here');
    await bobPhone.tap(await bobPhone.wait(() => bobPhone.notices[0]));
    expect(await bobPhone.run('route')).toEqual({ conversationID: ann, type: 0 });
  });
});

describe('calling', () => {
  it('an app in front: accepted, hung up', async () => {
    await annPhone.run('invite', bob);
    expect((await inCall(annPhone, CALLING)).call).toEqual([CALLING, bob]);
    expect((await inCall(bobPhone, INCOMING)).call).toEqual([INCOMING, ann]);
    await bobPhone.run('accept');
    await inCall(bobPhone, TALKING);
    await inCall(annPhone, TALKING);
    await annPhone.run('leave');
    expect((await annPhone.run<Look>('look')).call).toEqual([NONE, '']);
  });

  it('an app in front: declined, given up', async () => {
    await annPhone.run('invite', bob);
    await inCall(bobPhone, INCOMING);
    await bobPhone.run('leave');
    await inCall(annPhone, NONE);
    await annPhone.run('invite', bob);
    await inCall(bobPhone, INCOMING);
    await annPhone.run('leave');
    await inCall(bobPhone, NONE);
  });

  it('an app in front: given up before the server had answered', async () => {
    const inviting = annPhone.run('invite', bob);
    await annPhone.run('leave');
    await inviting;
    await bobPhone.hears('look', (look) => (look['call'] as Look['call'])[0] === INCOMING);
    await inCall(bobPhone, NONE);
    expect((await annPhone.run<Look>('look')).call).toEqual([NONE, '']);
  });

  it('a killed app: answered on the banner', async () => {
    await bobPhone.kill();
    await annPhone.run('invite', bob);
    const { callId } = await bobPhone.wait(() => bobPhone.all('asked call.report')[0]);
    bobPhone.press(String(callId), 1);
    await inCall(annPhone, TALKING);
    await bobPhone.wait(() => bobPhone.all('call.state').find(({ state }) => state === 2));
    expect((await bobPhone.run<Look>('look')).call).toEqual([TALKING, ann]);
    bobPhone.press(String(callId), 4);
    await bobPhone.wait(() => bobPhone.all('call.state').find(({ state }) => state === 4));
    expect((await bobPhone.run<Look>('look')).call).toEqual([NONE, '']);
  });

  it('a killed app: declined on the banner', async () => {
    await bobPhone.kill();
    await annPhone.run('invite', bob);
    const { callId } = await bobPhone.wait(() => bobPhone.all('asked call.report')[0]);
    bobPhone.press(String(callId), 3);
    await sees(annPhone, ({ call }) => call[0] === NONE);
  });
});

it('a call to a phone that is not unlocked yet is reported; the app begins once it is unlocked', async () => {
  await bobPhone.kill();
  bobPhone.config = { ...stage.client, locked: true, hasWindow: true };
  const since = bobPhone.happened.length;
  await annPhone.run('invite', bob);
  await bobPhone.wait(() => bobPhone.all('asked call.report', since)[0]);
  const { text } = await bobPhone.wait(() => bobPhone.all('log', since)[0]);
  expect(text).toMatch(/^not started: 15500000 /);
  await bobPhone.wait(() => bobPhone.all('running', since)[0]);
  expect(bobPhone.all('page', since)).toEqual(['pages/NotStarted']);
  bobPhone.unlock();
  await bobPhone.open();
  await bobPhone.wait(() => bobPhone.all('page', since).find((page) => (page as unknown) === 'pages/Index'));
  await bobPhone.run('watch');
  expect((await inCall(bobPhone, INCOMING)).call).toEqual([INCOMING, ann]);
  expect(bobPhone.all('crash', since)).toEqual([]);
});

it('a user who logs in elsewhere is asked to log in here, and leaves nothing behind', async () => {
  const app = await newApp(stage.dev, 'one device');
  const elsewhere = await stage.phone(`elsewhere-${number}`);
  const before = bobPhone.happened.length;
  for (const phone of [bobPhone, elsewhere]) {
    await phone.kill();
    phone.config = { server: app.server, appID: app.appID, appSign: app.appSign };
    await phone.open();
    await phone.run('watch');
  }
  await sees(bobPhone, ({ isConnected }) => isConnected, before);
  const { zim } = new Person(app);
  await zim.login(ann, {});
  await zim.sendMessage({ type: 1, message: 'for bob alone' }, bob, 0, { priority: 2 });
  await sees(bobPhone, ({ conversations }) => conversations.length === 1, before);
  const since = bobPhone.happened.length;
  await elsewhere.run('login', bob);
  await sees(bobPhone, ({ userID }) => userID === '', since);
  expect(await bobPhone.run('look')).toMatchObject({ isConnected: false, conversations: [], messages: [] });
  expect(await bobPhone.run('lastUser')).toBe('');
  zim.destroy();
});

it('an app without settings says so on the screen instead of ending', async () => {
  const phone = await stage.phone(`empty-${number}`);
  phone.config = { appID: 0, appSign: '', server: stage.dev.server };
  await phone.open();
  expect(phone.all('page')).toEqual(['pages/NotStarted']);
  expect(phone.all('asked permission.request')).toEqual([]);
  expect(phone.all('log').map(({ text }) => text)).toEqual([
    expect.stringMatching(/^not started: \d+ .*appID/),
    expect.stringMatching(/^not started: \d+ .*appID/),
  ]);
});

it('logging out ends notices, leaves nothing behind, and the next start asks who it is', async () => {
  await annPhone.run('open', { to: bob, type: 0 });
  await annPhone.run('send', 'for bob alone');
  await bobPhone.wait(() => (bobPhone.all('badge').at(-1) as unknown as number) === 1 || undefined);
  await annPhone.run('invite', bob);
  await inCall(bobPhone, INCOMING);
  await bobPhone.run('logout');
  expect(await bobPhone.run('look')).toMatchObject({ conversations: [], messages: [], call: [NONE, ''] });
  expect(bobPhone.all('badge').at(-1)).toBe(0);
  await sees(annPhone, ({ call }) => call[0] === NONE);
  await bobPhone.kill();
  await annPhone.run('open', { to: bob, type: 0 });
  await annPhone.run('send', 'gone');
  await bobPhone.open();
  expect(await bobPhone.run('look')).toMatchObject({ userID: '', isConnected: false });
  expect(bobPhone.notices).toEqual([]);
});
