/**
 * Call invitations: the calls of the app, the events of the server, and which invitation was shown already.
 */

import { checkCallData, checkCallID, checkCount, checkPushConfig, checkUserIDs } from './checks.js';
import { badParameter, notInThisVersion } from './codes.js';
import { toCall, toCallUser } from './convert.js';
import type { EventSink } from './events.js';
import * as limits from './limits.js';
import { Pages, Recent } from './recent.js';
import type { Session } from './session.js';
import type * as types from './types/call.js';
import { ZIMCallInvitationMode, ZIMCallUserState } from './types/enums.js';
import type { ServerNotifications, WireCallAnswer, WireCallCreated, WireCallReceived } from './wire.js';

/** The calls of one logged-in user. */
export class Calls {
  readonly #session: Pick<Session, 'request' | 'notify' | 'userID'>;
  readonly #events: Pick<EventSink, 'emit'>;
  /** Invitations whose listener ran. */
  readonly #shown = new Recent<true>(limits.CALLS_KNOWN_MAX);
  /** Calls this user started: the older events are for the caller alone. */
  readonly #own = new Recent<true>(limits.CALLS_KNOWN_MAX);
  readonly #pages = new Pages(limits.CALLS_KNOWN_MAX);

  constructor(session: Pick<Session, 'request' | 'notify' | 'userID'>, events: Pick<EventSink, 'emit'>) {
    this.#session = session;
    this.#events = events;
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
    return this.#session.request('call.accept', answer(callID, config.extendedData));
  }

  async reject(callID: string, config: types.ZIMCallRejectConfig): Promise<types.ZIMCallRejectionSentResult> {
    return this.#session.request('call.reject', answer(callID, config.extendedData));
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
        this.#events.emit('callInvitationCancelled', params as ServerNotifications['call.cancelled']);
        return true;
      case 'call.timeout':
        this.#events.emit('callInvitationTimeout', params as ServerNotifications['call.timeout']);
        return true;
      case 'call.ended':
        this.#events.emit('callInvitationEnded', params as ServerNotifications['call.ended']);
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
  }

  #userState({ callID, callUserList }: ServerNotifications['call.userStateChanged']): void {
    const users = callUserList.map(toCallUser);
    this.#events.emit('callUserStateChanged', { callID, callUserList: users });
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
