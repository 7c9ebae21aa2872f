/**
 * One entry of the conversation list: what the server last said, and the messages counted on top of it since.
 */

import * as limits from './limits.js';
import { ZIMConversationNotificationStatus, ZIMMessageMentionedType } from './types/enums.js';
import type { ZIMMessageMentionedInfo } from './types/message.js';
import type { WireConversation, WireConversationRef, WireMessage } from './wire.js';

/** One conversation, kept equal to the server's. */
export class Entry {
  readonly ref: WireConversationRef;
  /** As it is shown now. */
  wire: WireConversation;
  /** Unread mentions, oldest first. */
  mentioned: ZIMMessageMentionedInfo[] = [];
  /** Messages above what the server covered. */
  #above: WireMessage[] = [];
  /** Greatest place of those that had to be forgotten: below it only the server can count. */
  #forgotten = 0;
  /** `lastMessageSeq` of the server's newest word on this entry. */
  #covered = 0;
  #coveredRead = 0;

  constructor(ref: WireConversationRef) {
    this.ref = ref;
    this.wire = {
      conversationID: ref.conversationID,
      type: ref.conversationType,
      conversationName: '',
      conversationAvatarUrl: '',
      notificationStatus: ZIMConversationNotificationStatus.Notify,
      unreadMessageCount: 0,
      readMessageSeq: 0,
      lastMessageSeq: 0,
      lastMessage: null,
      orderKey: 0,
    };
  }

  /** Part of the total unread count. */
  get disturbs(): boolean {
    return this.wire.notificationStatus !== ZIMConversationNotificationStatus.DoNotDisturb;
  }

  /** Messages arrived that the server's word does not cover. */
  get isNewerThanServer(): boolean {
    return this.#above.length > 0;
  }

  /** Equal for entries that look the same to an app. */
  fingerprint(): string {
    const { wire } = this;
    return [
      wire.conversationName,
      wire.conversationAvatarUrl,
      wire.notificationStatus,
      wire.unreadMessageCount,
      wire.readMessageSeq,
      wire.lastMessageSeq,
      wire.orderKey,
      wire.isDisabled ?? false,
      wire.lastMessage?.content.type,
    ].join('\n');
  }

  /** A message came, in order. What the server's word covers already changes nothing. */
  count(message: WireMessage, self: string): void {
    this.#mention(message, self);
    if (message.messageSeq <= this.#covered || this.#above.some((m) => m.messageSeq === message.messageSeq))
      return;
    this.#above.push(message);
    if (this.#above.length > limits.RECENT_MESSAGES_MAX) {
      this.#forgotten = Math.max(this.#forgotten, this.#above.shift()?.messageSeq ?? 0);
    }
    this.#apply(message, self);
  }

  /**
   * Takes the server's word and counts on top what it does not cover. `false` if too much was forgotten to do
   * so: ask again.
   */
  merge(wire: WireConversation, self: string): boolean {
    if (wire.lastMessageSeq < this.#covered) return true;
    if (wire.lastMessageSeq === this.#covered && wire.readMessageSeq < this.#coveredRead) return true;
    this.wire = { ...wire };
    this.#covered = wire.lastMessageSeq;
    this.#coveredRead = wire.readMessageSeq;
    this.#above = this.#above.filter((message) => message.messageSeq > wire.lastMessageSeq);
    for (const message of this.#above) this.#apply(message, self);
    this.mentioned = this.mentioned.filter(({ messageSeq }) => messageSeq > this.wire.readMessageSeq);
    return wire.lastMessageSeq >= this.#forgotten;
  }

  /** A message was revoked. `true` if that shows here by itself; what it does to counts, the server says. */
  revoke(message: WireMessage): boolean {
    this.mentioned = this.mentioned.filter(({ messageID }) => messageID !== message.messageID);
    this.#above = this.#above.map((kept) => (kept.messageID === message.messageID ? message : kept));
    if (this.wire.lastMessage?.messageID !== message.messageID) return false;
    this.wire = { ...this.wire, lastMessage: message };
    return true;
  }

  #apply(message: WireMessage, self: string): void {
    const { wire } = this;
    const counts =
      message.senderUserID !== self && !message.disableUnread && message.messageSeq > wire.readMessageSeq;
    if (counts) wire.unreadMessageCount += 1;
    if (message.messageSeq < wire.lastMessageSeq) return;
    wire.lastMessageSeq = message.messageSeq;
    wire.lastMessage = message;
    wire.orderKey = Math.max(wire.orderKey, message.timestamp);
  }

  #mention({ content, messageID, messageSeq, senderUserID }: WireMessage, self: string): void {
    if (senderUserID === self || messageSeq <= this.wire.readMessageSeq) return;
    const me = content.mentionedUserIDs?.includes(self) ?? false;
    const all = content.isMentionAll ?? false;
    if ((!me && !all) || this.mentioned.some((mention) => mention.messageID === messageID)) return;
    const type = !all
      ? ZIMMessageMentionedType.MentionMe
      : me
        ? ZIMMessageMentionedType.MentionAllAndMe
        : ZIMMessageMentionedType.MentionAll;
    this.mentioned.push({ messageID, messageSeq, fromUserID: senderUserID, type });
    if (this.mentioned.length > limits.MENTIONED_MAX) this.mentioned.shift();
  }
}
