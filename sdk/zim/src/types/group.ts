/**
 * Types of groups. Fields that this version's server does not keep have one neutral value, named in their
 * comment, so that programs which read them go on working.
 */

import type { ZIMErrorUserInfo, ZIMUserInfo } from './common.js';
import type {
  ZIMGroupBeInviteMode,
  ZIMGroupEnterType,
  ZIMGroupInviteMode,
  ZIMGroupJoinMode,
  ZIMGroupMessageNotificationStatus,
  ZIMGroupMuteMode,
} from './enums.js';

/** What a group shows of itself. */
export interface ZIMGroupInfo {
  /** 1 to 32 bytes, not beginning with `#`; empty in `createGroup` lets the server choose. */
  groupID: string;
  /** At most 50 characters. */
  groupName: string;
  /** At most 500 bytes. */
  groupAvatarUrl: string;
}

/** Who is muted in a group: nobody in this version. */
export interface ZIMGroupMuteInfo {
  mode: ZIMGroupMuteMode;
  expiredTime: number;
  roles: number[];
}

/** How one gets into a group: freely in this version. */
export interface ZIMGroupVerifyInfo {
  joinMode: ZIMGroupJoinMode;
  inviteMode: ZIMGroupInviteMode;
  beInviteMode: ZIMGroupBeInviteMode;
}

/** A group with everything that is known of it. */
export interface ZIMGroupFullInfo {
  baseInfo: ZIMGroupInfo;
  /** At most 300 characters. */
  groupNotice: string;
  /** Always empty in this version. */
  groupAttributes: Record<string, string>;
  /** Always empty in this version. */
  groupAlias: string;
  /** As set by `setConversationNotificationStatus`. */
  notificationStatus: ZIMGroupMessageNotificationStatus;
  mutedInfo: ZIMGroupMuteInfo;
  /** Always 0 (not told) in this version. */
  createTime: number;
  /** Always 0 (not told) in this version. */
  maxMemberCount: number;
  verifyInfo: ZIMGroupVerifyInfo;
}

/** A group of this user. */
export interface ZIMGroup {
  baseInfo: ZIMGroupInfo;
  /** Always empty in this version. */
  groupAlias: string;
  /** As set by `setConversationNotificationStatus`. */
  notificationStatus: ZIMGroupMessageNotificationStatus;
}

/** A member in short. */
export interface ZIMGroupMemberSimpleInfo extends ZIMUserInfo {
  memberNickname: string;
  memberRole: number;
}

/** How a member came into the group. */
export interface ZIMGroupEnterInfo {
  /** Always 0 (not told) in this version. */
  enterTime: number;
  /** Always Unknown in this version. */
  enterType: ZIMGroupEnterType;
  operatedUser?: ZIMGroupMemberSimpleInfo;
}

/** A member of a group. */
export interface ZIMGroupMemberInfo extends ZIMUserInfo {
  /** Always empty in this version. */
  memberNickname: string;
  /** Owner 1, Admin 2, Member 3. */
  memberRole: number;
  /** Always empty in this version; see `userAvatarUrl`. */
  memberAvatarUrl: string;
  /** Always 0 in this version: nobody is muted. */
  muteExpiredTime: number;
  groupEnterInfo: ZIMGroupEnterInfo;
}

/** Who did something in a group. Only `userID` is certain; the rest is filled when the user is known here. */
export interface ZIMGroupOperatedInfo {
  userID: string;
  /** Empty when not known. */
  userName: string;
  /** Always empty in this version. */
  memberNickname: string;
  /** 0 when not known. */
  memberRole: number;
}

/** Configuration of `queryGroupMemberList`. */
export interface ZIMGroupMemberQueryConfig {
  /** Of the page before; 0 for the first. */
  nextFlag?: number;
  /** 1 to 100. */
  count: number;
}

/**
 * Advanced configuration of `createGroup`: this version takes the notice and refuses the rest with 6000013.
 */
export interface ZIMGroupAdvancedConfig {
  /** At most 300 characters. */
  groupNotice?: string;
  groupAttributes?: Record<string, string>;
  maxMemberCount?: number;
  joinMode?: ZIMGroupJoinMode;
  inviteMode?: ZIMGroupInviteMode;
  beInviteMode?: ZIMGroupBeInviteMode;
}

/** Configuration of the paged form of `queryGroupList`. */
export interface ZIMGroupListQueryConfig {
  /** Of the page before; 0 for the first. */
  nextFlag?: number;
  /** Not in this version: anything but the empty list is refused with 6000013. */
  userIDs?: string[];
}

/** Result of `createGroup`. */
export interface ZIMGroupCreatedResult {
  groupInfo: ZIMGroupFullInfo;
  userList: ZIMGroupMemberInfo[];
  errorUserList: ZIMErrorUserInfo[];
}

/** Result of `dismissGroup`. */
export interface ZIMGroupDismissedResult {
  groupID: string;
}

/** Result of `joinGroup`. */
export interface ZIMGroupJoinedResult {
  groupInfo: ZIMGroupFullInfo;
}

/** Result of `leaveGroup`. */
export interface ZIMGroupLeftResult {
  groupID: string;
}

/** Result of `inviteUsersIntoGroup`. */
export interface ZIMGroupUsersInvitedResult {
  groupID: string;
  userList: ZIMGroupMemberInfo[];
  errorUserList: ZIMErrorUserInfo[];
}

/** Result of `kickGroupMembers`. */
export interface ZIMGroupMemberKickedResult {
  groupID: string;
  kickedUserIDs: string[];
  errorUserList: ZIMErrorUserInfo[];
}

/** Result of `queryGroupInfo`. */
export interface ZIMGroupInfoQueriedResult {
  groupInfo: ZIMGroupFullInfo;
}

/** Result of `queryGroupList`. */
export interface ZIMGroupListQueriedResult {
  groupList: ZIMGroup[];
  /** For the next page; 0 on the last. */
  nextFlag: number;
}

/** Result of `queryGroupMemberList`. */
export interface ZIMGroupMemberListQueriedResult {
  groupID: string;
  userList: ZIMGroupMemberInfo[];
  /** For the next page; 0 on the last. */
  nextFlag: number;
}
