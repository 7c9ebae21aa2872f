/**
 * Call invitations: the calls of the app, the events of the server, and which invitation was shown already.
 */

import { checkCallData, checkCallID, checkCount, checkPushConfig, checkUserIDs } from './checks.js';
import { badParameter, notInThisVersion } from './codes.js';
import { toCall, toCallUser } from './convert.js';
import type { EventSink } from './events.js';
import * as limits from './limits.js';
import type { CallChange } from './pushlink.js';
import { Pages, Recent } from './recent.js';
import type { Session } from './session.js';
import type * as types from './types/call.js';
import { ZIMCallInvitationMode, ZIMCallUserState } from './types/enums.js';
import type { ServerNotifications, WireCallAnswer, WireCallCreated, WireCallReceived } from './wire.js';

/** States in which an invitation rings no more. */
const SETTLED: ReadonlySet<ZIMCallUserState> = new Set([
  ZIMCallUserState.Accepted,
  ZIMCallUserState.Rejected,
  ZIMCallUserState.Timeout,
  ZIMCallUserState.BeCancelled,
]);

/** The calls of one logged-in user. */
export class Calls {
  readonly #session: Pick<Session, 'request' | 'notify' | 'userID'>;
  readonly #events: Pick<EventSink, 'emit'>;
  /** Invitations whose listener ran. */
  readonly #shown = new Recent<true>(limits.CALLS_KNOWN_MAX);
  /** Calls this user started: the older events are for the caller alone. */
  readonly #own = new Recent<true>(limits.CALLS_KNOWN_MAX);
  readonly #pages = new Pages(limits.CALLS_KNOWN_MAX);
  /** Invitations that were, or are just being, accepted on this device. */
  readonly #answered = new Recent<boolean>(limits.CALLS_KNOWN_MAX);
  readonly #changed: (callID: string, change: CallChange) => void;

  constructor(
    session: Pick<Session, 'request' | 'notify' | 'userID'>,
    events: Pick<EventSink, 'emit'>,
    changed: (callID: string, change: CallChange) => void,
  ) {
    this.#session = session;
    this.#events = events;
    this.#changed = changed;
  }

  async invite(
    invitees: string[],
    config: types.ZIMCallInviteConfig,
  ): Promise<types.ZIMCallInvitationSentResult> {
    const pushConfig = checkPushConfig(config.pushConfig);
    const extendedData = checkCallData(config.extendedData);
    const result = await this.#session.request('call.invite', {
      invitees: checkUserIDs('invitees', invitees, limits.CALL_INVITEES_MAX),
      timeout: checkTimeout(config.timeout),
      mode: checkMode(config),
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
      ...(invitees?.length ? { invitees: checkUserIDs('invitees', invitees, limits.CALL_INVITEES_MAX) } : {}),
      ...(pushConfig ? { pushConfig } : {}),
    });
  }

  async accept(
    callID: string,
    config: types.ZIMCallAcceptConfig,
  ): Promise<types.ZIMCallAcceptanceSentResult> {
    const params = answer(callID, config.extendedData);
    // Beforehand: the server tells the new state before it answers.
    this.#answered.set(callID, true);
    try {
      const result = await this.#session.request('call.accept', params);
      this.#changed(callID, 'answered');
      return result;
    } catch (thrown) {
      this.#answered.set(callID, false);
      throw thrown;
    }
  }

  async reject(callID: string, config: types.ZIMCallRejectConfig): Promise<types.ZIMCallRejectionSentResult> {
    const result = await this.#session.request('call.reject', answer(callID, config.extendedData));
    this.#changed(callID, 'over');
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
    this.#events.emit('callInvitationCreated', { ...call, callUserList: call.callUserList.map(toCallUser) });
  }

  /**
   * A call that still rings comes again with every login; it is shown once. Without a listener nobody was
   * told, so it is not acknowledged and becomes a push.
   */
  #received(call: WireCallReceived): void {
    if (!this.#shown.get(call.callID)) {
      const told = { ...call, callUserList: call.callUserList.map(toCallUser) };
      if (!this.#events.emit('callInvitationReceived', told)) return;
      this.#shown.set(call.callID, true);
    }
    this.#session.notify('call.ack', { callID: call.callID });
    this.#changed(call.callID, 'ringing');
  }

  #cancelled(call: ServerNotifications['call.cancelled']): void {
    this.#events.emit('callInvitationCancelled', call);
    this.#changed(call.callID, 'over');
  }

  #timedOut(call: ServerNotifications['call.timeout']): void {
    this.#events.emit('callInvitationTimeout', call);
    this.#changed(call.callID, 'over');
  }

  /** Whoever accepted goes on talking: the end of an invitation is not the end of that. */
  #ended(call: ServerNotifications['call.ended']): void {
    this.#events.emit('callInvitationEnded', call);
    this.#settled(call.callID);
  }

  /** An invitation to this user was settled; unless it was here, this device stops ringing. */
  #settled(callID: string): void {
    if (!this.#own.get(callID) && !this.#answered.get(callID)) this.#changed(callID, 'over');
  }

  #userState({ callID, callUserList }: ServerNotifications['call.userStateChanged']): void {
    const users = callUserList.map(toCallUser);
    this.#events.emit('callUserStateChanged', { callID, callUserList: users });
    const self = users.find(({ userID }) => userID === this.#session.userID);
    if (self && SETTLED.has(self.state)) this.#settled(callID);
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

function checkTimeout(timeout: number | undefined): number {
  return timeout ? checkCount('timeout', timeout, limits.CALL_TIMEOUT_S_MAX) : 0;
}

function checkMode({
  mode = ZIMCallInvitationMode.General,
  enableNotReceivedCheck,
}: types.ZIMCallInviteConfig): number {
  if (mode === ZIMCallInvitationMode.Advanced) throw notInThisVersion('a call of advanced mode');
  if (mode !== ZIMCallInvitationMode.General) throw badParameter('mode must be 0 (general)');
  if (enableNotReceivedCheck) throw notInThisVersion('enableNotReceivedCheck');
  return mode;
}
