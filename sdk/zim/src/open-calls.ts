/**
 * Calls that are open on this device: they ring, or the user is in. A connection that breaks may miss how
 * they end; what the server knows is asked for after each login, and a ring ends by itself when there is
 * nobody to ask.
 */

import * as limits from './limits.js';
import type { Clock, Timer } from './platform/index.js';
import { ZIMCallInvitationMode, ZIMCallState, ZIMCallUserState } from './types/enums.js';
import type { ServerNotifications, WireCall } from './wire.js';

/** States in which an invitation rings. */
export const RINGING: ReadonlySet<number> = new Set([
  ZIMCallUserState.Inviting,
  ZIMCallUserState.Received,
  ZIMCallUserState.NotYetReceived,
]);

/** What the open calls need. */
export interface OpenCallsPort {
  userID(): string;
  /** The newest calls of the user; `null` when there is no connection to ask on. */
  newest(): Promise<WireCall[]> | null;
  /** Does as if the server had told this. */
  tell<N extends keyof ServerNotifications>(method: N, params: ServerNotifications[N]): void;
  fault(error: unknown): void;
}

interface Open {
  mode: number;
  rings: boolean;
  timer: Timer | null;
}

/** The open calls of one user on this device. */
export class OpenCalls {
  readonly #port: OpenCallsPort;
  readonly #clock: Clock;
  readonly #open = new Map<string, Open>();

  constructor(port: OpenCallsPort, clock: Clock) {
    this.#port = port;
    this.#clock = clock;
  }

  /** It rings here, for this many seconds at most. */
  ring(callID: string, mode: number, seconds: number): void {
    if (this.#open.get(callID)?.rings) return;
    this.close(callID);
    const timer = this.#clock.setTimer(() => this.#late(callID), seconds * 1_000 + limits.RING_SLACK_MS);
    this.#put(callID, { mode, rings: true, timer });
  }

  /** The user is in. */
  enter(callID: string, mode: number): void {
    this.close(callID);
    this.#put(callID, { mode, rings: false, timer: null });
  }

  /** Nothing of it is open here any more. */
  close(callID: string): void {
    const timer = this.#open.get(callID)?.timer;
    if (timer) this.#clock.clearTimer(timer);
    this.#open.delete(callID);
  }

  /** The mode of a call that is open. */
  modeOf(callID: string): number | undefined {
    return this.#open.get(callID)?.mode;
  }

  /** Whether it rings here. */
  rings(callID: string): boolean {
    return this.#open.get(callID)?.rings ?? false;
  }

  /** Forgets everything; the session is over. */
  clear(): void {
    for (const callID of [...this.#open.keys()]) this.close(callID);
  }

  /** Logged in again: catches up with what happened meanwhile. */
  async catchUp(): Promise<void> {
    if (this.#open.size === 0) return;
    try {
      const calls = await this.#port.newest();
      if (!calls) return;
      for (const callID of [...this.#open.keys()]) {
        this.#compare(
          callID,
          calls.find((call) => call.callID === callID),
        );
      }
    } catch (error) {
      this.#port.fault(error); // The next login asks again; a ring ends by its timer.
    }
  }

  #put(callID: string, open: Open): void {
    this.#open.set(callID, open);
    const [oldest] = this.#open.keys();
    if (this.#open.size > limits.CALLS_KNOWN_MAX && oldest !== undefined) this.close(oldest);
  }

  /** The ring should be over: the server says how, or the connection is gone and it ends here. */
  #late(callID: string): void {
    const open = this.#open.get(callID);
    if (!open) return;
    open.timer = null;
    const asked = this.#port.newest();
    if (!asked) return this.#port.tell('call.timeout', { callID, mode: open.mode });
    asked.then(
      (calls) =>
        this.#compare(
          callID,
          calls.find((call) => call.callID === callID),
        ),
      () => {
        if (this.rings(callID)) this.#port.tell('call.timeout', { callID, mode: open.mode });
      },
    );
  }

  #compare(callID: string, call: WireCall | undefined): void {
    const open = this.#open.get(callID);
    if (!open) return;
    const own = call?.callUserList.find(({ userID }) => userID === this.#port.userID());
    if (!call || !own) return this.#port.tell('call.timeout', { callID, mode: open.mode });
    if (open.rings) this.#ringing(call, own.state);
    else if (call.state === ZIMCallState.Ended) this.#ended(call, own.state);
  }

  #ringing(call: WireCall, state: number): void {
    const { callID, mode, inviter } = call;
    if (RINGING.has(state)) return;
    if (state === ZIMCallUserState.Timeout) return this.#port.tell('call.timeout', { callID, mode });
    if (state === ZIMCallUserState.BeCancelled) {
      return this.#port.tell('call.cancelled', { callID, mode, inviter, extendedData: '' });
    }
    const own = call.callUserList.filter(({ userID }) => userID === this.#port.userID());
    this.#port.tell('call.userStateChanged', { callID, callUserList: own });
    if (call.state === ZIMCallState.Ended) this.#ended(call, state);
  }

  #ended(call: WireCall, state: number): void {
    const { callID, mode, caller, endTime } = call;
    if (state === ZIMCallUserState.Cancelled) {
      return this.#port.tell('call.cancelled', { callID, mode, inviter: caller, extendedData: '' });
    }
    const others = call.callUserList.filter(({ userID }) => userID !== this.#port.userID());
    this.#port.tell('call.userStateChanged', { callID, callUserList: others });
    const operatedUserID = caller;
    this.#port.tell('call.ended', { callID, mode, caller, operatedUserID, extendedData: '', endTime });
  }
}

/** Whether a call lives on when everybody has answered. */
export function isAdvanced(mode: number | undefined): boolean {
  return mode === (ZIMCallInvitationMode.Advanced as number);
}
