/** Types of messages: what is sent, what is received, and the configuration and results of both. */

import type { ZIMPushConfig } from './common.js';
import type {
  ZIMConversationType,
  ZIMMessageDirection,
  ZIMMessageMentionedType,
  ZIMMessagePriority,
  ZIMMessageQueryMode,
  ZIMMessageReceiptStatus,
  ZIMMessageRevokeStatus,
  ZIMMessageSentStatus,
  ZIMMessageType,
  ZIMRevokeType,
} from './enums.js';

/**
 * A message of any type. To send one, give `type`, `message` and what the type needs; the SDK fills the rest.
 */
export interface ZIMMessage {
  type: ZIMMessageType;
  /** Text and custom: the text. Command: the bytes. */
  message?: string | Uint8Array;
  /** Custom only. */
  subType?: number;
  /** Custom only. */
  searchedContent?: string;
  /**
   * Unique in the server: a decimal number too large for a JavaScript number. Empty until the server has it.
   */
  messageID?: string;
  /** The sender's own identifier; the same one sent again gives the same message. */
  localMessageID?: string;
  /** Place in the conversation: 1, 2, 3, … without gaps. 0 for command messages, which have none. */
  messageSeq?: number;
  senderUserID?: string;
  /** The other user of a peer conversation, or the group. */
  conversationID?: string;
  conversationType?: ZIMConversationType;
  direction?: ZIMMessageDirection;
  sentStatus?: ZIMMessageSentStatus;
  /** Unix time in ms at which the server accepted it; the local time while it is being sent. */
  timestamp?: number;
  /** Sorts messages of a conversation; equals the place in it for stored messages. */
  orderKey?: number;
  /** Always false: messages are never inserted locally in this version. */
  isUserInserted?: boolean;
  /** Always None in this version. */
  receiptStatus?: ZIMMessageReceiptStatus;
  /** For the app, at most 1024 bytes. */
  extendedData?: string;
  /** Mentioned users, at most 50. */
  mentionedUserIDs?: string[];
  /** Everybody in the conversation is mentioned. */
  isMentionAll?: boolean;
}

/** Text. */
export interface ZIMTextMessage extends ZIMMessage {
  /** At most 2048 bytes, not empty. */
  message: string;
  type: ZIMMessageType.Text;
}

/** Bytes for the app itself: not stored, no conversation, no push, only for clients that are connected. */
export interface ZIMCommandMessage extends ZIMMessage {
  /** At most 5120 bytes, not empty. */
  message: Uint8Array;
  type: ZIMMessageType.Command;
}

/** A format of the app's own, told apart by `subType`. */
export interface ZIMCustomMessage extends ZIMMessage {
  /** At most 2048 bytes, not empty. */
  message: string;
  /** At most 64 bytes. */
  searchedContent?: string;
  /** 0 to 200. */
  subType: number;
  type: ZIMMessageType.Custom;
}

/** What is left of a message that was revoked; it stands in the place of the message. */
export interface ZIMRevokeMessage extends ZIMMessage {
  type: ZIMMessageType.Revoke;
  /** Always TwoWay: it is revoked for everybody. */
  revokeType: ZIMRevokeType;
  /** Unix time in ms. */
  revokeTimestamp: number;
  /** Who revoked it. */
  operatedUserID: string;
  originalMessageType: ZIMMessageType;
  /** The text as it was: only for a sender who took an own text back, on that device, while it runs. */
  originalTextMessageContent: string;
  /** What came along with the revocation; empty when nothing did. */
  revokeExtendedData: string;
  revokeStatus: ZIMMessageRevokeStatus;
}

/** Configuration of `revokeMessage`. */
export interface ZIMMessageRevokeConfig {
  /** A notice of its own about the revocation, in place of the one that is taken back. */
  pushConfig?: ZIMPushConfig;
  /** For the app, at most 1024 bytes. */
  revokeExtendedData?: string;
}

/** Result of `revokeMessage`. */
export interface ZIMMessageRevokedResult {
  /** A `ZIMRevokeMessage`. */
  message: ZIMMessage;
}

/** Configuration of `sendMessage`. */
export interface ZIMMessageSendConfig {
  /** Push to every receiver that does not acknowledge in time. */
  pushConfig?: ZIMPushConfig;
  priority: ZIMMessagePriority;
  /** Not in this version: `true` is refused with 6000013. */
  hasReceipt?: boolean;
  /** Push mentioned members of a group even through do-not-disturb. */
  isNotifyMentionedUsers?: boolean;
  /** Send a failed message again under its `localMessageID`, so that it cannot arrive twice. */
  isRetrySend?: boolean;
  /** Do not raise unread counts. */
  disableUnreadMessageCount?: boolean;
  /** Means nothing in this version, which has no messages of several parts. */
  isAllowMultipleMessagePartialFailed?: boolean;
}

/** Called before the message leaves, with `localMessageID` and status Sending. */
export type ZIMMessageAttachedResult = (message: ZIMMessage) => void;

/** Callbacks of `sendMessage`. */
export interface ZIMMessageSendNotification {
  onMessageAttached?: ZIMMessageAttachedResult;
}

/** Result of `sendMessage`. */
export interface ZIMMessageSentResult {
  /** As it is stored. */
  message: ZIMMessage;
}

/** Configuration of `queryHistoryMessage`. */
export interface ZIMMessageQueryConfig {
  /** The page starts beside this message, without it. Left out: at the newest (reverse) or oldest message. */
  nextMessage?: ZIMMessage;
  /** 1 to 100. */
  count: number;
  /** `true`: from `nextMessage` towards older ones. `false` (default): towards newer ones. */
  reverse?: boolean;
  /** OnlyLocal finds nothing: messages are kept by the server alone. */
  mode?: ZIMMessageQueryMode;
}

/** Result of `queryHistoryMessage`. */
export interface ZIMMessageQueriedResult {
  conversationID: string;
  conversationType: ZIMConversationType;
  /** Oldest first, in both directions. */
  messageList: ZIMMessage[];
}

/** How received messages came. */
export interface ZIMMessageReceivedInfo {
  /** They were sent while this device was away. */
  isOfflineMessage: boolean;
}

/** A message whose sending came to a new status. */
export interface ZIMMessageSentStatusChangeInfo {
  status: ZIMMessageSentStatus;
  message: ZIMMessage;
  /** Why it failed; empty otherwise. */
  reason: string;
}

/** An unread mention of this user. */
export interface ZIMMessageMentionedInfo {
  messageID: string;
  messageSeq: number;
  fromUserID: string;
  type: ZIMMessageMentionedType;
}
