/** Types of this user itself and of its block list. */

import type { ZIMErrorUserInfo, ZIMUserFullInfo, ZIMUserInfo } from './common.js';
import type { ZIMPlatformType, ZIMUserOnlineStatus } from './enums.js';

/**
 * While the user is online on a platform of the first list, devices of the platforms in the second are not
 * pushed. Either list empty: no rule.
 */
export interface ZIMUserOfflinePushRule {
  /** Each platform once. */
  onlinePlatforms: ZIMPlatformType[];
  /** Each platform once. */
  notToReceiveOfflinePushPlatforms: ZIMPlatformType[];
}

/** Rules of a user. */
export interface ZIMUserRule {
  offlinePushRule: ZIMUserOfflinePushRule;
}

/** Presence of a user; in this version only this user's own, as this client sees it. */
export interface ZIMUserStatus {
  userID: string;
  /** Online while this client is connected, else Offline. */
  onlineStatus: ZIMUserOnlineStatus;
  /** The platform of this client, while it is connected. */
  onlinePlatforms: ZIMPlatformType[];
  /** Always empty in this version. */
  customStatus: string;
  /** Always 0 in this version. */
  customStatusExpiredTime: number;
  /** Always 0 in this version. */
  lastUpdateTime: number;
  /** Always 0 in this version. */
  lastOnlineStatusUpdateTime: number;
  /** Always 0 in this version. */
  lastCustomStatusUpdateTime: number;
}

/** What the server knows of this user. */
export interface ZIMSelfUserInfo {
  userFullInfo: ZIMUserFullInfo;
  userRule: ZIMUserRule;
  userStatus: ZIMUserStatus;
}

/** Result of `querySelfUserInfo`. */
export interface ZIMSelfUserInfoQueriedResult {
  selfUserInfo: ZIMSelfUserInfo;
}

/** Result of `updateUserOfflinePushRule`. */
export interface ZIMUserOfflinePushRuleUpdatedResult {
  offlinePushRule: ZIMUserOfflinePushRule;
}

/** Configuration of `queryBlacklist`. */
export interface ZIMBlacklistQueryConfig {
  /** 1 to 100. */
  count: number;
  /** Of the page before, from this same client; 0 or left out for the first. */
  nextFlag?: number;
}

/** Result of `addUsersToBlacklist`. */
export interface ZIMBlacklistUsersAddedResult {
  /** Those that could not be blocked, and why; the others are. */
  errorUserList: ZIMErrorUserInfo[];
}

/** Result of `removeUsersFromBlacklist`. */
export interface ZIMBlacklistUsersRemovedResult {
  /** Those that could not be let in again, and why; the others were. */
  errorUserList: ZIMErrorUserInfo[];
}

/** Result of `queryBlacklist`. */
export interface ZIMBlacklistQueriedResult {
  /** By userID. */
  blacklist: ZIMUserInfo[];
  /** For the next page; 0 on the last. */
  nextFlag: number;
}

/** Result of `checkUserIsInBlacklist`. */
export interface ZIMBlacklistCheckedResult {
  isUserInBlacklist: boolean;
}
