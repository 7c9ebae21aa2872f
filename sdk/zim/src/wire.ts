/**
 * Shapes of what travels between this SDK and the server, as docs/protocol.md describes them.
 *
 * Types only. Public names in the JSON follow ZIM, so most objects are handed on as they came.
 */

/** Parameters and result of every request. */
export interface Requests {
  'session.login': [WireLogin, WireLoginResult];
  'session.logout': [object, object];
  'session.heartbeat': [object, object];
  'session.renewToken': [{ token: string }, object];
  'app.state': [{ state: WirePhase }, object];
  'push.register': [WirePushRegister, { pushID: string }];
  'push.unregister': [WirePushUnregister, object];
  'push.clicked': [WirePushClicked, object];
  'user.query': [{ userIDs: string[] }, { userList: WireUser[]; errorUserList: WireUserError[] }];
  'user.self': [object, { userInfo: WireUser; offlinePushRule: WirePushRule }];
  'user.setPushRule': [WirePushRule, WirePushRule];
  'user.setBadge': [{ badge: number }, object];
  'block.add': [{ userIDs: string[] }, { errorUserList: WireUserError[] }];
  'block.remove': [{ userIDs: string[] }, { errorUserList: WireUserError[] }];
  'block.list': [{ count: number; next?: string }, { userList: WireUser[]; next?: string }];
  'block.check': [{ userID: string }, { isUserInBlacklist: boolean }];
  'message.send': [WireSend, { message: WireMessage }];
  'message.revoke': [WireRevoke, { message: WireMessage }];
  'message.history': [WireHistory, { messages: WireMessage[]; hasMore: boolean }];
  'conversation.list': [{ count: number; next?: string }, WireConversationPage];
  'conversation.get': [WireConversationRef, { conversation: WireConversation }];
  'conversation.read': [WireConversationRef, WireTotalUnread];
  'conversation.readAll': [object, WireTotalUnread];
  'conversation.totalUnread': [object, WireTotalUnread];
  'conversation.setNotificationStatus': [
    WireConversationRef & { notificationStatus: number },
    { conversation: WireConversation },
  ];
  'group.create': [{ groupInfo: WireGroup; userIDs: string[] }, WireGroupChange];
  'group.join': [{ groupID: string }, { groupInfo: WireGroup }];
  'group.leave': [{ groupID: string }, object];
  'group.invite': [WireGroupUsers, WireGroupChange];
  'group.kick': [WireGroupUsers, { kickedUserIDs: string[]; errorUserList: WireUserError[] }];
  'group.dismiss': [{ groupID: string }, object];
  'group.members': [{ groupID: string; count: number; nextFlag: number }, WireMemberPage];
  'group.list': [object, { groupList: WireGroup[] }];
  'group.get': [{ groupID: string }, { groupInfo: WireGroup }];
  'call.invite': [WireCallInvite, { callID: string; timeout: number; errorUserList: WireUserError[] }];
  'call.cancel': [WireCallCancel, { callID: string; errorInvitees: string[] }];
  'call.accept': [WireCallAnswer, { callID: string }];
  'call.reject': [WireCallAnswer, { callID: string }];
  'call.callingInvite': [WireCallingInvite, { callID: string; errorUserList: WireUserError[] }];
  'call.join': [WireCallAnswer, WireCallJoined];
  'call.quit': [
    WireCallLeave,
    { callID: string; createTime: number; acceptTime: number; quitTime: number },
  ];
  'call.end': [WireCallLeave, { callID: string; createTime: number; acceptTime: number; endTime: number }];
  'call.list': [{ count: number; before?: string }, { callList: WireCall[]; next?: string }];
}

/** What a client tells without expecting an answer. */
export interface ClientNotifications {
  'message.ack': WireCursor;
  'call.ack': { callID: string };
}

/** What the server tells by itself. */
export interface ServerNotifications {
  'session.tokenWillExpire': { second: number };
  'message.received': WireMessages;
  'message.revoked': WireConversationRef & { messages: WireMessage[] };
  'block.changed': { action: number; userList: WireUser[] };
  'user.pushRuleChanged': WirePushRule;
  'conversation.changed': { infoList: { event: number; conversation: WireConversation }[] };
  'conversation.totalUnreadChanged': WireTotalUnread;
  'group.stateChanged': WireGroupState;
  'group.memberStateChanged': WireGroupMembers;
  'call.created': WireCallCreated;
  'call.received': WireCallReceived;
  'call.cancelled': { callID: string; mode: number; inviter: string; extendedData: string };
  'call.timeout': { callID: string; mode: number };
  'call.ended': WireCallEnded;
  'call.userStateChanged': { callID: string; callUserList: WireCallUser[] };
}

/** Name of a request. */
export type Method = keyof Requests;
/** Parameters of a request. */
export type Params<M extends Method> = Requests[M][0];
/** Result of a request. */
export type Result<M extends Method> = Requests[M][1];

/** Where the app is: background counts as offline for push at once. */
export type WirePhase = 'foreground' | 'background';

export interface WireLogin {
  appID: number;
  appSign?: string;
  token?: string;
  userID: string;
  userName?: string;
  deviceID: string;
  platform: number;
  sdkVersion: string;
  state: WirePhase;
  resumeSessionID?: string;
  cursors?: WireCursor[];
}

export interface WireLoginResult {
  sessionID: string;
  resumed: boolean;
  userName: string;
  userAvatarUrl: string;
  serverTime: number;
  heartbeatInterval: number;
  heartbeatTimeout: number;
  totalUnreadMessageCount: number;
  pushBound: boolean;
}

export interface WirePushRegister {
  appID?: number;
  appSign?: string;
  deviceID: string;
  vendor: string;
  token: string;
  appType: number;
  locale?: string;
}

export interface WirePushUnregister {
  appID?: number;
  appSign?: string;
  deviceID: string;
  pushID?: string;
}

/** Exactly one of the two. */
export type WirePushClicked = { messageID: string } | { callID: string };

export interface WirePushRule {
  onlinePlatforms: number[];
  notToReceiveOfflinePushPlatforms: number[];
}

export interface WireUser {
  userID: string;
  userName: string;
  userAvatarUrl?: string;
}

export interface WireUserError {
  userID: string;
  reason: number;
}

export interface WireContent {
  type: number;
  message: string;
  subType?: number;
  searchedContent?: string;
  extendedData?: string;
  mentionedUserIDs?: string[];
  isMentionAll?: boolean;
  /** Of type 31 only. */
  revoke?: WireRevocation;
}

export interface WireRevocation {
  operatedUserID: string;
  revokeTimestamp: number;
  revokeStatus: number;
  originalMessageType: number;
  originalTextMessageContent?: string;
  revokeExtendedData?: string;
}

export interface WirePushConfig {
  title: string;
  content: string;
  payload?: string;
  resourcesID?: string;
  threadID?: string;
  enableBadge?: boolean;
  badgeIncrement?: number;
  voIPConfig?: object;
  privateMessageTemplate?: object;
}

export interface WireSend extends WireConversationRef {
  localMessageID: string;
  content: WireContent;
  priority: number;
  pushConfig?: WirePushConfig;
  isNotifyMentionedUsers?: boolean;
  disableUnreadMessageCount?: boolean;
}

export interface WireRevoke extends WireConversationRef {
  messageID: string;
  revokeExtendedData?: string;
  pushConfig?: WirePushConfig;
}

export interface WireMessage {
  messageID: string;
  messageSeq: number;
  conversationID: string;
  conversationType: number;
  senderUserID: string;
  timestamp: number;
  localMessageID?: string;
  disableUnread?: boolean;
  content: WireContent;
}

export interface WireMessages extends WireConversationRef {
  messages: WireMessage[];
  isOfflineMessage: boolean;
}

export interface WireConversationRef {
  conversationID: string;
  conversationType: number;
}

export interface WireCursor extends WireConversationRef {
  messageSeq: number;
}

export interface WireHistory extends WireConversationRef {
  beforeSeq?: number;
  afterSeq?: number;
  count: number;
}

export interface WireConversation {
  conversationID: string;
  type: number;
  conversationName: string;
  conversationAvatarUrl: string;
  notificationStatus: number;
  unreadMessageCount: number;
  readMessageSeq: number;
  lastMessageSeq: number;
  lastMessage: WireMessage | null;
  orderKey: number;
  isDisabled?: boolean;
}

export interface WireConversationPage {
  conversationList: WireConversation[];
  next?: string;
}

export interface WireTotalUnread {
  totalUnreadMessageCount: number;
}

export interface WireGroup {
  groupID: string;
  groupName: string;
  groupAvatarUrl: string;
  groupNotice?: string;
}

export interface WireMember {
  userID: string;
  userName: string;
  userAvatarUrl?: string;
  memberRole: number;
}

export interface WireGroupUsers {
  groupID: string;
  userIDs: string[];
}

export interface WireGroupChange {
  groupInfo: WireGroup;
  userList: WireMember[];
  errorUserList: WireUserError[];
}

export interface WireMemberPage {
  userList: WireMember[];
  nextFlag: number;
}

export interface WireGroupState {
  state: number;
  event: number;
  operatedUserID: string;
  groupInfo: WireGroup;
}

export interface WireGroupMembers {
  groupID: string;
  state: number;
  event: number;
  operatedUserID: string;
  userList: WireMember[];
}

export interface WireCallUser {
  userID: string;
  state: number;
  extendedData?: string;
}

export interface WireCallInvite {
  invitees: string[];
  timeout?: number;
  mode: number;
  enableNotReceivedCheck?: boolean;
  extendedData?: string;
  pushConfig?: WirePushConfig;
}

export interface WireCallingInvite {
  callID: string;
  invitees: string[];
  pushConfig?: WirePushConfig;
}

export interface WireCallLeave {
  callID: string;
  extendedData?: string;
  pushConfig?: WirePushConfig;
}

export interface WireCallJoined {
  callID: string;
  createTime: number;
  joinTime: number;
  extendedData: string;
  callUserList: WireCallUser[];
}

export interface WireCallCancel {
  callID: string;
  invitees?: string[];
  extendedData?: string;
  pushConfig?: WirePushConfig;
}

export interface WireCallAnswer {
  callID: string;
  extendedData?: string;
}

export interface WireCallCreated {
  callID: string;
  mode: number;
  caller: string;
  extendedData: string;
  timeout: number;
  createTime: number;
  callUserList: WireCallUser[];
}

export interface WireCallReceived extends WireCallCreated {
  inviter: string;
}

export interface WireCallEnded {
  callID: string;
  mode: number;
  caller: string;
  operatedUserID: string;
  extendedData: string;
  endTime: number;
}

export interface WireCall {
  callID: string;
  mode: number;
  caller: string;
  inviter: string;
  extendedData: string;
  state: number;
  timeout: number;
  createTime: number;
  endTime: number;
  callUserList: WireCallUser[];
}
