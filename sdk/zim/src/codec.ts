/**
 * The envelope: JSON-RPC 2.0, one object a text frame. Requests go to the server, notifications both ways.
 * What is inside `params` and `result` is read by the parts that asked for it.
 */

import type { ClientNotifications, Method, Params } from './wire.js';

/** A frame of the server, read. */
export type FromServer =
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'refusal'; id: number | null; code: number; message: string }
  | { kind: 'notification'; method: string; params: unknown }
  | { kind: 'unreadable'; reason: string };

/** The text of a request. Members that are `undefined` do not travel. */
export function encodeRequest<M extends Method>(id: number, method: M, params: Params<M>): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

/** The text of a notification. */
export function encodeNotification<N extends keyof ClientNotifications>(
  method: N,
  params: ClientNotifications[N],
): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params });
}

/** Reads a text frame of the server. Never throws. */
export function decode(text: string): FromServer {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return { kind: 'unreadable', reason: 'the frame is not JSON' };
  }
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) {
    return { kind: 'unreadable', reason: 'the frame is not a JSON object' };
  }
  return read(frame as Record<string, unknown>);
}

function read(frame: Record<string, unknown>): FromServer {
  if (frame['jsonrpc'] !== '2.0') return { kind: 'unreadable', reason: 'jsonrpc is not "2.0"' };
  const id = frame['id'];
  if ('method' in frame && typeof frame['method'] === 'string') {
    return { kind: 'notification', method: frame['method'], params: frame['params'] ?? {} };
  }
  if ('error' in frame) return readRefusal(id, frame['error']);
  if (typeof id === 'number' && 'result' in frame) return { kind: 'answer', id, result: frame['result'] };
  return { kind: 'unreadable', reason: 'the frame is no answer, refusal or notification' };
}

function readRefusal(id: unknown, error: unknown): FromServer {
  const fault = error as { code?: unknown; message?: unknown } | null;
  if (typeof fault !== 'object' || typeof fault?.code !== 'number') {
    return { kind: 'unreadable', reason: 'the error has no code' };
  }
  const message = typeof fault.message === 'string' ? fault.message : '';
  return { kind: 'refusal', id: typeof id === 'number' ? id : null, code: fault.code, message };
}
