/** Calls on a phone: ringing from Push Kit or from the app, and the answers of a finger. */
import { Refused } from '../lib/rpc';
import type { CallParty } from '../worker/protocol';
import { ended, readCallPush, withParties, type CallEnd, type CallView } from './call';
import type { Phone } from './phone.svelte';

/** An ended call stays on the screen this long. */
const ENDED_MS = 1_800;
/** An app that was woken must have the invitation within this time of the answer. */
const INVITATION_MS_MAX = 20_000;
const LOOK_MS = 50;

/** Push Kit woke the phone (push-type 10): ring, start the app, report the call within the 10 s. */
export async function onCallWake(
  phone: Phone,
  systemCallID: string,
  push: Record<string, unknown>,
): Promise<void> {
  const { callID, inviter } = readCallPush(push);
  phone.stage.mark('call_woken', phone.user);
  if (phone.call && phone.call.callID !== callID) return reportBusy(phone, systemCallID);
  const call = phone.call ?? incoming(callID, inviter);
  phone.call = { ...call, systemCallID };
  try {
    await phone.forApp('call.report', { callId: systemCallID });
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    return onCallEnded(phone, callID, 'timeout'); // Later than the 10 s: the system has dropped the call.
  }
  if (phone.appState === 'frozen') await phone.thaw();
  else if (!phone.process) await phone.begin('background');
}

async function reportBusy(phone: Phone, systemCallID: string): Promise<void> {
  await phone.forApp('call.report', { callId: systemCallID, error: 'busy' });
}

function incoming(callID: string, userID: string): CallView {
  return {
    callID,
    direction: 'in',
    userID,
    phase: 'ringing',
    end: null,
    systemCallID: null,
    received: false,
  };
}

/** `callInvitationReceived` came. */
export function onCallReceived(phone: Phone, callID: string, inviter: string): void {
  phone.stage.mark('call_received', phone.user);
  if (phone.call && phone.call.callID !== callID && phone.call.phase !== 'ended') return;
  const call = phone.call?.callID === callID ? phone.call : incoming(callID, inviter);
  phone.call = { ...call, received: true };
}

/** Somebody's state in the call changed. */
export function onParties(phone: Phone, callID: string, parties: CallParty[]): void {
  const { call } = phone;
  if (!call || (call.callID !== '' && call.callID !== callID)) return;
  const next = withParties(call, phone.user, parties);
  phone.call = next;
  if (next.phase === 'ended') fadeLater(phone, next);
}

/** The call is over for this phone. */
export function onCallEnded(phone: Phone, callID: string, end: CallEnd): void {
  const { call } = phone;
  if (!call || call.callID !== callID || call.phase === 'ended') return;
  phone.call = ended(call, end);
  fadeLater(phone, phone.call);
}

function fadeLater(phone: Phone, call: CallView): void {
  setTimeout(() => {
    if (phone.call?.callID === call.callID && phone.call.phase === 'ended') phone.call = null;
  }, ENDED_MS);
}

/** Calls somebody. */
export async function invite(
  phone: Phone,
  userID: string,
  texts: { title: string; content: string },
): Promise<void> {
  if (!phone.process || phone.call) return;
  const run = phone.stage.begin('call', phone.user, [userID]);
  phone.call = { ...incoming('', userID), direction: 'out' };
  const resourcesID = phone.config.strategies.includes('call') ? 'call' : '';
  const push = { ...texts, payload: JSON.stringify({ kind: 'call' }), resourcesID };
  try {
    const { callID } = await phone.process.rpc.call<{ callID: string }>('invite', { userID, push });
    if (phone.call) phone.call = { ...phone.call, callID };
    run.sent(callID);
  } catch (fault) {
    phone.call = null;
    run.failed((fault as Error).message);
  }
}

/** Accepts what rings. The app may only just have been started: it answers once it has the invitation. */
export async function accept(phone: Phone): Promise<void> {
  const { call } = phone;
  if (!call || call.phase !== 'ringing') return;
  phone.call = { ...call, phase: 'answering' };
  if (!(await hasInvitation(phone, call.callID))) return onCallEnded(phone, call.callID, 'timeout');
  try {
    await phone.process?.rpc.call('accept', { callID: call.callID });
    phone.stage.mark('call_accepted', phone.user);
    if (phone.call) phone.call = { ...phone.call, phase: 'talking' };
  } catch (fault) {
    console.warn(`${phone.deviceID}: accept: ${(fault as Error).message}`);
    onCallEnded(phone, call.callID, 'cancelled'); // Over for the server, or the app gone: over here.
  }
}

/** Rejects what rings. */
export async function reject(phone: Phone): Promise<void> {
  const { call } = phone;
  if (!call) return;
  phone.call = { ...call, phase: 'answering' };
  if (await hasInvitation(phone, call.callID)) {
    await phone.process?.rpc.call('reject', { callID: call.callID }).then(
      () => phone.stage.mark('call_rejected', phone.user),
      () => undefined, // Over already; the screen goes either way.
    );
  }
  phone.call = null;
}

/** Ends an outgoing ring, or the talk on both phones. */
export async function hangUp(phone: Phone): Promise<void> {
  const { call } = phone;
  phone.call = null;
  if (!call || call.phase === 'ended') return;
  const method = call.phase === 'talking' ? 'hangup' : 'cancel';
  await phone.process?.rpc.call(method, { callID: call.callID, userID: call.userID });
}

async function hasInvitation(phone: Phone, callID: string): Promise<boolean> {
  const until = performance.now() + INVITATION_MS_MAX;
  while (performance.now() < until) {
    if (phone.call?.callID !== callID || phone.call.phase === 'ended') return false;
    if (phone.call.received) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}
