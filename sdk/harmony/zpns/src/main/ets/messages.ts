/** From what Push Kit hands over (texts, want parameters, error codes) to messages of the public API. */

import type { ZPNsMessage } from './core/types';

/** What the server sends along with every notice; other keys of a want are the system's. */
const IDS = ['conversationID', 'senderUserID', 'messageID', 'callID', 'inviter'] as const;
const NUMBERS = ['conversationType', 'mode'] as const;

/** Codes of Push Kit after which asking again may help: internal errors, no connection, no network. */
const PASSING: ReadonlySet<number> = new Set([1000900001, 1000900008, 1000900009, 1000900011]);

/** What is to be done about the rest, as one sentence each. */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [1000900010, 'signing, bundle name, profile and AppGallery Connect must be of one app'],
  [1000900011, 'the phone has no network'],
  [1000900012, 'enable Push Kit in AppGallery Connect and make a new profile'],
  [1000900013, 'the app is not served where the phone is'],
  [1000900014, 'this device has no Push Kit'],
]);

type Fields = Record<string, unknown>;

/** A message for the app's code, and the system's ID of the call if it is one (else empty). */
export interface ReadMessage {
  message: ZPNsMessage;
  systemID: string;
}

/** Whether `getToken` is worth another attempt after this code. */
export function isPassing(code: number): boolean {
  return PASSING.has(code);
}

/** Why there is no token: Push Kit's code, its text, and what to do about it. */
export function tokenFault(thrown: unknown): Error {
  const advice = ADVICE.get(Number((thrown as { code?: unknown } | null)?.code));
  return new Error(advice === undefined ? describe(thrown) : `${describe(thrown)}: ${advice}`);
}

/** A thrown value in one line; of a system's error its code too. */
export function describe(thrown: unknown): string {
  const { code, message } = (thrown ?? {}) as { code?: number | string; message?: unknown };
  const text = typeof message === 'string' && message ? message : String(thrown);
  return code === undefined ? text : `${code} ${text}`;
}

/** The notice that was tapped; `null` for an ordinary start. */
export function readWant(parameters: Record<string, unknown> | undefined): ZPNsMessage | null {
  const fields = parameters ?? {};
  const isOurs = text(fields, 'messageID') !== '' || text(fields, 'callID') !== '';
  return isOurs ? toMessage(fields, '', '') : null;
}

/** `PushPayload.data` of a VoIP, background or foreground message; `null` if it is none of the server's. */
export function readMessage(data: string): ReadMessage | null {
  const outer = parse(data);
  if (outer === null) return null;
  const systemID = text(outer, 'callId');
  const notification = outer['notification'] as Fields | undefined;
  if (notification) {
    const click = (notification['clickAction'] ?? {}) as Fields;
    const fields = (click['data'] ?? {}) as Fields;
    return { message: toMessage(fields, text(notification, 'title'), text(notification, 'body')), systemID };
  }
  const inner = parse(text(outer, 'data'));
  if (inner === null) return systemID === '' ? null : { message: toMessage({}, '', ''), systemID };
  return { message: toMessage(inner, text(inner, 'title'), text(inner, 'content')), systemID };
}

function toMessage(fields: Fields, title: string, content: string): ZPNsMessage {
  const extras: Record<string, unknown> = {};
  for (const key of IDS) if (text(fields, key) !== '') extras[key] = text(fields, key);
  for (const key of NUMBERS) {
    const value = Number(fields[key] ?? NaN);
    if (Number.isInteger(value)) extras[key] = value;
  }
  return { title, content, payload: text(fields, 'payload'), extras };
}

function parse(json: string): Fields | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Fields) : null;
  } catch {
    return null;
  }
}

function text(fields: Fields, key: string): string {
  const value = fields[key];
  return typeof value === 'string' ? value : '';
}
