/**
 * The enums of the public API with ZIM's names and numbers.
 *
 * They are declared under the same names as in ZIM's own typings, which makes TypeScript treat both as one.
 */

/** Where the connection of a client stands. */
export enum ZIMConnectionState {
  Disconnected = 0,
  Connecting = 1,
  Connected = 2,
  Reconnecting = 3,
}

/** Why the connection state changed. */
export enum ZIMConnectionEvent {
  Success = 0,
  ActiveLogin = 1,
  LoginTimeout = 2,
  LoginInterrupted = 3,
  KickedOut = 4,
  TokenExpired = 5,
  Unregistered = 6,
}

/** What happened to an entry of the conversation list. */
export enum ZIMConversationEvent {
  Added = 0,
  Updated = 1,
  Disabled = 2,
  Deleted = 3,
}

/** Whether a conversation may disturb: DoNotDisturb has no notices and no part in the total unread count. */
export enum ZIMConversationNotificationStatus {
  Notify = 1,
  DoNotDisturb = 2,
}

/** Kind of a conversation. This version carries Peer and Group. */
export enum ZIMConversationType {
  Unknown = -1,
  Peer = 0,
  Room = 1,
  Group = 2,
  CommunityChannel = 3,
}

/** Progress of loading the conversation list after a login. */
export enum ZIMConversationSyncState {
  Started = 0,
  Finished = 1,
  Failed = 2,
}

/** Which conversations a query returns, by pin. */
export enum ZIMConversationPinnedFilter {
  All = 0,
  OnlyPinned = 1,
  OnlyUnpinned = 2,
}

/** Sent by this user or received. */
export enum ZIMMessageDirection {
  Send = 0,
  Receive = 1,
}

/** Priority of a message; required when sending. */
export enum ZIMMessagePriority {
  Low = 1,
  Medium = 2,
  High = 3,
}

/** State of a read receipt. */
export enum ZIMMessageReceiptStatus {
  Unknown = -1,
  None = 0,
  Processing = 1,
  Done = 2,
  Expired = 3,
  Failed = 4,
}

/** How far the sending of a message has come. */
export enum ZIMMessageSentStatus {
  Sending = 0,
  Success = 1,
  Failed = 2,
}

/** Type of a message. This version carries Text, Command and Custom. */
export enum ZIMMessageType {
  Unknown = 0,
  Text = 1,
  Command = 2,
  Multiple = 10,
  Image = 11,
  File = 12,
  Audio = 13,
  Video = 14,
  Barrage = 20,
  System = 30,
  Revoke = 31,
  Tips = 32,
  Combine = 100,
  Custom = 200,
}

/** How a message mentions this user. */
export enum ZIMMessageMentionedType {
  Unknown = 0,
  MentionMe = 1,
  MentionAll = 2,
  MentionAllAndMe = 3,
}

/** Where history is read from. */
export enum ZIMMessageQueryMode {
  General = 0,
  PreferServer = 1,
  OnlyLocal = 2,
}

/** This user's own state in a group. */
export enum ZIMGroupState {
  Quit = 0,
  Enter = 1,
}

/** Why this user's own state in a group changed. */
export enum ZIMGroupEvent {
  Unknown = -1,
  Created = 1,
  Dismissed = 2,
  Joined = 3,
  Invited = 4,
  Left = 5,
  KickedOut = 6,
}

/** Why the member list of a group changed. */
export enum ZIMGroupMemberEvent {
  Unknown = -1,
  Joined = 1,
  Left = 2,
  KickedOut = 4,
  Invited = 5,
}

/** State of a member. */
export enum ZIMGroupMemberState {
  Quit = 0,
  Enter = 1,
}

/** Whether messages of a group may disturb. */
export enum ZIMGroupMessageNotificationStatus {
  Notify = 1,
  Disturb = 2,
}

/** Who is muted in a group. */
export enum ZIMGroupMuteMode {
  None = 0,
  Normal = 1,
  All = 2,
  Custom = 3,
}

/** Who may join a group. */
export enum ZIMGroupJoinMode {
  Any = 0,
  Auth = 1,
  Forbid = 2,
}

/** Who may invite into a group. */
export enum ZIMGroupInviteMode {
  Any = 0,
  Admin = 1,
}

/** Whether invited users must agree. */
export enum ZIMGroupBeInviteMode {
  None = 0,
  Auth = 1,
}

/** How a member came into a group. */
export enum ZIMGroupEnterType {
  Unknown = 0,
  Created = 1,
  JoinApply = 2,
  Joined = 3,
  Invited = 4,
  InviteApply = 5,
}

/** General: ends by itself once everybody has answered. Advanced: lives until it is ended. */
export enum ZIMCallInvitationMode {
  Unknown = -1,
  General = 0,
  Advanced = 1,
}

/** State of a call. */
export enum ZIMCallState {
  Unknown = -1,
  Started = 1,
  Ended = 2,
}

/** State of one user in a call. */
export enum ZIMCallUserState {
  Unknown = -1,
  Inviting = 0,
  Accepted = 1,
  Rejected = 2,
  Cancelled = 3,
  Offline = 4,
  Received = 5,
  Timeout = 6,
  Quit = 7,
  Ended = 8,
  NotYetReceived = 9,
  BeCancelled = 10,
}

/** iOS call handle types. */
export enum ZIMCXHandleType {
  Generic = 1,
  PhoneNumber = 2,
  EmailAddress = 3,
}

/** Platform of a client. */
export enum ZIMPlatformType {
  Win = 1,
  IPhoneOS = 2,
  Android = 3,
  MacOS = 4,
  Linux = 5,
  Web = 6,
  MiniProgram = 7,
  IPadOS = 9,
  OHOS = 10,
  Unknown = 32,
}

/** Presence of a user. */
export enum ZIMUserOnlineStatus {
  Online = 0,
  Offline = 1,
  Logout = 2,
  Unknown = 99,
}

/** On whose word a message was revoked. In this version: Self, GroupAdmin or GroupOwner. */
export enum ZIMMessageRevokeStatus {
  Unknown = -1,
  SelfRevoke = 0,
  SystemRevoke = 1,
  ServerAPIRevoke = 2,
  GroupAdminRevoke = 3,
  GroupOwnerRevoke = 4,
  AuditRejectRevoke = 5,
}

/** For whom a message was revoked; in this version always for everybody. */
export enum ZIMRevokeType {
  Unknown = -1,
  TwoWay = 0,
  OneWay = 1,
}

/** What happened to the users of a changed block list. */
export enum ZIMBlacklistChangeAction {
  Added = 0,
  Removed = 1,
}
