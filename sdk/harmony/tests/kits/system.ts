/**
 * The system as the played kits see it: the process that started this one. An app runs in a process of its
 * own; killing it is SIGKILL, and nothing of it gets a last word.
 */

import { type Answer, type Call, type News, type Start, SystemError } from './terms.js';

export { SystemError } from './terms.js';

type Handler = (params: never) => unknown;

/** What the phone started this process with. */
export const start = JSON.parse(process.env['HONGYAN_START'] ?? '') as Start;
const pending = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
const listeners = new Map<string, Set<(data: never) => void>>();
const commands = new Map<string, Handler>();
let nextID = 1;

/** Asks the system; rejects with a `SystemError`. */
export function ask<T>(method: string, params: unknown = {}): Promise<T> {
  const id = nextID++;
  post({ id, method, params });
  return new Promise((resolve, reject) => pending.set(id, { resolve: resolve as never, reject }));
}

/** Tells the system. */
export function tell(event: string, data: unknown): void {
  post({ event, data });
}

/** Calls back on every news of one kind. */
export function listen(event: string, listener: (data: never) => void): void {
  const known = listeners.get(event) ?? new Set();
  listeners.set(event, known.add(listener));
}

/** What the test may ask of the app. */
export function answerTo(method: string, handler: Handler): void {
  commands.set(method, handler);
}

// A phone that is gone takes its apps with it.
process.on('disconnect', () => process.exit());
process.on('message', (message: Call | Answer | News) => {
  if ('event' in message) {
    for (const listener of [...(listeners.get(message.event) ?? [])]) listener(message.data as never);
  } else if ('method' in message) {
    void obey(message);
  } else {
    const waiting = pending.get(message.id);
    pending.delete(message.id);
    const { error } = message;
    if (error) waiting?.reject(new SystemError(error.code ?? 1, error.message));
    else waiting?.resolve(message.result);
  }
});

function post(message: Call | Answer | News): void {
  process.send?.(message);
}

async function obey({ id, method, params }: Call): Promise<void> {
  const handler = commands.get(method);
  try {
    if (!handler) throw new Error(`the app knows no ${method}`);
    post({ id, result: await handler(params as never) });
  } catch (thrown) {
    const { code, message } = thrown as { code?: number; message?: string };
    const error = { ...(code === undefined ? {} : { code }), message: message ?? String(thrown) };
    post({ id, error });
  }
}
