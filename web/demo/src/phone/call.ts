/** A call as a phone shows it, and what moves it on. Pure. */
import type { CallParty } from '../worker/protocol';

/** How a call came to its end. */
export type CallEnd = 'accepted' | 'rejected' | 'cancelled' | 'timeout' | 'elsewhere' | 'declined';

/** One call on the screen. */
export interface CallView {
  /** ZIM's callID; empty until the answer to the invitation. */
  callID: string;
  direction: 'in' | 'out';
  /** The other side. */
  userID: string;
  phase: 'ringing' | 'answering' | 'talking' | 'ended';
  end: CallEnd | null;
  /** The system's own ID when Push Kit woke the phone. */
  systemCallID: string | null;
  /** `callInvitationReceived` came. */
  received: boolean;
}

/** ZIMCallUserState numbers that end or open a call. */
const ACCEPTED = 1;
const ENDS: Record<number, CallEnd> = { 2: 'rejected', 3: 'cancelled', 6: 'timeout', 10: 'cancelled' };
/** The same for a phone that rings while its user answers on another one. */
const OWN_ENDS: Record<number, CallEnd> = { ...ENDS, [ACCEPTED]: 'elsewhere', 2: 'declined' };

/** The call after `parties` changed; `me` is this phone's user. */
export function withParties(call: CallView, me: string, parties: readonly CallParty[]): CallView {
  const other = parties.find((party) => party.userID === call.userID);
  const own = parties.find((party) => party.userID === me);
  if (call.direction === 'out' && other) return byAnswer(call, other.state);
  // An answer given here has left "ringing" before the server tells of it.
  const end = own && OWN_ENDS[own.state];
  if (call.direction === 'in' && end && call.phase === 'ringing') return ended(call, end);
  return call;
}

function byAnswer(call: CallView, state: number): CallView {
  if (state === ACCEPTED) return { ...call, phase: 'talking' };
  const end = ENDS[state];
  return end && call.phase !== 'talking' ? ended(call, end) : call;
}

/** The call when it is over. */
export function ended(call: CallView, end: CallEnd): CallView {
  return { ...call, phase: 'ended', end };
}

/** What Push Kit hands the app with a call: `PushPayload`, whose `data` is the sender's JSON as text. */
export function readCallPush(payload: Record<string, unknown>): { callID: string; inviter: string } {
  const inner = asObject(payload.data);
  return { callID: String(inner.callID ?? ''), inviter: String(inner.inviter ?? '') };
}

function asObject(data: unknown): Record<string, unknown> {
  if (typeof data === 'string') {
    try {
      return asObject(JSON.parse(data));
    } catch {
      return {}; // Not JSON: some other sender's payload, with no call of ours in it.
    }
  }
  return data !== null && typeof data === 'object' ? (data as Record<string, unknown>) : {};
}
