/**
 * The conversation list, kept locally: loaded after each login, moved on by messages, corrected by what the
 * server says. An unread count must always equal the server's, whatever order things arrive in: an entry of
 * the server covers all messages up to its `lastMessageSeq`, those above are counted on top of it here.
 */

import { checkConversation, checkCount, checkUnused } from './checks.js';
import { asZIMError } from './codes.js';
import { conversationKey, toConversation } from './convert.js';
import { Entry } from './entry.js';
import * as limits from './limits.js';
import type { Clock, LogLevel, Timer } from './platform/index.js';
import { isRevoked } from './revoked.js';
import type { Session } from './session.js';
import type { ZIMError } from './types/common.js';
import type * as types from './types/conversation.js';
import {
  ZIMConversationEvent,
  ZIMConversationPinnedFilter,
  ZIMConversationSyncState,
} from './types/enums.js';
import type { WireConversation, WireConversationRef, WireLoginResult, WireMessage } from './wire.js';

/** What the list needs from the client. */
export interface ConversationsPort {
  readonly session: Pick<Session, 'request' | 'userID'>;
  changed(infoList: types.ZIMConversationChangeInfo[]): void;
  totalChanged(total: number): void;
  syncState(state: ZIMConversationSyncState): void;
  /** A message as it is now: it may have been revoked since. */
  now(message: WireMessage): WireMessage;
  log: (level: LogLevel, text: string) => void;
}

/** The conversation list of one logged-in user. */
export class Conversations {
  readonly #port: ConversationsPort;
  readonly #clock: Clock;
  #entries = new Map<string, Entry>();
  /** Messages of conversations that are not loaded yet. */
  readonly #unseen = new Map<string, Entry>();
  readonly #fetching = new Set<string>();
  /** Entries that changed while they were being fetched. */
  readonly #again = new Set<string>();
  #loading: Promise<void> | null = null;
  #loadError: ZIMError | null = null;
  /** Where the server's list goes on behind what is kept here; `undefined` when everything is here. */
  #next: string | undefined;
  #total = 0;
  #totalTimer: Timer | null = null;
  #closed = false;

  constructor(port: ConversationsPort, clock: Clock) {
    this.#port = port;
    this.#clock = clock;
  }

  /** A new login: reports the total and loads the list. */
  online(login: WireLoginResult): void {
    this.#total = login.totalUnreadMessageCount;
    this.#port.totalChanged(this.#total);
    this.#load();
  }

  /** Ends; nothing is reported any more. */
  close(): void {
    this.#closed = true;
    if (this.#totalTimer !== null) this.#clock.clearTimer(this.#totalTimer);
  }

  /** Whether messages of a conversation may disturb; true while it is not known. */
  mayDisturb(conversationID: string, conversationType: number): boolean {
    return this.#entries.get(conversationKey(conversationID, conversationType))?.disturbs ?? true;
  }

  /** Messages came or were sent: counts them. Report with `report` once their listener ran. */
  count(from: WireConversationRef, messages: WireMessage[]): void {
    const stored = messages.filter((message) => message.messageSeq > 0);
    if (stored.length === 0) return;
    const key = conversationKey(from.conversationID, from.conversationType);
    const entry = this.#entries.get(key);
    for (const message of stored)
      (entry ?? this.#unseenEntry(key, from)).count(message, this.#port.session.userID);
    if (!entry && !this.#loading) this.#fetch(from);
    // Whether what was revoked before it came is unread, is the server's to say.
    else if (stored.some((message) => isRevoked(message) && this.#mayBeUnread(message))) this.#fetch(from);
  }

  /** Messages were revoked: shows it, and asks what is unread now. */
  revoked(from: WireConversationRef, messages: WireMessage[]): void {
    const key = conversationKey(from.conversationID, from.conversationType);
    for (const message of messages) this.#unseen.get(key)?.revoke(message);
    const entry = this.#entries.get(key);
    if (!entry) return;
    const shows = messages.map((message) => entry.revoke(message));
    if (shows.includes(true)) this.#announce([[ZIMConversationEvent.Updated, entry]]);
    const counted = messages.some(
      (message) => this.#mayBeUnread(message) && message.messageSeq > entry.wire.readMessageSeq,
    );
    if (counted) this.#fetch(from);
  }

  #mayBeUnread({ senderUserID, disableUnread }: WireMessage): boolean {
    return senderUserID !== this.#port.session.userID && !disableUnread;
  }

  /** Tells the app what messages changed. */
  report(from: WireConversationRef): void {
    const entry = this.#entries.get(conversationKey(from.conversationID, from.conversationType));
    if (entry) this.#announce([[ZIMConversationEvent.Updated, entry]]);
  }

  /** The server says that entries changed by something else than a message. */
  changed(infoList: { event: number; conversation: WireConversation }[]): void {
    const changes = infoList.map(({ event, conversation }): [number, Entry] => {
      const key = conversationKey(conversation.conversationID, conversation.type);
      const entry = this.#merge(conversation);
      if (event === ZIMConversationEvent.Deleted) this.#entries.delete(key);
      return [event, entry];
    });
    this.#announce(changes);
  }

  // -- calls of the app ------------------------------------------------------------------------------------

  async queryList(
    config: types.ZIMConversationQueryConfig,
    option: types.ZIMConversationFilterOption = {},
  ): Promise<types.ZIMConversationListQueriedResult> {
    const count = checkCount('count', config.count, limits.CONVERSATION_PAGE_MAX);
    checkUnused('marks', option.marks);
    await this.#settled();
    for (;;) {
      const list = this.#page(config.nextConversation, option, count);
      if (list.length === count || this.#next === undefined) return { conversationList: list };
      await this.#extend(this.#next);
    }
  }

  #page(
    after: types.ZIMConversation | undefined,
    option: types.ZIMConversationFilterOption,
    count: number,
  ): types.ZIMConversation[] {
    return [...this.#entries.values()]
      .sort(byOrder)
      .filter((entry) => !after || byOrder(entry, { wire: after }) > 0)
      .filter((entry) => matches(entry, option))
      .slice(0, count)
      .map((entry) => this.#show(entry));
  }

  async query(conversationID: string, conversationType: number): Promise<types.ZIMConversationQueriedResult> {
    const ref = checkConversation(conversationID, conversationType);
    const { conversation } = await this.#port.session.request('conversation.get', ref);
    return { conversation: this.#show(this.#merge(conversation)) };
  }

  async clearUnread(conversationID: string, conversationType: number): Promise<WireConversationRef> {
    const ref = checkConversation(conversationID, conversationType);
    await this.#port.session.request('conversation.read', ref);
    // The entry afterwards says which messages the server counted as read; one may be on its way here still.
    const { conversation } = await this.#port.session.request('conversation.get', ref);
    this.#announce([[ZIMConversationEvent.Updated, this.#merge(conversation)]]);
    return ref;
  }

  async clearTotalUnread(): Promise<void> {
    await this.#port.session.request('conversation.readAll', {});
    this.#load();
    await this.#settled();
  }

  async queryTotalUnread(
    config: types.ZIMConversationTotalUnreadMessageCountQueryConfig,
  ): Promise<types.ZIMConversationTotalUnreadMessageCountQueriedResult> {
    checkUnused('marks', config.marks);
    const asked = config.conversationTypes ?? [];
    if (asked.length === 0) {
      const total = await this.#port.session.request('conversation.totalUnread', {});
      return { unreadMessageCount: total.totalUnreadMessageCount };
    }
    await this.#settled();
    while (this.#next !== undefined) await this.#extend(this.#next);
    return { unreadMessageCount: this.#sum((entry) => asked.includes(entry.wire.type)) };
  }

  async setNotificationStatus(
    status: number,
    conversationID: string,
    conversationType: number,
  ): Promise<WireConversationRef> {
    const ref = checkConversation(conversationID, conversationType);
    checkCount('status', status, 2);
    const set = { ...ref, notificationStatus: status };
    const { conversation } = await this.#port.session.request('conversation.setNotificationStatus', set);
    this.#announce([[ZIMConversationEvent.Updated, this.#merge(conversation)]]);
    return ref;
  }

  // -- loading ---------------------------------------------------------------------------------------------

  /** Loads the list anew; one load at a time, the newest login decides. */
  #load(): void {
    this.#port.syncState(ZIMConversationSyncState.Started);
    const loading: Promise<void> = this.#loadPages().then(
      () => this.#loaded(loading, null),
      (thrown: unknown) => this.#loaded(loading, asZIMError(thrown)),
    );
    this.#loading = loading;
  }

  /** Waits for the load under way; one that failed is tried once more, then its error is thrown. */
  async #settled(): Promise<void> {
    if (!this.#loading && this.#loadError) this.#load();
    await this.#loading;
    if (this.#loadError) throw this.#loadError;
  }

  async #loadPages(): Promise<void> {
    const listed = new Set<string>();
    const changes: [number, Entry][] = [];
    let next: string | undefined;
    do {
      const page = await this.#port.session.request('conversation.list', listPage(next));
      if (this.#closed) return;
      next = page.next;
      for (const wire of page.conversationList) {
        const key = conversationKey(wire.conversationID, wire.type);
        const before = this.#entries.get(key)?.fingerprint();
        const entry = this.#merge(wire);
        listed.add(key);
        if (before === undefined) changes.push([ZIMConversationEvent.Added, entry]);
        else if (before !== entry.fingerprint()) changes.push([ZIMConversationEvent.Updated, entry]);
      }
    } while (next !== undefined && listed.size < limits.CONVERSATIONS_MAX);
    this.#next = next;
    const gone = this.#dropUnlisted(listed);
    // Behind the part that was loaded they are not gone, only not here.
    this.#announce(next === undefined ? [...changes, ...gone] : changes);
  }

  /** Loads one page more: the app pages on. */
  async #extend(next: string): Promise<void> {
    const page = await this.#port.session.request('conversation.list', listPage(next));
    for (const wire of page.conversationList) this.#merge(wire);
    if (this.#next === next) this.#next = page.next;
  }

  #dropUnlisted(listed: Set<string>): [number, Entry][] {
    const gone: [number, Entry][] = [];
    for (const [key, entry] of this.#entries) {
      if (listed.has(key) || entry.isNewerThanServer) continue;
      this.#entries.delete(key);
      gone.push([ZIMConversationEvent.Deleted, entry]);
    }
    return gone;
  }

  #loaded(loading: Promise<void>, error: ZIMError | null): void {
    if (this.#loading !== loading || this.#closed) return;
    this.#loading = null;
    this.#loadError = error;
    if (error) this.#port.log('warn', `the conversation list was not loaded: ${error.message}`);
    this.#port.syncState(error ? ZIMConversationSyncState.Failed : ZIMConversationSyncState.Finished);
    for (const entry of [...this.#unseen.values()]) this.#fetch(entry.ref);
    if (!error) this.#announce([]);
  }

  /** Asks for an entry that a message of an unknown conversation calls for. */
  #fetch(ref: WireConversationRef): void {
    const key = conversationKey(ref.conversationID, ref.conversationType);
    if (this.#fetching.has(key)) return void this.#again.add(key);
    this.#fetching.add(key);
    const asked = this.#port.session.request('conversation.get', ref).then(({ conversation }) => {
      const before = this.#entries.get(key)?.fingerprint();
      const entry = this.#merge(conversation);
      const event = before === undefined ? ZIMConversationEvent.Added : ZIMConversationEvent.Updated;
      this.#announce(before === entry.fingerprint() ? [] : [[event, entry]]);
    });
    void asked
      .catch((thrown: unknown) => {
        this.#port.log('info', `a conversation is not shown yet: ${asZIMError(thrown).message}`);
      })
      .finally(() => this.#fetched(key, ref));
  }

  #fetched(key: string, ref: WireConversationRef): void {
    this.#fetching.delete(key);
    if (this.#again.delete(key) && !this.#closed) this.#fetch(ref);
  }

  #unseenEntry(key: string, ref: WireConversationRef): Entry {
    const entry = this.#unseen.get(key) ?? new Entry(ref);
    this.#unseen.set(key, entry);
    if (this.#unseen.size > limits.CONVERSATIONS_MAX) {
      const [oldest] = this.#unseen.keys();
      if (oldest !== undefined) this.#unseen.delete(oldest);
    }
    return entry;
  }

  /** Takes what the server says, keeps what it cannot know yet. */
  #merge(wire: WireConversation): Entry {
    const ref = { conversationID: wire.conversationID, conversationType: wire.type };
    const key = conversationKey(ref.conversationID, ref.conversationType);
    const entry = this.#entries.get(key) ?? this.#unseen.get(key) ?? new Entry(ref);
    this.#unseen.delete(key);
    this.#entries.set(key, entry);
    const lastMessage = wire.lastMessage && this.#port.now(wire.lastMessage);
    if (!entry.merge({ ...wire, lastMessage }, this.#port.session.userID)) this.#fetch(ref);
    return entry;
  }

  // -- telling ---------------------------------------------------------------------------------------------

  #announce(changes: [number, Entry][]): void {
    if (this.#closed) return;
    if (changes.length > 0) {
      this.#port.changed(changes.map(([event, entry]) => ({ event, conversation: this.#show(entry) })));
    }
    if (this.#closed || this.#loading) return;
    if (this.#next === undefined) this.#setTotal(this.#sum(() => true));
    else this.#totalLater();
  }

  /** Not everything is here: the server counts, at most once a second. */
  #totalLater(): void {
    this.#totalTimer ??= this.#clock.setTimer(() => {
      this.#totalTimer = null;
      this.#port.session.request('conversation.totalUnread', {}).then(
        ({ totalUnreadMessageCount }) => this.#setTotal(totalUnreadMessageCount),
        (thrown: unknown) => this.#port.log('info', `the total is not known: ${asZIMError(thrown).message}`),
      );
    }, limits.TOTAL_QUERY_WAIT_MS);
  }

  #setTotal(total: number): void {
    if (this.#closed || total === this.#total) return;
    this.#total = total;
    this.#port.totalChanged(total);
  }

  #sum(counts: (entry: Entry) => boolean): number {
    let total = 0;
    for (const entry of this.#entries.values()) {
      if (entry.disturbs && counts(entry)) total += entry.wire.unreadMessageCount;
    }
    return total;
  }

  #show(entry: Entry): types.ZIMConversation {
    return toConversation(entry.wire, this.#port.session.userID, entry.mentioned);
  }
}

function listPage(next: string | undefined): { count: number; next?: string } {
  return { count: limits.CONVERSATION_PAGE_MAX, ...(next === undefined ? {} : { next }) };
}

type Ordered = { wire: Pick<WireConversation, 'orderKey' | 'type' | 'conversationID'> };

/** Newest first, then by type and ID, as the server sorts. */
function byOrder(a: Ordered, b: Ordered): number {
  if (a.wire.orderKey !== b.wire.orderKey) return b.wire.orderKey - a.wire.orderKey;
  if (a.wire.type !== b.wire.type) return a.wire.type - b.wire.type;
  return a.wire.conversationID < b.wire.conversationID
    ? -1
    : a.wire.conversationID > b.wire.conversationID
      ? 1
      : 0;
}

function matches({ wire }: Entry, option: types.ZIMConversationFilterOption): boolean {
  const kinds = option.conversationTypes ?? [];
  if (kinds.length > 0 && !kinds.includes(wire.type)) return false;
  if (option.isOnlyUnreadConversation && wire.unreadMessageCount === 0) return false;
  return option.pinnedFilter !== ZIMConversationPinnedFilter.OnlyPinned;
}
