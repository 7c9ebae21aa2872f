/** Errors of the phone as the SDK's own, and as one line of a log. */

import { zimError } from '../core/codes';
import type { ZIMError } from '../core/types/common';
import { ZIMErrorCode } from '../core/types/error-code';

/** A handler of what listeners of the app throw. */
export type Uncaught = (thrown: unknown) => void;

/** Writes what a listener of the app threw as one line. */
export function uncaughtTo(write: (text: string) => void): Uncaught {
  return (thrown) => write(`a listener of the app threw: ${describe(thrown)}`);
}

/** Throws the `ZIMError` that tells why ZIM cannot be made: ArkTS itself throws only its own errors. */
export function refuse(error: ZIMError): never {
  throw error;
}

/** ZIM was created before any ability was attached. */
export function noContext(): ZIMError {
  const text = 'attach the ability first: ZPNs.getInstance().attach(this, want) in its onCreate';
  return zimError(ZIMErrorCode.CommonModuleNotInit, text);
}

/** What the app stored cannot be read: a phone that was started and not unlocked yet keeps it shut. */
export function noStorage(thrown: unknown): ZIMError {
  const text = `the storage of the app cannot be opened (is the phone unlocked?): ${describe(thrown)}`;
  return zimError(ZIMErrorCode.CommonModuleNotInit, text);
}

/** A thrown value in one line; of a system's error its code too. */
export function describe(thrown: unknown): string {
  const { code, message } = (thrown ?? {}) as { code?: number | string; message?: unknown };
  const text = typeof message === 'string' && message ? message : String(thrown);
  return code === undefined ? text : `${code} ${text}`;
}
