/**
 * Types shared by all parts of the public API: configuration, errors, users, push.
 *
 * Fields that ZIM's typings require are optional here wherever leaving them out has one clear meaning, so
 * that programs written for ZIM compile unchanged and new ones stay short.
 */

import type { ZIMCXHandleType } from './enums.js';
import type { ZIMErrorCode } from './error-code.js';

/** What every rejected promise and the `error` event carry. */
export interface ZIMError {
  /** See `ZIMErrorCode` and docs/protocol.md. */
  code: ZIMErrorCode;
  /** One sentence for a developer. Never holds secrets or message bodies. */
  message: string;
}

/** Configuration of `ZIM.create`. */
export interface ZIMAppConfig {
  /** The app: 1 to 4294967295. */
  appID: number;
  /** 64 hex digits, for native apps and HarmonyOS; leave it out when the app logs in with tokens. */
  appSign?: string;
  /**
   * Address of the server: `https://host[:port]`, `wss://host[:port]/ws`, or without TLS `http:`/`ws:`.
   * Left out: the value of `ZIM.setAdvancedConfig('server', …)`, else in a browser the origin of the page.
   */
  server?: string;
}

/** Configuration of `setLogConfig`. */
export interface ZIMLogConfig {
  /** From this level on the SDK writes to the console; `report` counts as `error`. Initially `warn`. */
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'report' | 'disable';
}

/** What a user shows of itself. */
export interface ZIMUserInfo {
  /** 1 to 32 bytes. */
  userID: string;
  /** At most 256 bytes. */
  userName: string;
  /** At most 500 bytes. */
  userAvatarUrl: string;
  /** Always empty in this version. */
  userExtendedData: string;
}

/** A user with everything that is known of it. */
export interface ZIMUserFullInfo {
  baseInfo: ZIMUserInfo;
  /** Same as `baseInfo.userAvatarUrl`. */
  userAvatarUrl: string;
  /** Always empty in this version. */
  extendedData: string;
}

/** A user that a request over several users could not handle. */
export interface ZIMErrorUserInfo {
  userID: string;
  /** One of the error codes. */
  reason: number;
}

/** Configuration of `login`. */
export interface ZIMLoginConfig {
  /** At most 256 bytes; empty or left out keeps the name of last time. */
  userName?: string;
  /** token04; empty or left out when the app was created with an AppSign. */
  token?: string;
  /** Not in this version: `true` is refused with 6000013. */
  isOfflineLogin?: boolean;
  /** Not in this version: anything but the empty string is refused with 6000013. */
  customStatus?: string;
  /** Not in this version; ignored, since it means nothing without `customStatus`. */
  customStatusDuration?: number;
}

/** Configuration of `logout`. */
export interface ZIMLogoutConfig {
  /** Also forget what this device keeps of the user (how far each conversation was received). */
  isClearDB?: boolean;
}

/** Configuration of `queryUsersInfo`. */
export interface ZIMUsersInfoQueryConfig {
  /** `true` asks the server even for users that are known already. */
  isQueryFromServer?: boolean;
}

/** iOS call options, carried for receivers that know them. */
export interface ZIMVoIPConfig {
  iOSVoIPHandleType?: ZIMCXHandleType;
  iOSVoIPHandleValue?: string;
  iOSVoIPHasVideo?: boolean;
}

/** OPPO message template, carried for receivers that know it. The parameters are JSON texts. */
export interface ZIMOfflinePushPrivateMessageTemplate {
  templateID: string;
  titleParameters: string;
  contentParameters: string;
}

/** Push to every receiver that does not acknowledge in time. */
export interface ZIMPushConfig {
  /** Title of the notice, at most 1024 bytes. */
  title: string;
  /** Text of the notice, at most 4096 bytes; the vendor's limit may shorten it. */
  content: string;
  /** Passed through to the receiving app, at most 3072 bytes, never shortened. */
  payload?: string;
  /** Name of a push strategy of the app, at most 32 characters. */
  resourcesID?: string;
  /** APNs grouping, at most 64 bytes. */
  threadID?: string;
  /** Carry badge information. */
  enableBadge?: boolean;
  /** Added to the badge, 0 to 99. */
  badgeIncrement?: number;
  voIPConfig?: ZIMVoIPConfig;
  privateMessageTemplate?: ZIMOfflinePushPrivateMessageTemplate;
}

/** Result of `renewToken`. */
export interface ZIMTokenRenewedResult {
  token: string;
}

/** Result of `queryUsersInfo`. */
export interface ZIMUsersInfoQueriedResult {
  userList: ZIMUserFullInfo[];
  errorUserList: ZIMErrorUserInfo[];
}
