/** The chat app: ordinary code against the two SDKs, as it would be written for a real phone. */
import {
  createClient,
  ManualLifecycle,
  ZIMCallInvitationMode,
  ZIMConversationType,
  ZIMMessagePriority,
  ZIMMessageType,
  type ZIM,
} from '@hongyan/zim/core';
import { createPush, type ZPNs } from '@hongyan/zpns/core';
import type { Rpc } from '../lib/rpc';
import { asRefusal } from '../lib/rpc';
import type { Gate } from './freeze';
import { listen } from './listen';
import { PhoneNetwork, phonePlatform } from './platform';
import type { ChatMessage, Phase, PushChoice, StartParams } from './protocol';
import { PagePushKit } from './push-kit';
import { isShown, shownConversation, shownMessage } from './shown';

const CALL_TIMEOUT_S = 60;
const HISTORY_COUNT = 30;
const CONVERSATION_COUNT = 50;

/** What a send needs. */
export interface Outgoing {
  conversationID: string;
  type: number;
  text: string;
  push: PushChoice;
}

/** One run of the app, from launch to kill. */
export class App {
  readonly zim: ZIM;
  readonly #push: ZPNs;
  readonly #kit: PagePushKit;
  readonly #network: PhoneNetwork;
  readonly #lifecycle: ManualLifecycle;
  #listing = false;

  constructor(
    private readonly params: StartParams,
    readonly page: Rpc,
    gate: Gate,
  ) {
    const { appID, appSign, server, deviceID, phase, online } = params;
    this.#network = new PhoneNetwork(online, gate);
    this.#lifecycle = new ManualLifecycle(phase);
    const stored = (key: string, value: string | null) => page.emit('stored', { key, value });
    const platform = phonePlatform(params, this.#network, this.#lifecycle, stored);
    this.zim = createClient({ appID, appSign, server, deviceID }, platform);
    this.#kit = new PagePushKit(page, params.bundleName);
    this.#push = createPush({ provider: this.#kit, zim: this.zim });
  }

  /** Registers for push and, when somebody was logged in before, logs in again. */
  async begin(): Promise<void> {
    listen(this);
    this.#push.on('registered', (message) => this.page.emit('registered', { ...message }));
    this.#push.registerPush({});
    const { userID } = this.params;
    if (userID !== null) void this.login(userID).catch((fault: unknown) => this.fault('login', fault));
  }

  /** Logs in; offline messages follow by themselves. */
  async login(userID: string): Promise<void> {
    // An empty name keeps the one the user has.
    await this.zim.login(userID, { userName: '', token: '', isOfflineLogin: false, customStatus: '' });
    this.page.emit('loggedIn', { userID });
    await this.list();
  }

  /** Logs out: nothing is pushed to this phone any more. */
  async logout(): Promise<void> {
    await this.zim.logout();
  }

  async send({ conversationID, type, text, push }: Outgoing): Promise<ChatMessage> {
    const pushConfig = pushConfigOf(push);
    const sent = await this.zim.sendMessage(
      { type: ZIMMessageType.Text, message: text },
      conversationID,
      type,
      {
        priority: ZIMMessagePriority.Medium,
        pushConfig,
      },
    );
    void this.list();
    return shownMessage(sent.message, false);
  }

  /** Takes a message back, and with it its notice. */
  async revoke(conversationID: string, type: number, messageID: string): Promise<ChatMessage> {
    const sent = { type: ZIMMessageType.Text, messageID, conversationID, conversationType: type };
    const { message } = await this.zim.revokeMessage(sent);
    void this.list();
    return shownMessage(message, false);
  }

  async history(conversationID: string, type: number): Promise<ChatMessage[]> {
    const page = await this.zim.queryHistoryMessage(conversationID, type, {
      count: HISTORY_COUNT,
      reverse: true,
    });
    return page.messageList.filter(isShown).map((message) => shownMessage(message, false));
  }

  async read(conversationID: string, type: number): Promise<void> {
    await this.zim.clearConversationUnreadMessageCount(conversationID, type);
    await this.list();
  }

  /** Sends the page the conversation list; asked for again while under way, once is enough. */
  async list(): Promise<void> {
    if (this.#listing) return;
    this.#listing = true;
    try {
      const { conversationList } = await this.zim.queryConversationList({ count: CONVERSATION_COUNT });
      this.page.emit('conversations', { list: conversationList.map(shownConversation) });
    } catch (fault) {
      this.fault('conversations', fault);
    } finally {
      this.#listing = false;
    }
  }

  async invite(userID: string, push: PushChoice): Promise<{ callID: string }> {
    const { callID } = await this.zim.callInvite([userID], {
      timeout: CALL_TIMEOUT_S,
      mode: ZIMCallInvitationMode.General,
      extendedData: '',
      pushConfig: pushConfigOf(push),
    });
    return { callID };
  }

  async accept(callID: string): Promise<void> {
    await this.zim.callAccept(callID, { extendedData: '' });
  }

  async reject(callID: string): Promise<void> {
    await this.zim.callReject(callID, { extendedData: '' });
  }

  async cancel(callID: string, userID: string): Promise<void> {
    await this.zim.callCancel([userID], callID, { extendedData: '' });
  }

  /** Ends a talk on both phones; a general call is over for the server once everybody has answered. */
  async hangUp(callID: string, userID: string): Promise<void> {
    const message = new TextEncoder().encode(JSON.stringify({ hangup: callID }));
    await this.zim.sendMessage(
      { type: ZIMMessageType.Command, message },
      userID,
      ZIMConversationType.Peer,
      { priority: ZIMMessagePriority.Medium },
    );
  }

  setPhase(phase: Phase): void {
    this.#lifecycle.tell(phase);
  }

  setOnline(online: boolean): void {
    this.#network.set(online);
    if (online) this.#lifecycle.tell('online');
  }

  tokenChanged(token: string): void {
    this.#kit.changed(token);
  }

  /** The user tapped a notice, which may be what started this app. */
  clicked(parameters: Record<string, unknown>): void {
    this.#kit.tapped(parameters);
  }

  /** Tells the page what went wrong; it is the page that shows it. */
  fault(what: string, thrown: unknown): void {
    this.page.emit('fault', { what, ...asRefusal(thrown) });
  }
}

function pushConfigOf(push: PushChoice): PushChoice & { enableBadge: boolean; badgeIncrement: number } {
  return { ...push, enableBadge: true, badgeIncrement: 1 };
}
