/** Types of call invitations. */

import type { ZIMErrorUserInfo, ZIMPushConfig } from './common.js';
import type { ZIMCallInvitationMode, ZIMCallState, ZIMCallUserState } from './enums.js';

/** One user of a call. */
export interface ZIMCallUserInfo {
  userID: string;
  state: ZIMCallUserState;
  /** What the user sent with the action that led to this state. */
  extendedData: string;
}

/** Configuration of `callInvite`. */
export interface ZIMCallInviteConfig {
  /** Seconds it rings, 1 to 600; 0 or left out means 90. */
  timeout?: number;
  /** General (default): over when everybody has answered. Advanced: lives until it is ended. */
  mode?: ZIMCallInvitationMode;
  /** At most 2048 bytes. */
  extendedData?: string;
  /** Whoever has not received the invitation after some seconds becomes NotYetReceived. */
  enableNotReceivedCheck?: boolean;
  /** Push to those who are not there. */
  pushConfig?: ZIMPushConfig;
}

/** Configuration of `callingInvite`. */
export interface ZIMCallingInviteConfig {
  /** Push to those who are not there. */
  pushConfig?: ZIMPushConfig;
}

/** Configuration of `callJoin`. */
export interface ZIMCallJoinConfig {
  /** At most 2048 bytes. */
  extendedData?: string;
}

/** Configuration of `callQuit`. */
export interface ZIMCallQuitConfig {
  /** At most 2048 bytes. */
  extendedData?: string;
  /** Push it to the others who are in and not there. */
  pushConfig?: ZIMPushConfig;
}

/** Configuration of `callEnd`. */
export interface ZIMCallEndConfig {
  /** At most 2048 bytes. */
  extendedData?: string;
  /** Push it to everybody who is not there; to those it rang for as a missed call. */
  pushConfig?: ZIMPushConfig;
}

/** Configuration of `callCancel`. */
export interface ZIMCallCancelConfig {
  /** At most 2048 bytes. */
  extendedData?: string;
  /** Push the cancellation. */
  pushConfig?: ZIMPushConfig;
}

/** Configuration of `callAccept`. */
export interface ZIMCallAcceptConfig {
  /** At most 2048 bytes. */
  extendedData?: string;
}

/** Configuration of `callReject`. */
export interface ZIMCallRejectConfig {
  /** At most 2048 bytes. */
  extendedData?: string;
}

/** Configuration of `queryCallInvitationList`. */
export interface ZIMCallInvitationQueryConfig {
  /** 1 to 100. */
  count: number;
  /** Of the page before, from this same client; 0 or left out for the first. */
  nextFlag?: number;
}

/** Result of `callInvite`. */
export interface ZIMCallInvitationSentResult {
  callID: string;
  /** Seconds it rings. */
  timeout: number;
  errorUserList: ZIMErrorUserInfo[];
  /** The users of `errorUserList` in the shape of older versions, with state Unknown. */
  errorInvitees: ZIMCallUserInfo[];
}

/** Result of `callingInvite`. */
export interface ZIMCallingInvitationSentResult {
  callID: string;
  errorUserList: ZIMErrorUserInfo[];
}

/** Result of `callJoin`. */
export interface ZIMCallJoinSentResult {
  callID: string;
  /** Unix time in ms of the call. */
  createTime: number;
  /** Unix time in ms at which this user came in. */
  joinTime: number;
  /** What the caller sent along. */
  extendedData: string;
  callUserList: ZIMCallUserInfo[];
}

/** Result of `callQuit`. */
export interface ZIMCallQuitSentResult {
  callID: string;
  /** Unix time in ms of the call. */
  createTime: number;
  /** Unix time in ms at which this user came in. */
  acceptTime: number;
  quitTime: number;
}

/** Result of `callEnd`. */
export interface ZIMCallEndSentResult {
  callID: string;
  /** Unix time in ms of the call. */
  createTime: number;
  /** Unix time in ms at which this user came in. */
  acceptTime: number;
  endTime: number;
}

/** Result of `callCancel`. */
export interface ZIMCallCancelSentResult {
  callID: string;
  errorInvitees: string[];
}

/** Result of `callAccept`. */
export interface ZIMCallAcceptanceSentResult {
  callID: string;
}

/** Result of `callReject`. */
export interface ZIMCallRejectionSentResult {
  callID: string;
}

/** A call as `queryCallInvitationList` shows it. */
export interface ZIMCallInfo {
  callID: string;
  caller: string;
  /** Who invited this user; the caller itself for the caller. */
  inviter: string;
  /** Unix time in ms. */
  createTime: number;
  /** Unix time in ms, 0 while it lives. */
  endTime: number;
  state: ZIMCallState;
  mode: ZIMCallInvitationMode;
  extendedData: string;
  callUserList: ZIMCallUserInfo[];
}

/** Result of `queryCallInvitationList`. */
export interface ZIMCallInvitationListQueriedResult {
  /** Newest first. */
  callList: ZIMCallInfo[];
  /** For the next page; 0 on the last. */
  nextFlag: number;
}
