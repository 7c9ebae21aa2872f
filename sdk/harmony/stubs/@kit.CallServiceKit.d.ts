/** Call Service Kit as of HarmonyOS 5.0.0: calls of apps on the system's screen. */

import { Callback } from './@kit.BasicServicesKit';
import { image } from './@kit.ImageKit';

export namespace voipCall {
  export enum VoipCallType {
    VOIP_CALL_VOICE = 0,
    VOIP_CALL_VIDEO = 1,
  }
  export enum VoipCallState {
    VOIP_CALL_STATE_IDLE = 0,
    VOIP_CALL_STATE_RINGING = 1,
    VOIP_CALL_STATE_ACTIVE = 2,
    VOIP_CALL_STATE_HOLDING = 3,
    VOIP_CALL_STATE_DISCONNECTED = 4,
    VOIP_CALL_STATE_DIALING = 5,
    VOIP_CALL_STATE_ANSWERED = 6,
    VOIP_CALL_STATE_DISCONNECTING = 7,
  }
  export enum VoipCallUiEvent {
    VOIP_CALL_EVENT_NONE = 0,
    VOIP_CALL_EVENT_VOICE_ANSWER = 1,
    VOIP_CALL_EVENT_VIDEO_ANSWER = 2,
    VOIP_CALL_EVENT_REJECT = 3,
    VOIP_CALL_EVENT_HANGUP = 4,
  }
  export enum ErrorReason {
    ERROR_NONE = 0,
    CELLULAR_CALL_EXISTS = 1,
    VOIP_CALL_EXISTS = 2,
    INVALID_CALL = 3,
    USER_ANSWER_CELLULAR_FIRST = 4,
  }
  export enum VoipCallFailureCause {
    OTHER = 0,
    ROUTE_BUSY = 1,
    CONNECTION_FAILED = 2,
  }
  export interface VoipCallAttribute {
    callId: string;
    voipCallType: VoipCallType;
    userName: string;
    userProfile: image.PixelMap;
    abilityName: string;
    voipCallState: VoipCallState;
    showBannerForIncomingCall?: boolean;
  }
  export interface VoipCallUiEventInfo {
    callId: string;
    voipCallUiEvent: VoipCallUiEvent;
    errorReason: ErrorReason;
  }
  export function on(type: 'voipCallUiEvent', callback: Callback<VoipCallUiEventInfo>): void;
  export function reportIncomingCall(voipCallAttribute: VoipCallAttribute): Promise<ErrorReason>;
  export function reportIncomingCallError(callId: string, cause: VoipCallFailureCause): Promise<void>;
  export function reportCallStateChange(callId: string, callState: VoipCallState): Promise<void>;
}
