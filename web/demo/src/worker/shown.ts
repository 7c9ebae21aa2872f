/** SDK objects as the page shows them: plain, small, fit for the message channel. */
import {
  ZIMConversationNotificationStatus,
  ZIMConversationType,
  ZIMMessageType,
  type ZIMConversation,
  type ZIMMessage,
  type ZIMRevokeMessage,
} from '@hongyan/zim/core';
import type { ChatConversation, ChatMessage } from './protocol';

/** Whether the page shows it as a message: a text, or what is left of one. */
export function isShown({ type }: ZIMMessage): boolean {
  return type === ZIMMessageType.Text || type === ZIMMessageType.Revoke;
}

/** A text message, or what is left of one. */
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
    revokedBy: revokedBy(message),
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
    lastRevokedBy: lastMessage ? revokedBy(lastMessage) : null,
    at: lastMessage?.timestamp ?? 0,
    muted: conversation.notificationStatus === ZIMConversationNotificationStatus.DoNotDisturb,
  };
}

function revokedBy(message: ZIMMessage): string | null {
  return message.type === ZIMMessageType.Revoke ? (message as ZIMRevokeMessage).operatedUserID : null;
}

function textOf(message: ZIMMessage): string {
  return typeof message.message === 'string' ? message.message : '';
}
