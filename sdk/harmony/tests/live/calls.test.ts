/** In-app calls: a push starts the app, the system hears of it in time, and what the user presses arrives. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Person } from '../../../zim/tests/integration/dev.js';
import type { Phone } from '../phone/phone.js';
import { Stage } from '../phone/stage.js';

const VOICE = 1;
const VIDEO = 2;
const REJECT = 3;
const HANG_UP = 4;
const ACTIVE = 2;
const DISCONNECTED = 4;
const ANSWERED = 6;

let stage: Stage;
let ann: Person;
let phone: Phone;
let number = 0;
let bob = '';
/** What happened before the call. */
let since = 0;

const pushConfig = { title: '小安', content: '邀请你通话', payload: 'voice', resourcesID: 'call' };

beforeAll(async () => {
  stage = await Stage.set('sdk.ts');
  ann = await stage.person('ann');
  ann.listen('callInvitationAccepted', 'callInvitationRejected');
});

afterAll(() => stage?.strike());

beforeEach(async () => {
  bob = `bob-${++number}`;
  phone = await stage.phone(`phone-${number}`);
  await phone.open();
  await startUp();
  await phone.hears('registered', ({ errorCode }) => errorCode === 0);
  await phone.kill();
  since = phone.happened.length;
  return () => phone.close();
});

/** What the app does on every start, whoever started it. */
async function startUp(): Promise<void> {
  await phone.run('create', stage.client);
  await phone.run('listen', 'registered');
  await phone.run('listen', 'throughMessageReceived');
  await phone.run('listen', 'callAction');
  await phone.run('register', {});
  await phone.run('login', { userID: bob });
}

/** Ann calls; the call as the phone shows it, and its ID. */
async function ring(config: object = {}): Promise<{ callID: string; systemID: string }> {
  const { callID } = await ann.zim.callInvite([bob], { timeout: 60, pushConfig, ...config });
  const { callId } = await phone.wait(() => phone.all('asked call.report', since)[0]);
  return { callID, systemID: String(callId) };
}

/** States of a call as the system was told them. */
function states(systemID: string): unknown[] {
  return phone
    .all('call.state', since)
    .filter(({ callId }) => callId === systemID)
    .map(({ state }) => state);
}

const told = (systemID: string, state: number): Promise<true> =>
  phone.wait(() => (states(systemID).includes(state) ? true : undefined));

describe('a call to a killed app', () => {
  it('is reported before the app did anything, though it never will', async () => {
    const { callID } = await ring();
    expect(phone.all('asked call.report', since)).toEqual([
      {
        callId: expect.stringMatching(/^voip-/) as string,
        voipCallType: 0,
        userName: '小安',
        abilityName: 'EntryAbility',
      },
    ]);
    expect(phone.all('app.state', since).at(-1)).toMatchObject({ state: 'background' });
    await phone.run('listen', 'throughMessageReceived');
    const { extras, payload } = await phone.hears('throughMessageReceived', undefined, since);
    expect([extras, payload]).toEqual([{ callID, inviter: 'ann', mode: 0 }, 'voice']);
    // Ten seconds later the phone would have ended the process.
    const advance = { method: 'POST', body: JSON.stringify({ ms: 11_000 }) };
    expect((await fetch(`${stage.dev.emulator}/control/clock/advance`, advance)).ok).toBe(true);
    expect(await phone.run('versions')).toHaveLength(2);
    expect(phone.all('call.missed_report', since)).toEqual([]);
  });

  it('is answered on the banner before the app is ready, and talked', async () => {
    const { callID, systemID } = await ring();
    phone.press(systemID, VOICE);
    await told(systemID, ANSWERED);
    expect(phone.heard('callAction', since)).toEqual([]);
    await startUp();
    await phone.hears('callInvitationReceived', (call) => call['callID'] === callID, since);
    const action = await phone.hears('callAction', undefined, since);
    expect(action).toEqual({ callID, action: 'answer', video: false });
    await phone.run('accept', callID);
    await told(systemID, ACTIVE);
    expect((await ann.until('callInvitationAccepted', (call) => call.callID === callID)).invitee).toBe(bob);
    await phone.hears('callInvitationEnded', undefined, since);
    expect(states(systemID)).toEqual([ANSWERED, ACTIVE]);
    await phone.run('endCall', callID);
    await phone.run('endCall', callID);
    await told(systemID, DISCONNECTED);
    expect(states(systemID)).toEqual([ANSWERED, ACTIVE, DISCONNECTED]);
  });

  it('is a video call if the app says so, and the user may hang up', async () => {
    const { callID, systemID } = await ring({ pushConfig: { ...pushConfig, payload: 'video' } });
    expect(phone.all('asked call.report', since)[0]).toMatchObject({ voipCallType: 1 });
    await startUp();
    phone.press(systemID, VIDEO);
    expect(await phone.hears('callAction', undefined, since)).toEqual({
      callID,
      action: 'answer',
      video: true,
    });
    await phone.run('accept', callID);
    await told(systemID, ACTIVE);
    phone.press(systemID, HANG_UP);
    expect(await phone.hears('callAction', ({ action }) => action === 'hangup', since)).toMatchObject({
      callID,
    });
    await told(systemID, DISCONNECTED);
  });

  it('is declined on the banner: off the screen at once, the caller hears of it', async () => {
    const { callID, systemID } = await ring();
    phone.press(systemID, REJECT);
    await told(systemID, DISCONNECTED);
    await startUp();
    expect(await phone.hears('callAction', undefined, since)).toMatchObject({ callID, action: 'decline' });
    await phone.run('reject', callID);
    await ann.until('callInvitationRejected', (call) => call.callID === callID);
    expect(states(systemID)).toEqual([DISCONNECTED]);
  });

  it('leaves the screen when the caller gives up', async () => {
    const { callID, systemID } = await ring();
    await startUp();
    await phone.hears('callInvitationReceived', undefined, since);
    await ann.zim.callCancel([bob], callID, {});
    await told(systemID, DISCONNECTED);
    expect(phone.heard('callInvitationCancelled', since)).toMatchObject([{ callID, inviter: 'ann' }]);
  });

  it('leaves the screen when nobody answers', async () => {
    const { systemID } = await ring({ timeout: 3 });
    await startUp();
    await phone.hears('callInvitationTimeout', undefined, since);
    await told(systemID, DISCONNECTED);
    expect(states(systemID)).toEqual([DISCONNECTED]);
  });

  it('that is over before the app logged in does not ring for ever', async () => {
    phone.haste = 20;
    const { callID, systemID } = await ring();
    await ann.zim.callCancel([bob], callID, {});
    await startUp();
    await told(systemID, DISCONNECTED);
    expect(phone.heard('callInvitationReceived', since)).toEqual([]);
  });

  it('looks plain when the function that styles it throws', async () => {
    const { systemID } = await ring({ pushConfig: { ...pushConfig, payload: 'broken style' } });
    expect(phone.all('asked call.report', since)).toMatchObject([{ callId: systemID, userName: '小安' }]);
    expect(phone.all('asked call.refuse', since)).toEqual([]);
    const text = expect.stringMatching(/no style for this call/) as string;
    expect(phone.all('log', since)).toMatchObject([{ level: 'warn', text }]);
  });

  it('leaves the screen when the user logs out meanwhile', async () => {
    const { systemID } = await ring();
    await startUp();
    await phone.hears('callInvitationReceived', undefined, since);
    await phone.run('logout');
    await told(systemID, DISCONNECTED);
  });

  it('that the system will not show is refused, and the app still gets the invitation', async () => {
    phone.callReason = 1;
    const { callID, systemID } = await ring();
    const refused = await phone.wait(() => phone.all('asked call.refuse', since)[0]);
    expect(refused).toEqual({ callId: systemID, cause: 1 });
    expect(phone.all('log', since).at(-1)).toMatchObject({ level: 'warn' });
    expect(callID).not.toBe('');
  });
});

describe('a call to an app behind another', () => {
  it('comes both ways: the invitation over its connection, the banner by push', async () => {
    await phone.open();
    await startUp();
    await phone.leave();
    // The server has read that the app left: it takes the frames of a connection in order.
    await phone.run('join', 'geese');
    const { callID, systemID } = await ring();
    await phone.hears('callInvitationReceived', (call) => call['callID'] === callID, since);
    phone.press(systemID, VOICE);
    expect(await phone.hears('callAction', undefined, since)).toMatchObject({ callID, action: 'answer' });
    await phone.run('accept', callID);
    await told(systemID, ACTIVE);
    expect(phone.heard('callInvitationReceived', since)).toHaveLength(1);
    expect(phone.all('asked call.report', since)).toHaveLength(1);
  });
});
