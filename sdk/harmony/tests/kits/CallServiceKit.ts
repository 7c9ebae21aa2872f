/** Call Service Kit, played: the phone shows the calls and presses the buttons. */

import { ask, listen, SystemError, tell } from './system.js';

/** A call as the app reports it. */
export interface Reported {
  callId: string;
  voipCallType: number;
  userName: string;
  userProfile: object;
  abilityName: string;
  voipCallState: number;
}

let isListening = false;
const RINGING = 1;

/** Calls on the system's screen. */
export const voipCall = {
  VoipCallType: { VOIP_CALL_VOICE: 0, VOIP_CALL_VIDEO: 1 },
  VoipCallState: {
    VOIP_CALL_STATE_RINGING: RINGING,
    VOIP_CALL_STATE_ACTIVE: 2,
    VOIP_CALL_STATE_DISCONNECTED: 4,
    VOIP_CALL_STATE_ANSWERED: 6,
  },
  VoipCallUiEvent: {
    VOIP_CALL_EVENT_VOICE_ANSWER: 1,
    VOIP_CALL_EVENT_VIDEO_ANSWER: 2,
    VOIP_CALL_EVENT_REJECT: 3,
    VOIP_CALL_EVENT_HANGUP: 4,
  },
  ErrorReason: { ERROR_NONE: 0, CELLULAR_CALL_EXISTS: 1 },
  VoipCallFailureCause: { OTHER: 0, ROUTE_BUSY: 1, CONNECTION_FAILED: 2 },

  on(_: 'voipCallUiEvent', pressed: (event: object) => void): void {
    isListening = true;
    listen('button', pressed);
  },

  reportIncomingCall(call: Reported): Promise<number> {
    if (!isListening) throw new SystemError(1007200001, 'listen to voipCallUiEvent first');
    const { callId, voipCallType, userName, userProfile, abilityName, voipCallState } = call;
    const isWhole = userName !== '' && abilityName !== '' && voipCallState === RINGING && userProfile;
    if (!isWhole) throw new SystemError(1007200001, 'invalid parameter value');
    return ask('call.report', { callId, voipCallType, userName, abilityName });
  },

  async reportIncomingCallError(callId: string, cause: number): Promise<void> {
    await ask('call.refuse', { callId, cause });
  },

  reportCallStateChange(callId: string, state: number): Promise<void> {
    tell('call.state', { callId, state });
    return Promise.resolve();
  },
};
