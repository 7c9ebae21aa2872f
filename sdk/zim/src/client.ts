/**
 * A client: ZIM's methods over one session. It checks that it may be used, hands each call to the part that
 * knows, and turns whatever goes wrong into a `ZIMError`.
 */

import { Account } from './account.js';
import * as checks from './checks.js';
import { asZIMError, badParameter, notInThisVersion, notLoggedIn, zimError } from './codes.js';
import { type EventName, Listeners } from './events.js';
import { USER_NAME_BYTES_MAX } from './limits.js';
import { deviceID, type LogLevel, type Platform } from './platform/index.js';
import { ClientPushLink, PUSH_LINK, type PushLink } from './pushlink.js';
import { Session, type SessionConfig } from './session.js';
import { socketURL } from './transport.js';
import type * as types from './types/index.js';
import { ZIMConnectionState } from './types/enums.js';
import { ZIMErrorCode } from './types/error-code.js';
import { VERSION } from './version.js';
import type { WireLoginResult } from './wire.js';

/** Listener of an event: the client, then what the event carries. */
export type ZIMEventHandler = {
  [K in EventName]: (zim: Client, data: types.ZIMEventResults[K]) => void;
};

/** Configuration of `createClient`. */
export interface ClientConfig extends types.ZIMAppConfig {
  /** Stable name of this installation; left out, one is made and kept in the platform's storage. */
  deviceID?: string;
}

/** Lines of the log that are written, by the level set. */
const LEVELS: Record<types.ZIMLogConfig['logLevel'], readonly LogLevel[]> = {
  debug: ['debug', 'info', 'warn', 'error'],
  info: ['info', 'warn', 'error'],
  warn: ['warn', 'error'],
  error: ['error'],
  report: ['error'],
  disable: [],
};

/** One user at a time, on one device. `ZIM.create` and `createClient` make it. */
export class Client {
  readonly #config: SessionConfig;
  readonly #appSign: string;
  readonly #platform: Platform;
  readonly #listeners: Listeners<Client>;
  readonly #session: Session;
  readonly #link: ClientPushLink;
  #account: Account | null = null;
  #forgetAtEnd = false;
  #levels = LEVELS.warn;
  #destroyed = false;
  #unwatch: () => void;

  /** Throws a `ZIMError` for a configuration that cannot work. */
  constructor(config: ClientConfig, platform: Platform) {
    const appID = checks.checkAppID(config.appID);
    this.#config = {
      appID,
      url: socketURL(config.server ?? platform.defaultServer),
      deviceID: checks.checkDeviceID(deviceID(platform, appID, config.deviceID)),
      platformType: platform.type,
      sdkVersion: `zim-js/${VERSION}`,
    };
    this.#appSign = config.appSign ?? '';
    this.#platform = platform;
    this.#listeners = new Listeners<Client>(this, platform.uncaught);
    this.#session = this.#makeSession();
    this.#link = new ClientPushLink(this.#session, this.#config, this.#appSign, platform);
    this.#unwatch = platform.lifecycle.watch((change) => {
      if (change === 'closing' || change === 'background') this.#account?.flush();
    });
  }

  /** For `@hongyan/zpns`. */
  get [PUSH_LINK](): PushLink {
    return this.#link;
  }

  // -- life ------------------------------------------------------------------------------------------------

  /** From which level on the SDK writes to the console. */
  setLogConfig(config: types.ZIMLogConfig): void {
    const levels = LEVELS[config?.logLevel];
    if (!levels) throw badParameter('logLevel must be debug, info, warn, error, report or disable');
    this.#levels = levels;
  }

  /**
   * Ends the client: it can do nothing any more, its device stays bound for push. Call `logout` to unbind.
   */
  destroy(): void {
    if (this.#destroyed) return;
    this.#account?.flush();
    this.#listeners.clear();
    this.#session.abandon();
    this.#unwatch();
    this.#destroyed = true;
    this.#link.tell({ kind: 'destroyed' });
  }

  /** Sets the listener of an event, in place of the one before. */
  on<K extends keyof ZIMEventHandler>(type: K, listener: ZIMEventHandler[K]): void {
    if (typeof listener !== 'function') throw badParameter('listener must be a function');
    this.#listeners.on(type, listener);
  }

  /** Removes the listener of an event. */
  off(type: keyof ZIMEventHandler): void {
    this.#listeners.off(type);
  }

  /** The older form takes a user and a token. Resolves when the server accepted, within ten seconds. */
  login(userID: string, config: types.ZIMLoginConfig): Promise<void>;
  login(userInfo: types.ZIMUserInfo, token: string): Promise<void>;
  async login(who: string | types.ZIMUserInfo, how: types.ZIMLoginConfig | string): Promise<void> {
    this.#alive();
    const userID = checks.checkUserID(typeof who === 'string' ? who : who?.userID);
    const config = typeof how === 'string' ? { token: how } : (how ?? {});
    const userName = typeof who === 'string' ? config.userName : who.userName;
    if (config.isOfflineLogin) throw notInThisVersion('isOfflineLogin');
    if (config.customStatus) throw notInThisVersion('customStatus');
    const proof = config.token ? { token: config.token } : { appSign: this.#appSign };
    if (proof.appSign === '')
      throw zimError(ZIMErrorCode.NetworkModuleTokenInvalid, 'a token or an AppSign is needed');
    const named = userName ? { userName: checks.within('userName', userName, USER_NAME_BYTES_MAX) } : {};
    if (!this.#session.userID) this.#account = this.#open(userID);
    await this.#session.login({ userID, ...named, ...proof });
  }

  /**
   * Logs out: nothing is pushed to this device for the user any more. Need not be waited for; the promise
   * resolves when the server has cleared the device's PushIDs, or could not be told, which the event `error`
   * reports. It never rejects.
   */
  async logout(config?: types.ZIMLogoutConfig): Promise<void> {
    if (!this.#session.userID) return;
    this.#forgetAtEnd = config?.isClearDB ?? false;
    this.#account?.flush();
    if (await this.#session.logout()) return;
    const text = 'the server was not told of the logout: pushes for this user may still reach this device';
    this.#listeners.emit('error', zimError(ZIMErrorCode.NetworkModuleNetworkError, text));
  }

  /** The answer to `tokenWillExpire`. */
  async renewToken(token: string): Promise<types.ZIMTokenRenewedResult> {
    this.#user();
    if (typeof token !== 'string' || token === '') throw badParameter('token must be a text');
    await this.#session.renewToken(token);
    return { token };
  }

  /** Names of 1 to 10 users; from memory for those that were seen, unless the server is to be asked. */
  async queryUsersInfo(
    userIDs: string[],
    config: types.ZIMUsersInfoQueryConfig = {},
  ): Promise<types.ZIMUsersInfoQueriedResult> {
    return this.#user().users.query(userIDs, config);
  }

  /** This user as the server knows it, with its push rule. */
  async querySelfUserInfo(): Promise<types.ZIMSelfUserInfoQueriedResult> {
    return this.#user().profile.query();
  }

  /** Sets which platforms are not pushed while others are online; replaces the rule as a whole. */
  async updateUserOfflinePushRule(
    offlinePushRule: types.ZIMUserOfflinePushRule,
  ): Promise<types.ZIMUserOfflinePushRuleUpdatedResult> {
    return this.#user().profile.setPushRule(offlinePushRule);
  }

  /** Sets the number on the app's icon of this user's own phones that are offline: 0 to 100000. */
  async updateUserBadge(badge: number): Promise<void> {
    await this.#user().profile.setBadge(badge);
  }

  // -- block list ------------------------------------------------------------------------------------------

  /** Blocks 1 to 20 users: they can neither send to this user nor call; groups are not affected. */
  async addUsersToBlacklist(userIDs: string[]): Promise<types.ZIMBlacklistUsersAddedResult> {
    return this.#user().blacklist.add(userIDs);
  }

  async removeUsersFromBlacklist(userIDs: string[]): Promise<types.ZIMBlacklistUsersRemovedResult> {
    return this.#user().blacklist.remove(userIDs);
  }

  /** A page of the block list, by userID. */
  async queryBlacklist(config: types.ZIMBlacklistQueryConfig): Promise<types.ZIMBlacklistQueriedResult> {
    return this.#user().blacklist.query(config);
  }

  async checkUserIsInBlacklist(userID: string): Promise<types.ZIMBlacklistCheckedResult> {
    return this.#user().blacklist.check(userID);
  }

  // -- messages --------------------------------------------------------------------------------------------

  /**
   * Sends a message to a user (peer) or group. It is sent again over reconnects, stored once, and settled
   * within a minute: 6000009 means that it may have arrived, `isRetrySend` then sends it without doubling it.
   */
  async sendMessage(
    message: types.ZIMMessage,
    toConversationID: string,
    conversationType: types.ZIMConversationType,
    config: types.ZIMMessageSendConfig,
    notification?: types.ZIMMessageSendNotification,
  ): Promise<types.ZIMMessageSentResult> {
    const to = { conversationID: toConversationID, conversationType };
    return this.#user().send(message, to, config, notification);
  }

  /**
   * Takes a stored message back for everybody, with its notice: an own one within the app's window (two
   * minutes unless set otherwise), a member's as admin, anybody's as owner of the group. 6000278: too late;
   * 6000279: revoked before; 6000009: it may have happened.
   */
  async revokeMessage(
    message: types.ZIMMessage,
    config?: types.ZIMMessageRevokeConfig,
  ): Promise<types.ZIMMessageRevokedResult> {
    return this.#user().revoke(message, config);
  }

  /** A page of a conversation, oldest first. */
  async queryHistoryMessage(
    conversationID: string,
    conversationType: types.ZIMConversationType,
    config: types.ZIMMessageQueryConfig,
  ): Promise<types.ZIMMessageQueriedResult> {
    return this.#user().history(conversationID, conversationType, config);
  }

  // -- conversations ---------------------------------------------------------------------------------------

  /** A page of the conversation list, newest first. */
  async queryConversationList(
    config: types.ZIMConversationQueryConfig,
    option?: types.ZIMConversationFilterOption,
  ): Promise<types.ZIMConversationListQueriedResult> {
    return this.#user().conversations.queryList(config, option);
  }

  /** One entry of the list. */
  async queryConversation(
    conversationID: string,
    conversationType: types.ZIMConversationType,
  ): Promise<types.ZIMConversationQueriedResult> {
    return this.#user().conversations.query(conversationID, conversationType);
  }

  /** Marks a conversation as read. */
  async clearConversationUnreadMessageCount(
    conversationID: string,
    conversationType: types.ZIMConversationType,
  ): Promise<types.ZIMConversationUnreadMessageCountClearedResult> {
    return this.#user().conversations.clearUnread(conversationID, conversationType);
  }

  /** Marks every conversation as read. */
  async clearConversationTotalUnreadMessageCount(): Promise<void> {
    await this.#user().conversations.clearTotalUnread();
  }

  /** Unread messages over all conversations, without do-not-disturb ones. */
  async queryConversationTotalUnreadMessageCount(
    config: types.ZIMConversationTotalUnreadMessageCountQueryConfig = {},
  ): Promise<types.ZIMConversationTotalUnreadMessageCountQueriedResult> {
    return this.#user().conversations.queryTotalUnread(config);
  }

  /** Do-not-disturb on or off. */
  async setConversationNotificationStatus(
    status: types.ZIMConversationNotificationStatus,
    conversationID: string,
    conversationType: types.ZIMConversationType,
  ): Promise<types.ZIMConversationNotificationStatusSetResult> {
    return this.#user().conversations.setNotificationStatus(status, conversationID, conversationType);
  }

  // -- groups ----------------------------------------------------------------------------------------------

  /** Creates a group with this user as owner. */
  async createGroup(
    groupInfo: types.ZIMGroupInfo,
    userIDs: string[],
    config?: types.ZIMGroupAdvancedConfig,
  ): Promise<types.ZIMGroupCreatedResult> {
    return this.#user().groups.create(groupInfo, userIDs, config);
  }

  /** Ends a group for everybody; owners only. Its groupID is never used again. */
  async dismissGroup(groupID: string): Promise<types.ZIMGroupDismissedResult> {
    return this.#user().groups.dismiss(groupID);
  }

  async joinGroup(groupID: string): Promise<types.ZIMGroupJoinedResult> {
    return this.#user().groups.join(groupID);
  }

  /** Leaves a group. An owner passes it on; the last one out ends it. */
  async leaveGroup(groupID: string): Promise<types.ZIMGroupLeftResult> {
    return this.#user().groups.leave(groupID);
  }

  async inviteUsersIntoGroup(userIDs: string[], groupID: string): Promise<types.ZIMGroupUsersInvitedResult> {
    return this.#user().groups.invite(userIDs, groupID);
  }

  /** Removes members of a lower role. */
  async kickGroupMembers(userIDs: string[], groupID: string): Promise<types.ZIMGroupMemberKickedResult> {
    return this.#user().groups.kick(userIDs, groupID);
  }

  async queryGroupInfo(groupID: string): Promise<types.ZIMGroupInfoQueriedResult> {
    return this.#user().groups.get(groupID);
  }

  /** The groups of this user: all, or a page of `count`. */
  queryGroupList(): Promise<types.ZIMGroupListQueriedResult>;
  queryGroupList(
    count: number,
    config: types.ZIMGroupListQueryConfig,
  ): Promise<types.ZIMGroupListQueriedResult>;
  async queryGroupList(
    count?: number,
    config?: types.ZIMGroupListQueryConfig,
  ): Promise<types.ZIMGroupListQueriedResult> {
    return this.#user().groups.list(count, config);
  }

  /** A page of the member list: owner, admins, then members by the time they joined. */
  async queryGroupMemberList(
    groupID: string,
    config: types.ZIMGroupMemberQueryConfig,
  ): Promise<types.ZIMGroupMemberListQueriedResult> {
    return this.#user().groups.memberList(groupID, config);
  }

  // -- calls -----------------------------------------------------------------------------------------------

  /** Invites 1 to 9 users to a call. */
  async callInvite(
    invitees: string[],
    config: types.ZIMCallInviteConfig,
  ): Promise<types.ZIMCallInvitationSentResult> {
    return this.#user().calls.invite(invitees, config ?? {});
  }

  /** Invites further users to a call of advanced mode. */
  async callingInvite(
    invitees: string[],
    callID: string,
    config: types.ZIMCallingInviteConfig,
  ): Promise<types.ZIMCallingInvitationSentResult> {
    return this.#user().calls.callingInvite(invitees, callID, config ?? {});
  }

  /** Comes into a call of advanced mode, or takes it over from another device of the user. */
  async callJoin(callID: string, config: types.ZIMCallJoinConfig): Promise<types.ZIMCallJoinSentResult> {
    return this.#user().calls.join(callID, config ?? {});
  }

  /** Leaves a call of advanced mode; it is over when nobody is left in it. */
  async callQuit(callID: string, config: types.ZIMCallQuitConfig): Promise<types.ZIMCallQuitSentResult> {
    return this.#user().calls.quit(callID, config ?? {});
  }

  /** Ends a call of advanced mode for everybody. */
  async callEnd(callID: string, config: types.ZIMCallEndConfig): Promise<types.ZIMCallEndSentResult> {
    return this.#user().calls.end(callID, config ?? {});
  }

  /** Takes invitations back: in advanced mode those of the users named, or all. */
  async callCancel(
    invitees: string[],
    callID: string,
    config: types.ZIMCallCancelConfig,
  ): Promise<types.ZIMCallCancelSentResult> {
    return this.#user().calls.cancel(invitees, callID, config ?? {});
  }

  async callAccept(
    callID: string,
    config: types.ZIMCallAcceptConfig,
  ): Promise<types.ZIMCallAcceptanceSentResult> {
    return this.#user().calls.accept(callID, config ?? {});
  }

  async callReject(
    callID: string,
    config: types.ZIMCallRejectConfig,
  ): Promise<types.ZIMCallRejectionSentResult> {
    return this.#user().calls.reject(callID, config ?? {});
  }

  /** A page of one's own calls, newest first. */
  async queryCallInvitationList(
    config: types.ZIMCallInvitationQueryConfig,
  ): Promise<types.ZIMCallInvitationListQueriedResult> {
    return this.#user().calls.list(config);
  }

  // -- inside ----------------------------------------------------------------------------------------------

  #alive(): void {
    if (this.#destroyed) throw zimError(ZIMErrorCode.CommonModuleNotInit, 'this client was destroyed');
  }

  /** The user that is logged in. Throws 6000121 when there is none. */
  #user(): Account {
    this.#alive();
    const { state } = this.#session;
    const loggedIn = state === ZIMConnectionState.Connected || state === ZIMConnectionState.Reconnecting;
    if (!loggedIn || !this.#account) throw notLoggedIn();
    return this.#account;
  }

  #open(userID: string): Account {
    return new Account({
      appID: this.#config.appID,
      userID,
      session: this.#session,
      platform: this.#platform,
      listeners: this.#listeners,
      log: (level, text) => this.#log(level, text),
      callChanged: (callID, change) => this.#link.tell({ kind: 'call', callID, change }),
    });
  }

  #makeSession(): Session {
    return new Session(this.#config, this.#platform, {
      cursors: () => this.#account?.cursors() ?? [],
      onState: (state, event) => {
        this.#log('info', `connection state ${state}, event ${event}`);
        this.#listeners.emit('connectionStateChanged', { state, event, extendedData: '{}' });
      },
      onOnline: (login) => this.#online(login),
      onInterrupted: () => this.#log('info', 'the connection broke; coming back'),
      onEnded: (error) => this.#ended(error),
      onNotification: (method, params) => this.#notified(method, params),
      onError: (error) => this.#fault(error),
    });
  }

  #online(login: WireLoginResult): void {
    this.#account?.online(login);
    this.#link.tell({ kind: 'login', pushBound: login.pushBound });
  }

  #ended(error: types.ZIMError): void {
    this.#account?.close(error, this.#forgetAtEnd);
    this.#account = null;
    this.#forgetAtEnd = false;
    this.#link.tell({ kind: 'logout' });
  }

  /** A notification that cannot be handled is a fault to report; the connection lives on. */
  #notified(method: string, params: unknown): void {
    try {
      if (!this.#account?.notified(method, params)) this.#log('debug', `ignored a notification: ${method}`);
    } catch (thrown) {
      this.#fault(
        zimError(ZIMErrorCode.NetworkModuleRspProtoParseError, `${method}: ${asZIMError(thrown).message}`),
      );
    }
  }

  #fault(error: types.ZIMError): void {
    this.#log('warn', `${error.code} ${error.message}`);
    this.#listeners.emit('error', error);
  }

  #log(level: LogLevel, text: string): void {
    if (this.#levels.includes(level)) this.#platform.log(level, text);
  }
}
