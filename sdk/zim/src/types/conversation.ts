/** Types of the conversation list. */

import type {
  ZIMConversationEvent,
  ZIMConversationNotificationStatus,
  ZIMConversationPinnedFilter,
  ZIMConversationType,
} from './enums.js';
import type { ZIMMessage, ZIMMessageMentionedInfo } from './message.js';

/** An entry of the conversation list. */
export interface ZIMConversation {
  /** The other user, or the group. */
  conversationID: string;
  type: ZIMConversationType;
  /** The other user's name, or the group's. */
  conversationName: string;
  conversationAvatarUrl: string;
  /** Always empty in this version. */
  conversationAlias: string;
  notificationStatus: ZIMConversationNotificationStatus;
  /** Received messages that are not read. */
  unreadMessageCount: number;
  /** Messages up to this place are read. */
  readMessageSeq: number;
  lastMessage?: ZIMMessage;
  /** Sorts the list, greatest first. */
  orderKey: number;
  /** Always false in this version. */
  isPinned: boolean;
  /** Always 0 in this version. */
  pinnedTime: number;
  /** Unread mentions that reached this client since it logged in, at most 100. */
  mentionedInfoList: ZIMMessageMentionedInfo[];
  /** Always empty in this version. */
  draft: string;
  /** Always empty in this version. */
  marks: number[];
}

/** An entry of the conversation list that is a group. */
export interface ZIMGroupConversation extends ZIMConversation {
  /** The group was dismissed or left: nothing can be sent. */
  isDisabled: boolean;
  /** Always 0 in this version: nobody is muted. */
  mutedExpiredTime: number;
}

/** Configuration of `queryConversationList`. */
export interface ZIMConversationQueryConfig {
  /** The last conversation of the page before; left out for the first page. */
  nextConversation?: ZIMConversation;
  /** 1 to 100. */
  count: number;
}

/** Filter of `queryConversationList`; empty lists mean no restriction. */
export interface ZIMConversationFilterOption {
  conversationTypes?: ZIMConversationType[];
  /** Not in this version: anything but the empty list is refused with 6000013. */
  marks?: number[];
  isOnlyUnreadConversation?: boolean;
  /** OnlyPinned finds nothing: nothing can be pinned in this version. */
  pinnedFilter?: ZIMConversationPinnedFilter;
}

/** Configuration of `queryConversationTotalUnreadMessageCount`. */
export interface ZIMConversationTotalUnreadMessageCountQueryConfig {
  /** Empty: all. */
  conversationTypes?: ZIMConversationType[];
  /** Not in this version: anything but the empty list is refused with 6000013. */
  marks?: number[];
}

/** One change of the conversation list. */
export interface ZIMConversationChangeInfo {
  event: ZIMConversationEvent;
  conversation: ZIMConversation;
}

/** Result of `queryConversation`. */
export interface ZIMConversationQueriedResult {
  conversation: ZIMConversation;
}

/** Result of `queryConversationList`. */
export interface ZIMConversationListQueriedResult {
  /** By `orderKey`, greatest first. */
  conversationList: ZIMConversation[];
}

/** Result of `queryConversationTotalUnreadMessageCount`. */
export interface ZIMConversationTotalUnreadMessageCountQueriedResult {
  /** Without do-not-disturb conversations. */
  unreadMessageCount: number;
}

/** Result of `clearConversationUnreadMessageCount`. */
export interface ZIMConversationUnreadMessageCountClearedResult {
  conversationID: string;
  conversationType: ZIMConversationType;
}

/** Result of `setConversationNotificationStatus`. */
export interface ZIMConversationNotificationStatusSetResult {
  conversationID: string;
  conversationType: ZIMConversationType;
}
