/** What page and worker say to each other. The worker is the app's process, the page the phone's system. */

/** Parameters of `start`: what an installed app knows when its process begins. */
export interface StartParams extends Record<string, unknown> {
  appID: number;
  appSign: string;
  /** http address of the server. */
  server: string;
  deviceID: string;
  locale: string;
  bundleName: string;
  /** Whether the user sees the app. */
  phase: Phase;
  /** The phone has a network. */
  online: boolean;
  /** Who was logged in last; null shows the login screen. */
  userID: string | null;
  /** What the app stored on the phone in its lives before. */
  storage: [string, string][];
  /** One Int32: 1 stops the worker's thread. Null where shared memory is not allowed. */
  freezeFlag: SharedArrayBuffer | null;
}

/** Where the app is, as it may know itself. */
export type Phase = 'foreground' | 'background';

/** A message as the page shows it. */
export interface ChatMessage {
  messageID: string;
  localMessageID: string;
  conversationID: string;
  conversationType: number;
  senderUserID: string;
  seq: number;
  text: string;
  /** Unix time in ms. */
  at: number;
  /** It was sent while this device was away. */
  offline: boolean;
  /** Who took it back; null as long as nobody has. */
  revokedBy: string | null;
}

/** An entry of the conversation list as the page shows it. */
export interface ChatConversation {
  conversationID: string;
  type: number;
  name: string;
  unread: number;
  lastText: string;
  /** Who took the last message back; null when nobody has. */
  lastRevokedBy: string | null;
  /** Unix time in ms of the last message, 0 when there is none. */
  at: number;
  muted: boolean;
}

/** One user's place in a call: ZIMCallUserState numbers. */
export interface CallParty {
  userID: string;
  state: number;
}

/** Events of the worker, by name. */
export interface WorkerEvents {
  connection: { state: number; event: number };
  loggedIn: { userID: string };
  registered: { pushID: string; errorCode: number; msg: string };
  messages: { conversationID: string; offline: boolean; messages: ChatMessage[] };
  /** Messages were taken back by somebody else, or on another device of this user. */
  revoked: { messages: ChatMessage[] };
  conversations: { list: ChatConversation[] };
  'call.received': { callID: string; inviter: string };
  'call.state': { callID: string; parties: CallParty[] };
  'call.cancelled': { callID: string };
  'call.timeout': { callID: string };
  'call.hangup': { callID: string };
  /** The app stores a text on the phone, or (null) removes it. */
  stored: { key: string; value: string | null };
  /** The app's own fault: something it could not do. */
  fault: { what: string; code: number; message: string };
}

/** ZIMPushConfig as the app fills it in. */
export interface PushChoice {
  title: string;
  content: string;
  payload: string;
  resourcesID: string;
}
