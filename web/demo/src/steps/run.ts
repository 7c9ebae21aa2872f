/** One send and what is known of it: the page's marks and the server's trace. Facts, no judgement. */
import type { Trace } from '../api';

/** What the page itself saw on one of its phones. */
export type MarkName =
  | 'token_asked'
  | 'token_given'
  | 'registered'
  | 'bound'
  | 'notice_shown'
  | 'notice_suppressed'
  | 'call_woken'
  | 'tapped'
  | 'logged_in'
  | 'offline_received'
  | 'live_received'
  | 'call_received'
  | 'call_accepted'
  | 'call_rejected'
  | 'taken_back'
  | 'notice_taken_back';

/** A moment on one phone. */
export interface Mark {
  name: MarkName;
  userID: string;
  /** Unix time in ms by this page's clock. */
  at: number;
  /** The phone's own reason, when there is one. */
  detail?: string;
}

/** Message to one user, message to a group, or call invitation. */
export type RunKind = 'peer' | 'group' | 'call';

/** What the page plays: one send, or several that belong together. */
export type Scenario = RunKind | 'revoke' | 'devices';

/** The sends that belong to a scenario. */
export const SENDS: Record<Scenario, readonly RunKind[]> = {
  peer: ['peer'],
  group: ['group'],
  call: ['call'],
  revoke: ['peer'],
  devices: ['peer', 'call'],
};

/** One send, from the tap on "send" until the last device has its outcome. */
export interface Run {
  kind: RunKind;
  senderUserID: string;
  receiverUserIDs: string[];
  /** Unix time in ms by this page's clock. */
  sentAt: number;
  /** When the answer to the send arrived, by this page's clock; null before. */
  answeredAt: number | null;
  /** Message or call ID; null before the answer. */
  id: string | null;
  trace: Trace | null;
  /** Why the send failed, when it did. */
  failure: string | null;
}

/** Marks kept; older ones fall out. */
export const MARKS_MAX = 400;

/**
 * What to add to a server time to get a time of this page's clock, in ms. The message was accepted between
 * sending and answer; only when the server's clock says otherwise is it shifted, to the middle of the two.
 */
export function clockShift(run: Pick<Run, 'sentAt' | 'answeredAt'>, acceptedAt: number): number {
  const answeredAt = run.answeredAt ?? run.sentAt;
  if (acceptedAt >= run.sentAt && acceptedAt <= answeredAt) return 0;
  return Math.round((run.sentAt + answeredAt) / 2) - acceptedAt;
}
