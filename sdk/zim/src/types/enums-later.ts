/**
 * The enums of the public API with ZIM's names and numbers that belong to parts not in this version.
 *
 * They are declared under the same names as in ZIM's own typings, which makes TypeScript treat both as one.
 */

/** Numbers of message replied info state; not used in this version. */
export enum ZIMMessageRepliedInfoState {
  Normal = 0,
  Deleted = 1,
  NotFound = 2,
}

/** Numbers of message order; not used in this version. */
export enum ZIMMessageOrder {
  Descending = 0,
  Ascending = 1,
}

/** Numbers of tips message event; not used in this version. */
export enum ZIMTipsMessageEvent {
  Unknown = 0,
  GroupCreated = 1,
  GroupDismissed = 2,
  GroupJoined = 3,
  GroupInvited = 4,
  GroupLeft = 5,
  GroupKickedOut = 6,
  GroupInfoChanged = 7,
  GroupMemberInfoChanged = 8,
  GroupMessagePinned = 9,
  CommunityCreated = 101,
  CommunityJoined = 103,
  CommunityInvited = 104,
  CommunityChannelCreated = 151,
}

/** Numbers of tips message change info type; not used in this version. */
export enum ZIMTipsMessageChangeInfoType {
  Unknown = 0,
  GroupDataChanged = 1,
  GroupNoticeChanged = 2,
  GroupNameChanged = 3,
  GroupAvatarUrlChanged = 4,
  GroupMuteChanged = 5,
  GroupOwnerTransferred = 10,
  GroupMemberRoleChanged = 11,
  GroupMemberMuteChanged = 12,
  GroupMessagePinInfoChanged = 21,
}

/** Numbers of message delete type; not used in this version. */
export enum ZIMMessageDeleteType {
  MessageListDeleted = 0,
  ConversationAllMessagesDeleted = 1,
  AllConversationMessagesDeleted = 2,
}

/** Numbers of message pin status; not used in this version. */
export enum ZIMMessagePinStatus {
  NotPinned = 0,
  Pinned = 1,
  Updated = 2,
}

/** Numbers of message reaction user change action; not used in this version. */
export enum ZIMMessageReactionUserChangeAction {
  Added = 0,
  Deleted = 1,
}

/** Numbers of media file type; not used in this version. */
export enum ZIMMediaFileType {
  OriginalFile = 1,
  LargeImage = 2,
  Thumbnail = 3,
  VideoFirstFrame = 4,
}

/** Numbers of conversation search mode; not used in this version. */
export enum ZIMConversationSearchMode {
  MatchMessage = 0,
  MatchConversationName = 1,
}

/** Numbers of geofencing type; not used in this version. */
export enum ZIMGeofencingType {
  None = 0,
  Include = 1,
  Exclude = 2,
}

/** Numbers of group attributes update action; not used in this version. */
export enum ZIMGroupAttributesUpdateAction {
  Set = 0,
  Delete = 1,
}

/** Numbers of group application type; not used in this version. */
export enum ZIMGroupApplicationType {
  Unknown = -1,
  None = 0,
  Join = 1,
  Invite = 2,
  BeInvite = 3,
}

/** Numbers of group application state; not used in this version. */
export enum ZIMGroupApplicationState {
  Unknown = -1,
  Waiting = 1,
  Accepted = 2,
  Rejected = 3,
  Expired = 4,
  Disabled = 5,
}

/** Numbers of group application list change action; not used in this version. */
export enum ZIMGroupApplicationListChangeAction {
  Added = 0,
}

/** Numbers of room event; not used in this version. */
export enum ZIMRoomEvent {
  Success = 0,
  NetworkInterrupted = 1,
  NetworkDisconnected = 2,
  RoomNotExist = 3,
  ActiveCreate = 4,
  CreateFailed = 5,
  ActiveEnter = 6,
  EnterFailed = 7,
  KickedOut = 8,
  ConnectTimeout = 9,
  KickedOutByOtherDevice = 10,
  ActiveSwitch = 11,
  SwitchFailed = 12,
}

/** Numbers of room state; not used in this version. */
export enum ZIMRoomState {
  Disconnected = 0,
  Connecting = 1,
  Connected = 2,
}

/** Numbers of room attributes update action; not used in this version. */
export enum ZIMRoomAttributesUpdateAction {
  Set = 0,
  Delete = 1,
}

/** Numbers of room member attributes update action; not used in this version. */
export enum ZIMRoomMemberAttributesUpdateAction {
  Set = 0,
}

/** Numbers of friend list change action; not used in this version. */
export enum ZIMFriendListChangeAction {
  Added = 0,
  Deleted = 1,
}

/** Numbers of friend application list change action; not used in this version. */
export enum ZIMFriendApplicationListChangeAction {
  Added = 0,
  Deleted = 1,
}

/** Numbers of friend application type; not used in this version. */
export enum ZIMFriendApplicationType {
  Unknown = -1,
  None = 0,
  Received = 1,
  Sent = 2,
  Both = 3,
}

/** Numbers of friend application state; not used in this version. */
export enum ZIMFriendApplicationState {
  Unknown = -1,
  Waiting = 1,
  Accepted = 2,
  Rejected = 3,
  Expired = 4,
  Disabled = 5,
}

/** Numbers of friend relation check type; not used in this version. */
export enum ZIMFriendRelationCheckType {
  Both = 0,
  Single = 1,
}

/** Numbers of friend delete type; not used in this version. */
export enum ZIMFriendDeleteType {
  Both = 0,
  Single = 1,
}

/** Numbers of user relation type; not used in this version. */
export enum ZIMUserRelationType {
  Unknown = 0,
  SingleNo = 1,
  SingleHave = 2,
  BothAllNo = 3,
  BothSelfHave = 4,
  BothOtherHave = 5,
  BothAllHave = 6,
}
