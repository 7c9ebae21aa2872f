/**
 * Everything that belongs to one logged-in user, from its login until it is over: inbox, outbox, conversation
 * list, groups, calls. A reconnect keeps it; another login starts a new one.
 */

import { toHex } from './bytes.js';
import { Blacklist } from './blacklist.js';
import { Calls } from './calls.js';
import {
  checkContent,
  checkConversation,
  checkCount,
  checkMessageID,
  checkPushConfig,
  checkSendConfig,
  within,
} from './checks.js';
import { asZIMError, badParameter } from './codes.js';
import { Conversations } from './conversations.js';
import { toMessage, toOutgoing } from './convert.js';
import type { EventSink } from './events.js';
import { Groups } from './groups.js';
import { Inbox } from './inbox.js';
import * as limits from './limits.js';
import { Outbox } from './outbox.js';
import type { LogLevel, Platform } from './platform/index.js';
import { Profile } from './profile.js';
import type { CallChange } from './pushlink.js';
import { isRevoked, Revoked } from './revoked.js';
import type { Session } from './session.js';
import type { ZIMError } from './types/common.js';
import {
  ZIMConversationType,
  ZIMMessageQueryMode,
  ZIMMessageSentStatus,
  ZIMMessageType,
} from './types/enums.js';
import type * as types from './types/message.js';
import { Users } from './users.js';
import type {
  ServerNotifications,
  WireConversationRef,
  WireCursor,
  WireHistory,
  WireLoginResult,
  WireMessage,
  WireMessages,
  WireSend,
} from './wire.js';

/** What an account is made of. */
export interface AccountParts {
  appID: number;
  userID: string;
  session: Session;
  platform: Platform;
  listeners: EventSink;
  log: (level: LogLevel, text: string) => void;
  /** An invitation to this user rings here, was accepted here, or rings no more. */
  callChanged: (callID: string, change: CallChange) => void;
}

/** One logged-in user. */
export class Account {
  readonly conversations: Conversations;
  readonly groups: Groups;
  readonly calls: Calls;
  readonly users: Users;
  readonly blacklist: Blacklist;
  readonly profile: Profile;
  readonly #parts: AccountParts;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #revoked = new Revoked();

  constructor(parts: AccountParts) {
    const { session, platform, listeners } = parts;
    this.#parts = parts;
    this.users = new Users(session);
    this.calls = new Calls(session, listeners, platform.clock, parts.callChanged, (error) =>
      parts.log('warn', `calls that ended meanwhile are not known: ${asZIMError(error).message}`),
    );
    this.blacklist = new Blacklist(session, listeners);
    this.profile = new Profile(session, listeners, this.users, platform.type);
    this.#outbox = new Outbox(platform.clock, (send) => session.requestOnce('message.send', send));
    this.conversations = new Conversations(
      {
        session,
        changed: (infoList) => void listeners.emit('conversationChanged', { infoList }),
        totalChanged: (totalUnreadMessageCount) =>
          void listeners.emit('conversationTotalUnreadMessageCountUpdated', { totalUnreadMessageCount }),
        syncState: (state) => void listeners.emit('conversationSyncStateChanged', { state }),
        now: (message) => this.#revoked.now(message),
        log: parts.log,
      },
      platform.clock,
    );
    this.groups = new Groups(session, this.conversations, this.users);
    const inboxPort = {
      deliver: (from: WireConversationRef, messages: WireMessage[], isOffline: boolean) =>
        this.#deliver(from, messages, isOffline),
      acknowledge: (cursor: WireCursor) => session.notify('message.ack', cursor),
      history: (from: WireConversationRef, afterSeq: number) => this.#above(from, afterSeq),
      log: parts.log,
    };
    const storageKey = `hongyan.${parts.appID}.cursors.${parts.userID}`;
    this.#inbox = new Inbox(inboxPort, platform.clock, platform.storage, storageKey);
  }

  /** How far conversations have come, for the login. */
  cursors(): WireCursor[] {
    return this.#inbox.cursors();
  }

  /** Logged in, for the first time or again. */
  online(login: WireLoginResult): void {
    this.users.remember({ ...login, userID: this.#parts.userID });
    this.#inbox.online();
    this.calls.online();
    this.conversations.online(login);
    this.#outbox.pump();
  }

  /** Says what is still to be said: the app is about to be stopped, or logs out. */
  flush(): void {
    this.#inbox.flush();
  }

  /** Ends. What is on its way fails with `error`. */
  close(error: ZIMError, forget: boolean): void {
    this.#inbox.close(forget);
    this.calls.close();
    this.conversations.close();
    this.#outbox.fail(error);
  }

  /** Handles a notification of the server; `false` for a name this version does not know. */
  notified(method: string, params: unknown): boolean {
    const { listeners } = this.#parts;
    switch (method as keyof ServerNotifications) {
      case 'message.received':
        this.#inbox.received(params as WireMessages);
        return true;
      case 'message.revoked':
        this.#revocation(params as ServerNotifications['message.revoked']);
        return true;
      case 'block.changed':
        this.blacklist.changed(params as ServerNotifications['block.changed']);
        return true;
      case 'user.pushRuleChanged':
        this.profile.pushRuleChanged(params as ServerNotifications['user.pushRuleChanged']);
        return true;
      case 'conversation.changed':
        this.conversations.changed((params as ServerNotifications['conversation.changed']).infoList);
        return true;
      case 'conversation.totalUnreadChanged':
        // The entries that changed came before it, and the total is their sum.
        return true;
      case 'group.stateChanged':
        listeners.emit('groupStateChanged', this.groups.stateChanged(params as never));
        return true;
      case 'group.memberStateChanged':
        listeners.emit('groupMemberStateChanged', this.groups.membersChanged(params as never));
        return true;
      case 'session.tokenWillExpire':
        listeners.emit('tokenWillExpire', params as ServerNotifications['session.tokenWillExpire']);
        return true;
      default:
        return this.calls.notified(method, params);
    }
  }

  async send(
    given: types.ZIMMessage,
    to: { conversationID: string; conversationType: number },
    config: types.ZIMMessageSendConfig,
    notification: types.ZIMMessageSendNotification = {},
  ): Promise<types.ZIMMessageSentResult> {
    const send = this.#prepare(given, to, config);
    this.#outbox.admit(send.localMessageID, given.type === ZIMMessageType.Command);
    const known = { ...to, localMessageID: send.localMessageID, self: this.#parts.userID };
    const message = toOutgoing(given, { ...known, now: this.#parts.platform.clock.now() });
    const attached = notification.onMessageAttached;
    if (attached) this.#parts.listeners.guard(() => attached({ ...message }));
    this.#status(message, ZIMMessageSentStatus.Sending, '');
    try {
      const stored = await this.#outbox.submit(send);
      return { message: this.#sent(stored) };
    } catch (thrown) {
      const error = asZIMError(thrown);
      this.#status(message, ZIMMessageSentStatus.Failed, error.message);
      throw error;
    }
  }

  async history(
    conversationID: string,
    conversationType: number,
    config: types.ZIMMessageQueryConfig,
  ): Promise<types.ZIMMessageQueriedResult> {
    const ref = checkConversation(conversationID, conversationType);
    const asked: WireHistory = { ...ref, count: checkCount('count', config.count, limits.HISTORY_PAGE_MAX) };
    const nextSeq = config.nextMessage?.messageSeq;
    if (config.nextMessage && !nextSeq)
      throw badParameter('nextMessage must be a message of an earlier page');
    if (!config.reverse) asked.afterSeq = nextSeq ?? 0;
    else if (nextSeq !== undefined) asked.beforeSeq = nextSeq;
    const onlyLocal = config.mode === ZIMMessageQueryMode.OnlyLocal;
    const page = onlyLocal ? { messages: [] } : await this.#parts.session.request('message.history', asked);
    const messageList = this.#shown(page.messages);
    return { conversationID, conversationType, messageList };
  }

  /** Takes a message back. What the server no longer has of it, this device keeps in memory: its own text. */
  async revoke(
    given: types.ZIMMessage,
    config: types.ZIMMessageRevokeConfig = {},
  ): Promise<types.ZIMMessageRevokedResult> {
    const ref = checkConversation(given?.conversationID, given?.conversationType);
    const extended = config.revokeExtendedData ?? '';
    const pushConfig = checkPushConfig(config.pushConfig);
    within('revokeExtendedData', extended, limits.MESSAGE_EXTENDED_BYTES_MAX);
    const { message } = await this.#parts.session.request('message.revoke', {
      ...ref,
      messageID: checkMessageID(given.messageID),
      ...(extended ? { revokeExtendedData: extended } : {}),
      ...(pushConfig ? { pushConfig } : {}),
    });
    this.#revoked.note(message);
    this.conversations.revoked(ref, [message]);
    return { message: toMessage(this.#revoked.now(message), this.#parts.userID) };
  }

  #prepare(given: types.ZIMMessage, to: WireConversationRef, config: types.ZIMMessageSendConfig): WireSend {
    checkSendConfig(config);
    const ref = checkConversation(to.conversationID, to.conversationType);
    if (ref.conversationType === ZIMConversationType.Peer && ref.conversationID === this.#parts.userID) {
      throw badParameter('a message to oneself is not possible');
    }
    const pushConfig = checkPushConfig(config.pushConfig);
    return {
      localMessageID: this.#localMessageID(given, config),
      ...ref,
      content: checkContent(given),
      priority: config.priority,
      ...(pushConfig ? { pushConfig } : {}),
      ...(config.isNotifyMentionedUsers ? { isNotifyMentionedUsers: true } : {}),
      ...(config.disableUnreadMessageCount ? { disableUnreadMessageCount: true } : {}),
    };
  }

  /** A retry keeps its ID, so that the server knows the message; everything else is a new one. */
  #localMessageID(given: types.ZIMMessage, config: types.ZIMMessageSendConfig): string {
    const kept = config.isRetrySend ? given?.localMessageID : undefined;
    if (kept) return within('localMessageID', kept, limits.LOCAL_MESSAGE_ID_BYTES_MAX);
    return toHex(this.#parts.platform.random.bytes(16));
  }

  #sent(stored: WireMessage): types.ZIMMessage {
    const ref = { conversationID: stored.conversationID, conversationType: stored.conversationType };
    this.#inbox.sent(ref, stored.messageSeq);
    this.conversations.count(ref, [stored]);
    const message = toMessage(stored, this.#parts.userID);
    this.#status(message, ZIMMessageSentStatus.Success, '');
    if (stored.messageSeq > 0) this.conversations.report(ref);
    return message;
  }

  #status(message: types.ZIMMessage, status: ZIMMessageSentStatus, reason: string): void {
    const infos = [{ status, message: { ...message, sentStatus: status }, reason }];
    this.#parts.listeners.emit('messageSentStatusChanged', { infos });
  }

  /** Counts first, so that the listener sees a list that knows the message; tells of the list afterwards. */
  #deliver(from: WireConversationRef, given: WireMessage[], isOfflineMessage: boolean): void {
    const { listeners } = this.#parts;
    const messages = given.map((message) => this.#revoked.now(message));
    for (const message of messages) if (isRevoked(message)) this.#revoked.note(message);
    this.conversations.count(from, messages);
    const messageList = this.#shown(messages);
    const fromConversationID = from.conversationID;
    const isPeer = from.conversationType === ZIMConversationType.Peer;
    const told = { messageList, fromConversationID, info: { isOfflineMessage } };
    if (!listeners.emit(isPeer ? 'peerMessageReceived' : 'groupMessageReceived', told)) {
      const older = { messageList, fromConversationID };
      listeners.emit(isPeer ? 'receivePeerMessage' : 'receiveGroupMessage', older);
    }
    if (messages.some((message) => message.messageSeq > 0)) this.conversations.report(from);
  }

  /**
   * Messages were revoked elsewhere. Every login brings those of the time since the one before, so they are
   * told once; which of them the app shows, it knows itself.
   */
  #revocation({ messages, ...from }: ServerNotifications['message.revoked']): void {
    const news = messages.filter((message) => this.#revoked.note(message));
    if (news.length === 0) return;
    this.conversations.revoked(from, news);
    const messageList = this.#shown(news) as types.ZIMRevokeMessage[];
    this.#parts.listeners.emit('messageRevokeReceived', { messageList });
  }

  #shown(messages: WireMessage[]): types.ZIMMessage[] {
    return messages.map((message) => toMessage(this.#revoked.now(message), this.#parts.userID));
  }

  async #above(from: WireConversationRef, afterSeq: number): Promise<WireMessage[]> {
    const asked = { ...from, afterSeq, count: limits.HISTORY_PAGE_MAX };
    const { messages } = await this.#parts.session.request('message.history', asked);
    return messages;
  }
}
