/** The three plays: what a hand would do to see a scenario, done at a pace one can follow. */
import { fill } from '../i18n/text';
import type { TextKey } from '../i18n/zh';
import { current } from '../i18n/index.svelte';
import { accept, hangUp, invite } from '../phone/calls';
import type { Phone } from '../phone/phone.svelte';
import { logIn, openPlace, say } from '../phone/talk';
import type { RunKind } from '../steps/run';
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
export const plays: Record<RunKind, (stage: DemoStage, signal: AbortSignal) => Promise<void>> = {
  peer: playPeer,
  group: playGroup,
  call: playCall,
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

async function playCall(stage: DemoStage, signal: AbortSignal): Promise<void> {
  const [a, b] = castOf(stage);
  await getReady(stage, [a, b], signal);
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
  await sayLine(stage, { key: 'say.ring', userID: b.user }, signal);
  await pause(ADMIRE_MS, signal);
  const notice = b.notices.find((one) => !known.has(one.id));
  if (!b.call && notice) await b.tap(notice);
  await until(() => b.call !== null, LOGIN_MS_MAX, 'no invitation after login', signal);
  await sayLine(stage, { key: 'say.accept', userID: b.user }, signal);
  if (b.call?.phase === 'ringing') await accept(b);
  await until(() => a.call?.phase === 'talking', LOGIN_MS_MAX, 'no answer', signal);
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
