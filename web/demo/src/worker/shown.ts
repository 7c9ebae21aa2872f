/** SDK objects as the page shows them: plain, small, fit for the message channel. */
import {
  ZIMConversationNotificationStatus,
  ZIMConversationType,
  type ZIMConversation,
  type ZIMMessage,
} from '@hongyan/zim/core';
import type { ChatConversation, ChatMessage } from './protocol';

/** A text message. */
export function shownMessage(message: ZIMMessage, offline: boolean): ChatMessage {
  return {
    messageID: message.messageID ?? '',
    localMessageID: message.localMessageID ?? '',
    conversationID: message.conversationID ?? '',
    conversationType: message.conversationType ?? ZIMConversationType.Unknown,
    senderUserID: message.senderUserID ?? '',
    seq: Number(message.messageSeq ?? 0),
    text: textOf(message),
    at: message.timestamp ?? 0,
    offline,
  };
}

/** An entry of the conversation list. */
export function shownConversation(conversation: ZIMConversation): ChatConversation {
  const { lastMessage } = conversation;
  return {
    conversationID: conversation.conversationID,
    type: conversation.type,
    name: conversation.conversationName ?? conversation.conversationID,
    unread: conversation.unreadMessageCount,
    lastText: lastMessage ? textOf(lastMessage) : '',
    at: lastMessage?.timestamp ?? 0,
    muted: conversation.notificationStatus === ZIMConversationNotificationStatus.DoNotDisturb,
  };
}

function textOf(message: ZIMMessage): string {
  return typeof message.message === 'string' ? message.message : '';
}
