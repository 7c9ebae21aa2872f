/**
 * Call invitations: the calls of the app, the events of the server, and which invitation was shown already.
 */

import { checkCallData, checkCallID, checkCount, checkPushConfig, checkUserIDs } from './checks.js';
import { badParameter } from './codes.js';
import { toCall, toCallUser } from './convert.js';
import type { EventSink } from './events.js';
import * as limits from './limits.js';
import { isAdvanced, OpenCalls, RINGING } from './open-calls.js';
import type { Clock } from './platform/index.js';
import type { CallChange } from './pushlink.js';
import { Pages, Recent } from './recent.js';
import type { Session } from './session.js';
import type * as types from './types/call.js';
import { ZIMCallInvitationMode, ZIMCallUserState } from './types/enums.js';
import type {
  ServerNotifications,
  WireCallAnswer,
  WireCallCreated,
  WireCallLeave,
  WireCallReceived,
} from './wire.js';

type CallSession = Pick<Session, 'request' | 'notify' | 'userID' | 'isOnline'>;

/** How this device came into a call: it asks to, or it is in. */
type Entry = 'asking' | 'in' | 'out';

/** The calls of one logged-in user. */
export class Calls {
  readonly #session: CallSession;
  readonly #events: Pick<EventSink, 'emit'>;
  /** What rings here, and what the user is in. */
  readonly #open: OpenCalls;
  /** Calls this user started: the older events are for the caller alone. */
  readonly #own = new Recent<true>(limits.CALLS_KNOWN_MAX);
  readonly #pages = new Pages(limits.CALLS_KNOWN_MAX);
  /** Calls that this device came into, or is about to. */
  readonly #entered = new Recent<Entry>(limits.CALLS_KNOWN_MAX);
  readonly #changed: (callID: string, change: CallChange) => void;

  constructor(
    session: CallSession,
    events: Pick<EventSink, 'emit'>,
    clock: Clock,
    changed: (callID: string, change: CallChange) => void,
    fault: (error: unknown) => void,
  ) {
    this.#session = session;
    this.#events = events;
    this.#changed = changed;
    const newest = () => this.#session.request('call.list', { count: limits.CALL_PAGE_MAX });
    this.#open = new OpenCalls(
      {
        userID: () => session.userID,
        newest: () => (session.isOnline ? newest().then(({ callList }) => callList) : null),
        tell: (method, params) => void this.notified(method, params),
        fault,
      },
      clock,
    );
  }

  /** Logged in, for the first time or again: what ended meanwhile is told now. */
  online(): void {
    void this.#open.catchUp();
  }

  /** The session is over. */
  close(): void {
    this.#open.clear();
  }

  async invite(
    invitees: string[],
    config: types.ZIMCallInviteConfig,
  ): Promise<types.ZIMCallInvitationSentResult> {
    const pushConfig = checkPushConfig(config.pushConfig);
    const extendedData = checkCallData(config.extendedData);
    const result = await this.#session.request('call.invite', {
      invitees: checkUserIDs('invitees', invitees, limits.CALL_INVITEES_MOST),
      timeout: checkTimeout(config.timeout),
      mode: checkMode(config.mode),
      ...(config.enableNotReceivedCheck ? { enableNotReceivedCheck: true } : {}),
      ...(extendedData ? { extendedData } : {}),
      ...(pushConfig ? { pushConfig } : {}),
    });
    this.#own.set(result.callID, true);
    const errorInvitees = result.errorUserList.map(({ userID }) => ({
      userID,
      state: ZIMCallUserState.Unknown,
      extendedData: '',
    }));
    return { ...result, errorInvitees };
  }

  async cancel(
    invitees: string[],
    callID: string,
    config: types.ZIMCallCancelConfig,
  ): Promise<types.ZIMCallCancelSentResult> {
    const pushConfig = checkPushConfig(config.pushConfig);
    return this.#session.request('call.cancel', {
      ...answer(callID, config.extendedData),
      ...(invitees?.length
        ? { invitees: checkUserIDs('invitees', invitees, limits.CALL_INVITEES_MOST) }
        : {}),
      ...(pushConfig ? { pushConfig } : {}),
    });
  }

  async callingInvite(
    invitees: string[],
    callID: string,
    config: types.ZIMCallingInviteConfig,
  ): Promise<types.ZIMCallingInvitationSentResult> {
    const pushConfig = checkPushConfig(config.pushConfig);
    return this.#session.request('call.callingInvite', {
      callID: checkCallID(callID),
      invitees: checkUserIDs('invitees', invitees, limits.CALL_INVITEES_MOST),
      ...(pushConfig ? { pushConfig } : {}),
    });
  }

  async accept(
    callID: string,
    config: types.ZIMCallAcceptConfig,
  ): Promise<types.ZIMCallAcceptanceSentResult> {
    const params = answer(callID, config.extendedData);
    return this.#enter(callID, () => this.#session.request('call.accept', params));
  }

  async join(callID: string, config: types.ZIMCallJoinConfig): Promise<types.ZIMCallJoinSentResult> {
    const params = answer(callID, config.extendedData);
    const result = await this.#enter(callID, () => this.#session.request('call.join', params));
    if (this.#entry(callID) === 'in') this.#open.enter(callID, ZIMCallInvitationMode.Advanced);
    return { ...result, callUserList: result.callUserList.map(toCallUser) };
  }

  /** The server tells the new state before it answers: that one is not of another device. */
  async #enter<R>(callID: string, ask: () => Promise<R>): Promise<R> {
    this.#entered.set(callID, 'asking');
    try {
      const result = await ask();
      // Whatever ended the call since the answer was on its way stands.
      if (this.#entry(callID) !== 'out') {
        this.#entered.set(callID, 'in');
        this.#changed(callID, 'answered');
      }
      return result;
    } catch (thrown) {
      this.#entered.set(callID, 'out');
      throw thrown;
    }
  }

  async reject(callID: string, config: types.ZIMCallRejectConfig): Promise<types.ZIMCallRejectionSentResult> {
    const result = await this.#session.request('call.reject', answer(callID, config.extendedData));
    this.#leave(callID);
    return result;
  }

  async quit(callID: string, config: types.ZIMCallQuitConfig): Promise<types.ZIMCallQuitSentResult> {
    const result = await this.#session.request('call.quit', leave(callID, config));
    this.#leave(callID);
    return result;
  }

  async end(callID: string, config: types.ZIMCallEndConfig): Promise<types.ZIMCallEndSentResult> {
    const result = await this.#session.request('call.end', leave(callID, config));
    this.#leave(callID);
    return result;
  }

  async list(config: types.ZIMCallInvitationQueryConfig): Promise<types.ZIMCallInvitationListQueriedResult> {
    const count = checkCount('count', config.count, limits.CALL_PAGE_MAX);
    const before = this.#pages.place(config.nextFlag);
    const page = await this.#session.request('call.list', {
      count,
      ...(before === undefined ? {} : { before }),
    });
    const nextFlag = this.#pages.flag(page.next);
    return { callList: page.callList.map(toCall), nextFlag };
  }

  // -- events ----------------------------------------------------------------------------------------------

  /** Handles a notification; `false` if it is none of calls. */
  notified(method: string, params: unknown): boolean {
    switch (method) {
      case 'call.created':
        this.#created(params as WireCallCreated);
        return true;
      case 'call.received':
        this.#received(params as WireCallReceived);
        return true;
      case 'call.cancelled':
        this.#cancelled(params as ServerNotifications['call.cancelled']);
        return true;
      case 'call.timeout':
        this.#timedOut(params as ServerNotifications['call.timeout']);
        return true;
      case 'call.ended':
        this.#ended(params as ServerNotifications['call.ended']);
        return true;
      case 'call.userStateChanged':
        this.#userState(params as ServerNotifications['call.userStateChanged']);
        return true;
      default:
        return false;
    }
  }

  #created(call: WireCallCreated): void {
    this.#own.set(call.callID, true);
    this.#open.enter(call.callID, call.mode);
    this.#events.emit('callInvitationCreated', { ...call, callUserList: call.callUserList.map(toCallUser) });
  }

  /**
   * A call that still rings comes again with every login; it is shown once. Without a listener nobody was
   * told, so it is not acknowledged and becomes a push.
   */
  #received(call: WireCallReceived): void {
    if (!this.#open.rings(call.callID)) {
      const told = { ...call, callUserList: call.callUserList.map(toCallUser) };
      if (!this.#events.emit('callInvitationReceived', told)) return;
      this.#entered.set(call.callID, 'out');
      this.#open.ring(call.callID, call.mode, call.timeout);
    }
    this.#session.notify('call.ack', { callID: call.callID });
    this.#changed(call.callID, 'ringing');
  }

  #cancelled(call: ServerNotifications['call.cancelled']): void {
    this.#events.emit('callInvitationCancelled', call);
    // The inviter's other devices hear of it too; unless the call is over, they are still in it.
    if (this.#open.rings(call.callID) || !isAdvanced(call.mode)) this.#leave(call.callID);
  }

  #timedOut(call: ServerNotifications['call.timeout']): void {
    this.#events.emit('callInvitationTimeout', call);
    this.#leave(call.callID);
  }

  /** General mode: whoever accepted goes on talking, the end of an invitation is not the end of that. */
  #ended(call: ServerNotifications['call.ended']): void {
    this.#events.emit('callInvitationEnded', call);
    if (isAdvanced(call.mode)) return this.#leave(call.callID);
    this.#open.close(call.callID);
    if (!this.#own.get(call.callID) && this.#entry(call.callID) === 'out') this.#changed(call.callID, 'over');
  }

  #entry(callID: string): Entry {
    return this.#entered.get(callID) ?? 'out';
  }

  /** This device has nothing more to do with the call. */
  #leave(callID: string): void {
    this.#open.close(callID);
    this.#entered.set(callID, 'out');
    this.#changed(callID, 'over');
  }

  /** The user came in: here, or on another device, which may also take over what was here. */
  #accepted(callID: string): void {
    const entry = this.#entry(callID);
    if (entry !== 'asking') return this.#own.get(callID) && entry === 'out' ? undefined : this.#leave(callID);
    this.#entered.set(callID, 'in');
    this.#open.enter(callID, this.#open.modeOf(callID) ?? ZIMCallInvitationMode.Advanced);
  }

  #userState({ callID, callUserList }: ServerNotifications['call.userStateChanged']): void {
    const users = callUserList.map(toCallUser);
    this.#events.emit('callUserStateChanged', { callID, callUserList: users });
    const self = users.find(({ userID }) => userID === this.#session.userID);
    if (self?.state === ZIMCallUserState.Accepted) this.#accepted(callID);
    else if (self && !RINGING.has(self.state)) this.#leave(callID);
    if (!this.#own.get(callID)) return;
    const silent: string[] = [];
    for (const { userID, state, extendedData } of users) {
      if (userID === this.#session.userID) continue;
      const told = { callID, invitee: userID, extendedData };
      if (state === ZIMCallUserState.Accepted) this.#events.emit('callInvitationAccepted', told);
      if (state === ZIMCallUserState.Rejected) this.#events.emit('callInvitationRejected', told);
      if (state === ZIMCallUserState.Timeout) silent.push(userID);
    }
    if (silent.length > 0) this.#events.emit('callInviteesAnsweredTimeout', { callID, invitees: silent });
  }
}

function answer(callID: string, extendedData: string | undefined): WireCallAnswer {
  const data = checkCallData(extendedData);
  return { callID: checkCallID(callID), ...(data ? { extendedData: data } : {}) };
}

function leave(callID: string, config: types.ZIMCallQuitConfig): WireCallLeave {
  const pushConfig = checkPushConfig(config.pushConfig);
  return { ...answer(callID, config.extendedData), ...(pushConfig ? { pushConfig } : {}) };
}

function checkTimeout(timeout: number | undefined): number {
  return timeout ? checkCount('timeout', timeout, limits.CALL_TIMEOUT_S_MAX) : 0;
}

function checkMode(mode: number = ZIMCallInvitationMode.General): number {
  const known: number[] = [ZIMCallInvitationMode.General, ZIMCallInvitationMode.Advanced];
  if (!known.includes(mode)) throw badParameter('mode must be 0 (general) or 1 (advanced)');
  return mode;
}
