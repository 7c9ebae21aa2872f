/** Types of the public API, with the names of ZPNs. */

/** Configuration of `registerPush` and `setPushConfig`. */
export interface ZPNsConfig {
  /** Which of the app's two sets of push credentials is meant: 1 (default) or 2. */
  appType?: number;
}

/** What the event `registered` carries. */
export interface ZPNsRegisterMessage {
  /** Name of this device and app for pushes; empty when `errorCode` is not 0. */
  pushID: string;
  /** 0, or one of `ZPNsErrorCode`. */
  errorCode: number;
  /** One sentence for a developer; "success" for 0. */
  msg: string;
}

/** What `unregisterPush` resolves to. */
export interface ZPNsUnregisterMessage {
  /** 0, or one of `ZPNsErrorCode`. */
  errorCode: number;
  /** One sentence for a developer; "success" for 0. */
  msg: string;
}

/** A notice or message of the push service. */
export interface ZPNsMessage {
  /** Empty for a silent message. */
  title: string;
  /** Empty for a silent message. */
  content: string;
  /** `payload` of the sender's push configuration; empty when there was none. */
  payload: string;
  /** Everything else that came along, such as conversationID, senderUserID, messageID or callID. */
  extras: Record<string, unknown>;
}

/** What the user did with a call that the system shows (HarmonyOS: banner and lock screen). */
export interface ZPNsCallAction {
  callID: string;
  /**
   * `answer`: call `ZIM.callAccept`; `decline`: call `ZIM.callReject`. Both come after the invitation's
   * `callInvitationReceived`. `hangup`: the talk is over.
   */
  action: 'answer' | 'decline' | 'hangup';
  /** The user answered with video. */
  video: boolean;
}

/** Error codes of ZPNs. */
export enum ZPNsErrorCode {
  Success = 0,
  /** The server cannot be reached. */
  ConnectFailed = 6000401,
  /** The configuration is wrong: appType, or there is no provider. */
  ConfigInvalid = 6000402,
  /** The push service gave no token. */
  VendorFailed = 6000403,
  /** The server refused to register; `msg` says why. */
  RegisterFailed = 6000404,
  /** The server refused to unregister, or cannot be reached. */
  UnregisterFailed = 6000405,
}

/** Event name → what its listener is given. */
export interface ZPNsEvents {
  /** A registration succeeded, failed, or got another PushID because the vendor's token changed. */
  registered: ZPNsRegisterMessage;
  /** The user tapped a notice. */
  notificationClicked: ZPNsMessage;
  /** A notice reached the device, where the push service says so. */
  notificationArrived: ZPNsMessage;
  /** A silent message, or one that came while the app was in front. */
  throughMessageReceived: ZPNsMessage;
  /** The user answered, declined or hung up where the system shows the call. */
  callAction: ZPNsCallAction;
}

/** What `registerPush` throws at once for a configuration that cannot work. */
export interface ZPNsError {
  code: ZPNsErrorCode;
  message: string;
}

/** Stops calling back. */
export type Unwatch = () => void;

/**
 * A push service on this device: Push Kit on a phone, `@hongyan/zpns/emulator` without one. What it cannot
 * do, it leaves out.
 */
export interface PushProvider {
  readonly vendor: 'harmony';
  /** The app, as the push service names it. */
  readonly bundleName?: string;
  /** The vendor's token for this device and app. Rejects when there is none. */
  getToken(): Promise<string>;
  /** The vendor changed the token by itself. */
  onTokenUpdate?(listener: (token: string) => void): Unwatch;
  onClick?(listener: (message: ZPNsMessage) => void): Unwatch;
  onArrived?(listener: (message: ZPNsMessage) => void): Unwatch;
  onMessage?(listener: (message: ZPNsMessage) => void): Unwatch;
  onCallAction?(listener: (action: ZPNsCallAction) => void): Unwatch;
}
