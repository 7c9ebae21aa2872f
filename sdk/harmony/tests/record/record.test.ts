/**
 * The sample's code paths against a server and the emulator, written down: `npm run record` makes
 * docs/harmony-run.md, every other run of the tests compares with it.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Notice, Phone } from '../phone/phone.js';
import { Stage } from '../phone/stage.js';
import { Page, rules } from './page.js';

interface Look {
  userID: string;
  isConnected: boolean;
  conversations: [string, number][];
  messages: string[];
  call: [number, string];
}

const FILE = join(import.meta.dirname, '../../../../docs/harmony-run.md');
const PHASES = ['none', 'calling', 'incoming', 'talking'];
const STATES = new Map([
  [2, 'ACTIVE'],
  [4, 'DISCONNECTED'],
  [6, 'ANSWERED'],
]);
const [VOICE, REJECT, HANG_UP] = [1, 3, 4];
const HEAD = `# HarmonyOS: a recorded run

Made by \`npm run record --workspace sdk/harmony\` and compared by every \`make test\`; not written by hand.
It shows what the checks without DevEco see: the ArkTS rules over every \`.ets\` file, then the
[sample](../apps/harmony-sample/README.md) without its pages on two phones. Each app is a process of its own
on Node, its ArkTS transpiled by DevEco's compiler. Played are the kits, over the emulated Push Kit; real are
the server (\`hongyan dev\`), its connections, its requests to the emulator, SIGSTOP and SIGKILL. IDs have
names in ‹ ›, so that every run is the same. What only a device can tell is listed in
[harmony.md](harmony.md).`;

const page = new Page();
let stage: Stage;
let ann: Phone;
let bob: Phone;
/** Where a step began in what happened on Bob's phone. */
let since = 0;
let messages = 0;

beforeAll(async () => {
  stage = await Stage.set('sample.ts');
});

afterAll(() => stage?.strike());

it('the rules and the sample do what docs/harmony-run.md shows', { timeout: 120_000 }, async () => {
  page.line(HEAD);
  rules(page);
  page.heading('## 2. The sample on two phones');
  await begin();
  await chat();
  await behind();
  await killed();
  await token();
  await call();
  await declined();
  await locked();
  await refused();
  await accounts();
  if (process.env['HONGYAN_RECORD']) writeFileSync(FILE, page.text());
  expect(page.text()).toBe(readFileSync(FILE, 'utf8'));
});

function step(title: string): void {
  page.heading(`### ${title}`);
  since = bob.happened.length;
}

// -- what is looked at -------------------------------------------------------------------------------------

/** Waits until the models of an app look as wanted. */
function sees(phone: Phone, fits: (look: Look) => boolean, from = 0): Promise<Look> {
  return phone.wait(() => {
    const look = phone.heard('look', from).at(-1) as Look | undefined;
    return look && fits(look) ? look : undefined;
  });
}

/** Waits for a line of the app's own log. */
async function logs(phone: Phone, pattern: RegExp): Promise<string> {
  const line = await phone.wait(() =>
    phone.all('log', phone === bob ? since : 0).find(({ text }) => pattern.test(String(text))),
  );
  return `log \`${String(line['text'])}\``;
}

async function asked(phone: Phone, question: string): Promise<Record<string, unknown>> {
  return phone.wait(() => phone.all(`asked ${question}`, phone === bob ? since : 0)[0]);
}

/** The page that was loaded last. */
async function shownPage(phone: Phone): Promise<string> {
  const shown = await phone.wait(() => phone.all('page', phone === bob ? since : 0).at(-1));
  return `page \`${shown as unknown as string}\``;
}

async function notice(title: string): Promise<Notice> {
  const shown = await bob.wait(() =>
    bob
      .all('notice.shown', since)
      .map((data) => data['notice'] as Notice)
      .find((one) => one.body === title),
  );
  const data = JSON.stringify(shown.data);
  const texts = `"${shown.title}": "${shown.body}"`;
  page.note("Bob's phone", `notice ${texts}, data \`${data}\``);
  return shown;
}

/** What the server did with a message, device by device. */
async function trace(id: string): Promise<void> {
  const devices = await stage.trace(id);
  const why = (reason: string | null): string => (reason ? ` (${reason})` : '');
  const told = devices.map(({ userID, state, reason }) => `${userID}: ${state}${why(reason)}`);
  page.note('Server', `trace: ${told.join(', ')}`);
}

/** Waits until the system was told so many states of a call, and writes them down. */
async function states(count: number): Promise<void> {
  const all = await bob.wait(() => {
    const seen = bob.all('call.state', since);
    return seen.length >= count ? seen : undefined;
  });
  const told = all.map(({ state }) => STATES.get(Number(state)) ?? String(state));
  page.note("Bob's app", `tells the system: ${told.join(', ')}`);
}

async function ring(): Promise<string> {
  await ann.run('invite', 'bob');
  const shown = await asked(bob, 'call.report');
  page.name(shown['callId'], 'system call');
  page.note("Bob's app", `reports the call before anything else: \`${JSON.stringify(shown)}\``);
  return String(shown['callId']);
}

async function phase(phone: Phone, who: string, wanted: number): Promise<void> {
  const { call: seen } = await sees(phone, ({ call }) => call[0] === wanted, phone === bob ? since : 0);
  page.note(who, `call: ${PHASES[seen[0]] ?? ''}${seen[1] ? ` with ${seen[1]}` : ''}`);
}

/** Ann sends into the conversation that is open; the messageID. */
async function send(text: string): Promise<string> {
  const messageID = await ann.run<string>('send', text);
  page.name(messageID, `message ${String(++messages)}`);
  page.note("Ann's app", `\`sendMessage\` with a \`pushConfig\`: "${text}"`);
  return messageID;
}

// -- the story ---------------------------------------------------------------------------------------------

async function logIn(phone: Phone, userID: string, title: string): Promise<void> {
  phone.config = stage.client;
  await phone.open();
  page.note(title, `opened: ${await shownPage(phone)}`);
  await asked(phone, 'permission.request');
  page.note(title, 'asks for the permission, once the page is there');
  await phone.run('watch');
  await phone.run('login', userID);
  const registered = await logs(phone, /push id: [\w.-]+$/);
  page.name(/push id: ([\w.-]+)/.exec(registered)?.[1], `PushID of ${userID}`);
  page.note(title, `logged in as ${userID}; ${registered}`);
}

async function begin(): Promise<void> {
  ann = await stage.phone('phone-of-ann');
  bob = await stage.phone('phone-of-bob');
  step('First start');
  await logIn(ann, 'ann', "Ann's app");
  await logIn(bob, 'bob', "Bob's app");
}

async function chat(): Promise<void> {
  step('A message to an app in front');
  await ann.run('open', { to: 'bob', type: 0 });
  await send('hello');
  const { conversations } = await sees(bob, (look) => look.conversations[0]?.[1] === 1);
  page.note("Bob's app", `list: ${JSON.stringify(conversations)}`);
  await bob.run('open', { to: 'ann', type: 0 });
  const isRead = ({ messages: all, conversations: list }: Look): boolean =>
    all.length === 1 && list[0]?.[1] === 0;
  const seen = await sees(bob, isRead);
  page.note("Bob's app", `opens it: ${JSON.stringify(seen.messages)}, nothing unread`);
  await bob.wait(() => ((bob.all('badge', since).at(-1) as unknown) === 0 ? true : undefined));
  page.note("Bob's app", 'takes the number off the icon');
  page.note("Bob's phone", `notices: ${String(bob.notices.length)}`);
  await bob.run('close');
}

async function behind(): Promise<void> {
  step('A message to an app behind another, and the tap');
  await bob.leave();
  // The server has read that the app left: it takes the frames of a connection in order.
  await bob.run('load');
  bob.freeze();
  page.note("Bob's phone", 'the user goes elsewhere, and the system freezes the app (SIGSTOP)');
  const messageID = await send('look here');
  const shown = await notice('look here');
  await trace(messageID);
  await bob.tap(shown);
  const route = JSON.stringify(await bob.run('route'));
  page.note("Bob's app", `\`onNewWant\`, \`notificationClicked\`: route ${route}`);
}

async function killed(): Promise<void> {
  step('A message to a killed app, and a cold start from its notice');
  await bob.kill();
  page.note("Bob's phone", 'the app is killed (SIGKILL)');
  const messageID = await send('while you were away');
  const shown = await notice('while you were away');
  await trace(messageID);
  since = bob.happened.length;
  await bob.tap(shown);
  page.note("Bob's app", `started by the tap: ${await shownPage(bob)}`);
  await bob.run('watch');
  await sees(bob, ({ isConnected, userID }) => isConnected && userID === 'bob', since);
  page.note("Bob's app", `logged in by itself; route ${JSON.stringify(await bob.run('route'))}`);
  await bob.run('open', { to: 'ann', type: 0 });
  const seen = await sees(bob, (look) => look.messages.length === 3, since);
  page.note("Bob's app", `the conversation: ${JSON.stringify(seen.messages)}`);
  await bob.run('close');
}

async function token(): Promise<void> {
  step('The system changes the token');
  await bob.rotate();
  const registered = await logs(bob, /push id: [\w.-]+$/);
  page.name(/push id: ([\w.-]+)/.exec(registered)?.[1], 'new PushID of bob');
  page.note("Bob's app", `registered again by itself; ${registered}`);
  await bob.kill();
  await send('to the new token');
  await notice('to the new token');
}

async function call(): Promise<void> {
  step('A call to a killed app, answered on the banner');
  const systemID = await ring();
  page.note("Bob's phone", 'the user presses "answer"');
  bob.press(systemID, VOICE);
  await phase(ann, "Ann's app", PHASES.indexOf('talking'));
  await states(2);
  const { call: seen } = await bob.run<Look>('look');
  page.note("Bob's app", `call: ${PHASES[seen[0]] ?? ''} with ${seen[1]}`);
  page.note("Bob's phone", 'the user hangs up');
  bob.press(systemID, HANG_UP);
  await states(3);
  await ann.run('leave');
}

async function declined(): Promise<void> {
  step('A call to a killed app, declined on the banner');
  await bob.kill();
  const systemID = await ring();
  page.note("Bob's phone", 'the user presses "decline"');
  bob.press(systemID, REJECT);
  await states(1);
  await phase(ann, "Ann's app", PHASES.indexOf('none'));
}

async function locked(): Promise<void> {
  step('A call before the first unlock');
  await bob.kill();
  bob.config = { ...stage.client, locked: true, hasWindow: true };
  await ring();
  page.note("Bob's app", `${await logs(bob, /^not started/)}; ${await shownPage(bob)}`);
  bob.unlock();
  await bob.open();
  await bob.wait(() => bob.all('page', since).find((shown) => (shown as unknown) === 'pages/Index'));
  page.note("Bob's app", `unlocked and looked at: ${await shownPage(bob)}`);
  await bob.run('watch');
  await phase(bob, "Bob's app", PHASES.indexOf('incoming'));
  await ann.run('leave');
  await states(1);
}

async function refused(): Promise<void> {
  step('The permission was refused before');
  await bob.kill();
  bob.config = stage.client;
  await bob.allow(false);
  await bob.open();
  page.note("Bob's app", await logs(bob, /^Permission failed/));
  await asked(bob, 'permission.openSettings');
  page.note("Bob's app", 'opens the settings page of its notices');
  await bob.allow(true);
}

async function accounts(): Promise<void> {
  step('Another account on the same phone');
  await bob.run('watch');
  await sees(bob, ({ isConnected }) => isConnected, since);
  await bob.run('logout');
  page.note("Bob's app", 'logged out');
  await trace(await send('is it still you?'));
  await bob.run('login', 'carol');
  page.note("Bob's app", 'logged in as carol');
  await bob.kill();
  await ann.run('open', { to: 'carol', type: 0 });
  const messageID = await send('hello carol');
  await notice('hello carol');
  await trace(messageID);
  page.note("Bob's phone", `notices since the logout: ${String(bob.all('notice.shown', since).length)}`);
}
