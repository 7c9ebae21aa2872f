/** The events of a client and what each carries. One listener an event: `on` replaces the one before. */

import type { ZIMCallUserInfo } from './call.js';
import type { ZIMError, ZIMUserInfo } from './common.js';
import type { ZIMConversationChangeInfo } from './conversation.js';
import type {
  ZIMBlacklistChangeAction,
  ZIMCallInvitationMode,
  ZIMConnectionEvent,
  ZIMConnectionState,
  ZIMConversationSyncState,
  ZIMGroupEvent,
  ZIMGroupMemberEvent,
  ZIMGroupMemberState,
  ZIMGroupState,
} from './enums.js';
import type { ZIMGroupFullInfo, ZIMGroupMemberInfo, ZIMGroupOperatedInfo } from './group.js';
import type {
  ZIMMessage,
  ZIMMessageReceivedInfo,
  ZIMMessageSentStatusChangeInfo,
  ZIMRevokeMessage,
} from './message.js';
import type { ZIMUserRule } from './user.js';

/** Event name → what its listener is given besides the client. */
export interface ZIMEventResults {
  /** Something went wrong outside of a call of the app. */
  error: ZIMError;
  /** Call `renewToken` with a new token within `second` seconds. */
  tokenWillExpire: ZIMEventOfTokenWillExpireResult;
  connectionStateChanged: ZIMEventOfConnectionStateChangedResult;
  conversationChanged: ZIMEventOfConversationChangedResult;
  conversationTotalUnreadMessageCountUpdated: ZIMEventOfConversationTotalUnreadMessageCountUpdatedResult;
  conversationSyncStateChanged: ZIMEventOfConversationSyncStateChangedResult;
  /** Older form of `peerMessageReceived`; used only while that one has no listener. */
  receivePeerMessage: ZIMEventOfReceiveConversationMessageResult;
  /** Older form of `groupMessageReceived`; used only while that one has no listener. */
  receiveGroupMessage: ZIMEventOfReceiveConversationMessageResult;
  /** Messages of one peer conversation, oldest first, each exactly once. */
  peerMessageReceived: ZIMEventOfConversationMessageReceivedResult;
  /** Messages of one group, oldest first, each exactly once. */
  groupMessageReceived: ZIMEventOfConversationMessageReceivedResult;
  messageSentStatusChanged: ZIMEventOfMessageSentStatusChangedResult;
  /**
   * Messages were revoked by somebody else, or by this user on another device. They may be some that this
   * client has not seen.
   */
  messageRevokeReceived: ZIMEventOfMessageRevokeReceivedResult;
  /** The block list was changed on another device of this user. */
  blacklistChanged: ZIMEventOfBlacklistChangedResult;
  /** The rules of this user were changed on another device. */
  userRuleUpdated: ZIMEventOfUserRuleUpdatedResult;
  groupStateChanged: ZIMEventOfGroupStateChangedResult;
  groupMemberStateChanged: ZIMEventOfGroupMemberStateChangedResult;
  callInvitationCreated: ZIMEventOfCallInvitationCreatedResult;
  /** An invitation. It counts as received only if this event has a listener; otherwise it is pushed. */
  callInvitationReceived: ZIMEventOfCallInvitationReceivedResult;
  callInvitationCancelled: ZIMEventOfCallInvitationCancelledResult;
  callInvitationTimeout: ZIMEventOfCallInvitationTimeoutResult;
  callInvitationEnded: ZIMEventOfCallInvitationEndedResult;
  callUserStateChanged: ZIMEventOfCallUserStateChangedResult;
  /** Older form of `callUserStateChanged` for the caller: somebody accepted. */
  callInvitationAccepted: ZIMEventOfCallInvitationAcceptedResult;
  /** Older form of `callUserStateChanged` for the caller: somebody rejected. */
  callInvitationRejected: ZIMEventOfCallInvitationRejectedResult;
  /** Older form of `callUserStateChanged` for the caller: these did not answer. */
  callInviteesAnsweredTimeout: ZIMEventOfCallInviteesAnsweredTimeoutResult;
}

export interface ZIMEventOfConnectionStateChangedResult {
  state: ZIMConnectionState;
  event: ZIMConnectionEvent;
  /** Always "{}". */
  extendedData: string;
}

export interface ZIMEventOfTokenWillExpireResult {
  second: number;
}

export interface ZIMEventOfConversationChangedResult {
  infoList: ZIMConversationChangeInfo[];
}

export interface ZIMEventOfConversationTotalUnreadMessageCountUpdatedResult {
  totalUnreadMessageCount: number;
}

export interface ZIMEventOfConversationSyncStateChangedResult {
  state: ZIMConversationSyncState;
}

export interface ZIMEventOfReceiveConversationMessageResult {
  messageList: ZIMMessage[];
  fromConversationID: string;
}

export interface ZIMEventOfConversationMessageReceivedResult {
  messageList: ZIMMessage[];
  fromConversationID: string;
  info: ZIMMessageReceivedInfo;
}

export interface ZIMEventOfMessageSentStatusChangedResult {
  infos: ZIMMessageSentStatusChangeInfo[];
}

export interface ZIMEventOfMessageRevokeReceivedResult {
  /** Of one conversation, oldest first. */
  messageList: ZIMRevokeMessage[];
}

export interface ZIMEventOfBlacklistChangedResult {
  userList: ZIMUserInfo[];
  action: ZIMBlacklistChangeAction;
}

export interface ZIMEventOfUserRuleUpdatedResult {
  userRule: ZIMUserRule;
}

export interface ZIMEventOfGroupStateChangedResult {
  state: ZIMGroupState;
  event: ZIMGroupEvent;
  operatedInfo: ZIMGroupOperatedInfo;
  groupInfo: ZIMGroupFullInfo;
}

export interface ZIMEventOfGroupMemberStateChangedResult {
  groupID: string;
  state: ZIMGroupMemberState;
  event: ZIMGroupMemberEvent;
  userList: ZIMGroupMemberInfo[];
  operatedInfo: ZIMGroupOperatedInfo;
}

export interface ZIMEventOfCallInvitationCreatedResult {
  callID: string;
  mode: ZIMCallInvitationMode;
  caller: string;
  extendedData: string;
  /** Seconds. */
  timeout: number;
  /** Unix time in ms. */
  createTime: number;
  callUserList: ZIMCallUserInfo[];
}

export interface ZIMEventOfCallInvitationReceivedResult extends ZIMEventOfCallInvitationCreatedResult {
  inviter: string;
}

export interface ZIMEventOfCallInvitationCancelledResult {
  callID: string;
  mode: ZIMCallInvitationMode;
  inviter: string;
  extendedData: string;
}

export interface ZIMEventOfCallInvitationTimeoutResult {
  callID: string;
  mode: ZIMCallInvitationMode;
}

export interface ZIMEventOfCallInvitationEndedResult {
  callID: string;
  mode: ZIMCallInvitationMode;
  caller: string;
  operatedUserID: string;
  extendedData: string;
  /** Unix time in ms. */
  endTime: number;
}

export interface ZIMEventOfCallUserStateChangedResult {
  callID: string;
  callUserList: ZIMCallUserInfo[];
}

export interface ZIMEventOfCallInvitationAcceptedResult {
  callID: string;
  invitee: string;
  extendedData: string;
}

export interface ZIMEventOfCallInvitationRejectedResult {
  callID: string;
  invitee: string;
  extendedData: string;
}

export interface ZIMEventOfCallInviteesAnsweredTimeoutResult {
  callID: string;
  invitees: string[];
}
