/**
 * The system as the played kits see it when they run in the process of the test itself: in place of
 * `kits/system.ts`, with the same names. The other SDKs' tests hold several clients at once, so there is no
 * process to kill here.
 */

import { type Start, SystemError } from '../kits/terms.js';

export { SystemError } from '../kits/terms.js';

type Handler = (params: never) => unknown;

/** What the app of such a test starts with. */
export const start: Start = {
  storage: {},
  want: {},
  abilityName: 'EntryAbility',
  bundleName: 'im.hongyan.suite',
  isInFront: true,
  locale: 'zh-Hans-CN',
  online: true,
  haste: 1,
  config: {},
};

const listeners = new Map<string, Set<(data: never) => void>>();
const handlers = new Map<string, Handler>();

/** Asks the system; rejects with a `SystemError`. */
export async function ask<T>(method: string, params: unknown = {}): Promise<T> {
  const handler = handlers.get(method);
  if (!handler) throw new SystemError(801, `nobody plays ${method}`);
  try {
    return (await handler(params as never)) as T;
  } catch (thrown) {
    const { code, message } = thrown as { code?: number; message: string };
    throw new SystemError(code ?? 1, message);
  }
}

/** Tells the system; whoever listens to `told NAME` hears it. */
export function tell(event: string, data: unknown): void {
  news(`told ${event}`, data);
}

/** Calls back on every news of one kind. */
export function listen(event: string, listener: (data: never) => void): void {
  const known = listeners.get(event) ?? new Set();
  listeners.set(event, known.add(listener));
}

/** Plays what the system answers to a question of the kits. */
export function answerTo(method: string, handler: Handler): void {
  handlers.set(method, handler);
}

/** Plays news of the system. */
export function news(event: string, data: unknown): void {
  for (const listener of [...(listeners.get(event) ?? [])]) listener(data as never);
}
