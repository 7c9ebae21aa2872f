/** The plays: what a hand would do to see a scenario, done at a pace one can follow. */
import { fill } from '../i18n/text';
import type { TextKey } from '../i18n/zh';
import { current } from '../i18n/index.svelte';
import { accept, hangUp, invite } from '../phone/calls';
import type { Phone } from '../phone/phone.svelte';
import { logIn, openPlace, say, takeBack } from '../phone/talk';
import type { Scenario } from '../steps/run';
import type { DemoStage } from './stage.svelte';

/** One line of the narration: a text key, whose phone it is about, or why it ended. */
export interface Line {
  key: TextKey;
  userID?: string;
  why?: string;
}

/** The play was stopped, or another began. */
export class Stopped extends Error {}

const LOOK_MS = 40;
const BEAT_MS = 900;
/** A notice or a ring is looked at this long before the play touches it; a hand may be quicker. */
const ADMIRE_MS = 2_600;
const SETUP_MS_MAX = 20_000;
/** Ack deadline (5 s), hand-over, vendor and a margin. */
const PUSH_MS_MAX = 25_000;
const LOGIN_MS_MAX = 20_000;
const CONNECTED = 2;

/** The plays by scenario. */
export const plays: Record<Scenario, (stage: DemoStage, signal: AbortSignal) => Promise<void>> = {
  peer: playPeer,
  group: playGroup,
  call: playCall,
  revoke: playRevoke,
  devices: playDevices,
};

async function playPeer(stage: DemoStage, signal: AbortSignal): Promise<void> {
  const [a, b] = castOf(stage);
  await getReady(stage, [a, b], signal);
  await killAndLock(stage, b, signal);
  const place = { conversationID: b.user, type: 0 };
  await openPlace(a, place);
  await sayLine(stage, { key: 'say.send', userID: a.user }, signal);
  await say(a, place, sample('sample.peer.1'));
  await throughNotice(stage, b, { key: 'say.await_push', userID: b.user }, signal);
}

async function playGroup(stage: DemoStage, signal: AbortSignal): Promise<void> {
  const [a, b, c] = castOf(stage);
  const group = stage.config.groups[0];
  if (!group) throw new Error('no group is seeded');
  const present = c ? [a, b, c] : [a, b];
  await getReady(stage, present, signal);
  const place = { conversationID: group.groupID, type: 2 };
  await Promise.all([openPlace(a, place), c && openPlace(c, place)]);
  await sayLine(stage, { key: 'say.freeze', userID: b.user }, signal);
  // Straight from the front: it had no chance to tell the server that it goes to the background.
  await b.freeze();
  if (c) await sayLine(stage, { key: 'say.front', userID: c.user }, signal);
  await sayLine(stage, { key: 'say.send', userID: a.user }, signal);
  await say(a, place, sample('sample.group.1'));
  await throughNotice(stage, b, { key: 'say.ack_window', userID: b.user }, signal);
}

/** One caller, one callee with two phones: both ring, one is answered from the lock screen, the other stops. */
async function playCall(stage: DemoStage, signal: AbortSignal): Promise<void> {
  const [a, b] = castOf(stage);
  const { second } = stage;
  if (!second) throw new Error('a second phone is needed');
  await getReady(stage, [a, b, second], signal);
  await killAndLock(stage, b, signal);
  await sayLine(stage, { key: 'say.call', userID: a.user }, signal);
  const texts = { title: stage.nameOf(a.user), content: sample('push.call.content') };
  await invite(a, b.user, texts);
  const known = new Set(b.notices.map((notice) => notice.id));
  await until(
    () => b.call !== null || b.notices.some((one) => !known.has(one.id)),
    PUSH_MS_MAX,
    'no ring',
    signal,
  );
  await until(() => second.call?.received === true, LOGIN_MS_MAX, 'the other phone does not ring', signal);
  await sayLine(stage, { key: 'say.both_ring', userID: b.user }, signal);
  await pause(ADMIRE_MS, signal);
  const notice = b.notices.find((one) => !known.has(one.id));
  if (!b.call && notice) await b.tap(notice);
  await until(() => b.call !== null, LOGIN_MS_MAX, 'no invitation after login', signal);
  await sayLine(stage, { key: 'say.accept', userID: b.user }, signal);
  if (b.call?.phase === 'ringing') await accept(b);
  await until(() => a.call?.phase === 'talking', LOGIN_MS_MAX, 'no answer', signal);
  stage.line = { key: 'say.answered_elsewhere', userID: b.user };
  const stopped = () => second.call?.phase !== 'ringing';
  await until(stopped, LOGIN_MS_MAX, 'the other phone rings on', signal);
  await pause(ADMIRE_MS, signal);
}

/** Sent to a killed app, then taken back: the notice goes from the phone, and the message with it. */
async function playRevoke(stage: DemoStage, signal: AbortSignal): Promise<void> {
  const [a, b] = castOf(stage);
  await getReady(stage, [a, b], signal);
  await killAndLock(stage, b, signal);
  const place = { conversationID: b.user, type: 0 };
  await openPlace(a, place);
  await sayLine(stage, { key: 'say.send', userID: a.user }, signal);
  await say(a, place, sample('sample.revoke.1'));
  stage.line = { key: 'say.await_push', userID: b.user };
  await until(() => b.notices.length > 0, PUSH_MS_MAX, 'no notice', signal);
  await pause(ADMIRE_MS, signal);
  await sayLine(stage, { key: 'say.take_back', userID: a.user }, signal);
  const last = a.chat.messages(b.user).at(-1);
  if (last && last.revokedBy === null) await takeBack(a, last);
  stage.line = { key: 'say.notice_gone', userID: b.user };
  await until(() => b.notices.length === 0, PUSH_MS_MAX, 'the notice is still there', signal);
  await pause(ADMIRE_MS, signal);
  await sayLine(stage, { key: 'say.look', userID: b.user }, signal);
  await b.openApp();
  const there = { conversationID: a.user, type: 0 };
  await openPlace(b, there);
  const gone = () => b.chat.messages(a.user).at(-1)?.revokedBy === a.user;
  await until(gone, LOGIN_MS_MAX, 'the message is still there', signal);
  await pause(ADMIRE_MS, signal);
}

/** Two phones of one user: what is read or answered on one is so on the other. */
async function playDevices(stage: DemoStage, signal: AbortSignal): Promise<void> {
  const [a, b] = castOf(stage);
  const { second } = stage;
  if (!second) throw new Error('a second phone is needed');
  await getReady(stage, [a, b, second], signal);
  const there = { conversationID: a.user, type: 0 };
  const unread = (phone: Phone) => phone.chat.unreadIn(a.user);
  await openPlace(a, { conversationID: b.user, type: 0 });
  await sayLine(stage, { key: 'say.send', userID: a.user }, signal);
  await say(a, { conversationID: b.user, type: 0 }, sample('sample.peer.2'));
  stage.line = { key: 'say.both_receive', userID: b.user };
  const both = () => unread(b) > 0 && unread(second) > 0;
  await until(both, LOGIN_MS_MAX, 'not on both phones', signal);
  await pause(ADMIRE_MS, signal);
  await sayLine(stage, { key: 'say.read_one', userID: b.user }, signal);
  await openPlace(b, there);
  stage.line = { key: 'say.read_elsewhere', userID: b.user };
  await until(() => unread(second) === 0, LOGIN_MS_MAX, 'still unread on the other phone', signal);
  await pause(ADMIRE_MS, signal);
  await answerOnOne(stage, [a, b, second], signal);
}

async function answerOnOne(
  stage: DemoStage,
  [a, b, second]: [Phone, Phone, Phone],
  signal: AbortSignal,
): Promise<void> {
  await sayLine(stage, { key: 'say.call', userID: a.user }, signal);
  await invite(a, b.user, { title: stage.nameOf(a.user), content: sample('push.call.content') });
  const rings = (phone: Phone) => phone.call?.received === true;
  await until(() => rings(b) && rings(second), LOGIN_MS_MAX, 'not both ring', signal);
  await sayLine(stage, { key: 'say.both_ring', userID: b.user }, signal);
  await pause(ADMIRE_MS, signal);
  await sayLine(stage, { key: 'say.accept_one', userID: b.user }, signal);
  if (b.call?.phase === 'ringing') await accept(b);
  stage.line = { key: 'say.answered_elsewhere', userID: b.user };
  const stopped = () => second.call?.phase !== 'ringing' && a.call?.phase === 'talking';
  await until(stopped, LOGIN_MS_MAX, 'the other phone rings on', signal);
  await pause(ADMIRE_MS, signal);
}

function castOf(stage: DemoStage): [Phone, Phone, Phone | undefined] {
  const [a, b, c] = stage.phones;
  if (!a || !b) throw new Error('a play needs two phones');
  return [a, b, c];
}

/** Every phone of the play: awake, app in front, notices allowed, logged in as its owner, push bound. */
async function getReady(stage: DemoStage, phones: Phone[], signal: AbortSignal): Promise<void> {
  stage.line = { key: 'say.prepare' };
  await stage.putAway();
  await Promise.all(phones.map((phone) => readyOne(phone, signal)));
  await pause(BEAT_MS, signal);
}

async function readyOne(phone: Phone, signal: AbortSignal): Promise<void> {
  await until(() => phone.linked, SETUP_MS_MAX, 'no phone', signal);
  if (phone.call?.direction === 'out') await hangUp(phone); // Left over from a play that was stopped.
  phone.call = null;
  phone.chat.open = null;
  if (!phone.online) await phone.setOnline(true);
  if (phone.notices.length > 0) await phone.clearNotices();
  await phone.unlock();
  await pause(phone.index * 250, signal);
  if (phone.appState !== 'foreground') await phone.openApp();
  if (phone.permission !== 'allowed') await allow(phone, signal);
  if (phone.userID !== phone.owner.userID) await logIn(phone, phone.owner.userID);
  const ready = () => phone.chat.connection.state === CONNECTED && phone.chat.pushID !== '';
  await until(ready, SETUP_MS_MAX, `${phone.stage.nameOf(phone.owner.userID)} is not logged in`, signal);
}

async function allow(phone: Phone, signal: AbortSignal): Promise<void> {
  if (phone.permission === 'denied') return phone.allowNotices(true);
  await until(() => phone.dialogOpen || phone.permission === 'allowed', SETUP_MS_MAX, 'no dialog', signal);
  await pause(BEAT_MS, signal);
  if (phone.dialogOpen) await phone.answerDialog(true);
}

async function killAndLock(stage: DemoStage, phone: Phone, signal: AbortSignal): Promise<void> {
  await sayLine(stage, { key: 'say.kill', userID: phone.user }, signal);
  await phone.kill();
  await pause(BEAT_MS / 2, signal);
  await phone.lock();
  await pause(BEAT_MS, signal);
}

/** From the send to the offline message on the screen, by way of the notice. */
async function throughNotice(
  stage: DemoStage,
  phone: Phone,
  line: Line,
  signal: AbortSignal,
): Promise<void> {
  stage.line = line;
  const since = stage.run?.sentAt ?? Date.now();
  const came = (name: string) =>
    stage.marks.some((mark) => mark.name === name && mark.userID === phone.user && mark.at >= since);
  await until(() => came('notice_shown'), PUSH_MS_MAX, 'no notice', signal);
  await until(() => came('tapped'), ADMIRE_MS, null, signal);
  if (!came('tapped')) {
    await sayLine(stage, { key: 'say.tap', userID: phone.user }, signal);
    const newest = phone.notices[0];
    if (newest) await phone.tap(newest);
  }
  stage.line = { key: 'say.offline', userID: phone.user };
  const arrived = () => came('offline_received') || came('live_received');
  await until(arrived, LOGIN_MS_MAX, 'no message after login', signal);
  await pause(BEAT_MS, signal);
}

function sample(key: TextKey): string {
  return fill(current(), key);
}

async function sayLine(stage: DemoStage, line: Line, signal: AbortSignal): Promise<void> {
  stage.line = line;
  await pause(BEAT_MS, signal);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  if (signal.aborted) throw new Stopped();
}

/** Waits for a condition; past the limit it throws `why`, or goes on when that is null. */
async function until(
  holds: () => boolean,
  limitMs: number,
  why: string | null,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > end) {
      if (why === null) return;
      throw new Error(why);
    }
    await pause(LOOK_MS, signal);
  }
}
