/**
 * The desk between calls of the server and calls of the system. Push Kit starts the app for a call and wants
 * it reported within ten seconds: the desk reports before anybody else is asked, ends what the system shows
 * when the invitation is over, and hands the user's buttons on only once the app knows the invitation.
 */

import type { CallChange, PushLink } from './core/link';
import type { Unwatch, ZPNsCallAction, ZPNsMessage } from './core/types';

/** Calls that the system shows at once. */
export const SHOWN_MAX = 3;
/** Calls whose end is remembered, so that a late message cannot make them ring again. */
export const OVER_MAX = 32;
/** How long the system's call may wait for the invitation: a login, and the reconnects before it. */
export const INVITATION_WAIT_MS = 30_000;

/** What the user pressed. */
export type CallAction = 'answer' | 'answerWithVideo' | 'decline' | 'hangup';
/** What the system shows of a call after it rang. */
export type ShownState = 'answered' | 'active' | 'disconnected';
/** Why a call is not shown: too many already, or nothing to show. */
export type Refusal = 'busy' | 'over';

/** The system's calls. Everything may reject; the desk then logs and goes on. */
export interface CallSystem {
  /** Shows the call. Resolves with an empty text, or with why the system will not. */
  report(systemID: string, message: ZPNsMessage): Promise<string>;
  /** Says that the call is not shown. */
  refuse(systemID: string, why: Refusal): Promise<void>;
  show(systemID: string, state: ShownState): Promise<void>;
  /** Something of the above went wrong. */
  fault(what: string, thrown: unknown): void;
}

interface Shown {
  systemID: string;
  callID: string;
  /** `callInvitationReceived` was told. */
  isKnown: boolean;
  /** A button that was pressed before. */
  pressed: CallAction | null;
  /** Accepted on this phone: the talk is the app's to end. */
  isAnswered: boolean;
  /** The system was told of the end already. */
  isOff: boolean;
  timer: ReturnType<typeof setTimeout> | null;
}

/** The calls of one app. */
export class CallDesk {
  readonly #system: CallSystem;
  readonly #shown: Shown[] = [];
  readonly #ringing = new Set<string>();
  readonly #over: string[] = [];
  #listener: (action: ZPNsCallAction) => void = () => undefined;
  #unwatch: Unwatch = () => undefined;

  constructor(system: CallSystem) {
    this.#system = system;
  }

  /** Calls back on every action of the user until the returned function is called. */
  watch(listener: (action: ZPNsCallAction) => void): Unwatch {
    this.#listener = listener;
    return () => (this.#listener = () => undefined);
  }

  /** The client whose invitations count. */
  useLink(link: PushLink | null): void {
    this.#unwatch();
    this.#ringing.clear();
    this.#unwatch =
      link?.watch((event) => {
        if (event.kind === 'call') this.#changed(event.callID, event.change);
        if (event.kind === 'logout') this.#loggedOut();
      }) ?? (() => undefined);
  }

  /** A call message: reported or refused before this returns. */
  incoming(systemID: string, message: ZPNsMessage): void {
    const callID = (message.extras['callID'] ?? '') as string;
    const isShown = this.#shown.some((call) => call.systemID === systemID || call.callID === callID);
    if (callID === '' || isShown || this.#over.includes(callID)) {
      this.#ask('a call that is over could not be refused', this.#system.refuse(systemID, 'over'));
    } else if (this.#shown.length >= SHOWN_MAX) {
      this.#ask('a call too many could not be refused', this.#system.refuse(systemID, 'busy'));
    } else {
      this.#report(systemID, callID, message);
    }
  }

  /** The user pressed a button of the system. */
  pressed(systemID: string, action: CallAction): void {
    const call = this.#shown.find((shown) => shown.systemID === systemID);
    if (!call) return;
    if (action === 'answer' || action === 'answerWithVideo') {
      this.#ask('the system was not told of the answer', this.#system.show(systemID, 'answered'));
    }
    if (action === 'decline') this.#turnOff(call);
    if (call.isKnown || action === 'hangup') this.#act(call, action);
    else call.pressed = action;
  }

  /** The talk is over. */
  end(callID: string): void {
    const at = this.#shown.findIndex((call) => call.callID === callID);
    const [call] = at < 0 ? [] : this.#shown.splice(at, 1);
    if (!call) return;
    if (call.timer !== null) clearTimeout(call.timer);
    this.#turnOff(call);
  }

  #turnOff(call: Shown): void {
    if (call.isOff) return;
    call.isOff = true;
    const telling = this.#system.show(call.systemID, 'disconnected');
    this.#ask('the system was not told of the end of a call', telling);
  }

  #report(systemID: string, callID: string, message: ZPNsMessage): void {
    const isKnown = this.#ringing.has(callID);
    const unused = { pressed: null, isAnswered: false, isOff: false, timer: null };
    const call: Shown = { systemID, callID, isKnown, ...unused };
    if (!isKnown) call.timer = setTimeout(() => this.#settle(callID), INVITATION_WAIT_MS);
    this.#shown.push(call);
    this.#system.report(systemID, message).then(
      (refusal) => refusal === '' || this.#notShown(call, refusal),
      (thrown: unknown) => this.#notShown(call, thrown),
    );
  }

  /** The ten seconds still run: the system must hear that nothing comes. */
  #notShown(call: Shown, why: unknown): void {
    this.#system.fault('a call is not shown', typeof why === 'string' ? { message: why } : why);
    const at = this.#shown.indexOf(call);
    if (at >= 0) this.#shown.splice(at, 1);
    if (call.timer !== null) clearTimeout(call.timer);
    this.#ask('a call could not be refused', this.#system.refuse(call.systemID, 'busy'));
  }

  #changed(callID: string, change: CallChange): void {
    if (change === 'over') return this.#settle(callID);
    const call = this.#shown.find((shown) => shown.callID === callID);
    if (change === 'ringing') {
      this.#ringing.add(callID);
      this.#remember(this.#over.filter((over) => over !== callID));
      if (call) this.#known(call);
    } else {
      this.#ringing.delete(callID);
      if (!call) return;
      call.isAnswered = true;
      this.#ask('the system was not told of a talk', this.#system.show(call.systemID, 'active'));
    }
  }

  /**
   * Nobody is there any more who could answer what still rings. A call whose invitation is yet to come may
   * belong to the next login, and has its own end.
   */
  #loggedOut(): void {
    this.#ringing.clear();
    const left = this.#shown.filter(({ isKnown, isAnswered }) => isKnown && !isAnswered);
    for (const { callID } of left) this.end(callID);
  }

  #known(call: Shown): void {
    call.isKnown = true;
    if (call.timer !== null) clearTimeout(call.timer);
    call.timer = null;
    const pressed = call.pressed;
    call.pressed = null;
    if (pressed) this.#act(call, pressed);
  }

  #act(call: Shown, pressed: CallAction): void {
    const isAnswer = pressed === 'answer' || pressed === 'answerWithVideo';
    const action = isAnswer ? 'answer' : pressed;
    if (!isAnswer) this.end(call.callID);
    this.#listener({ callID: call.callID, action, video: pressed === 'answerWithVideo' });
  }

  /** Rings no more: it is taken off the screen, and a message that comes late finds nothing. */
  #settle(callID: string): void {
    this.#ringing.delete(callID);
    this.#remember([...this.#over, callID].slice(-OVER_MAX));
    this.end(callID);
  }

  /** Calls that are over, the latest last. One of advanced mode may ring again: its invitation says so. */
  #remember(over: readonly string[]): void {
    this.#over.splice(0, Infinity, ...over);
  }

  #ask(otherwise: string, asked: Promise<void>): void {
    asked.catch((thrown: unknown) => this.#system.fault(otherwise, thrown));
  }
}
