/** Errors of this SDK and the close codes of the server with what a client does next. */

import { ZIMErrorCode } from './types/error-code.js';
import type { ZIMError } from './types/common.js';

/** Makes an error object as every rejected promise carries it. */
export function zimError(code: ZIMErrorCode, message: string): ZIMError {
  return { code, message };
}

/** Whether something thrown is a `ZIMError` already. */
export function isZIMError(thrown: unknown): thrown is ZIMError {
  const fault = thrown as Partial<ZIMError> | null;
  return typeof fault === 'object' && typeof fault?.code === 'number' && typeof fault.message === 'string';
}

/** Turns anything thrown into a `ZIMError`. */
export function asZIMError(thrown: unknown): ZIMError {
  if (isZIMError(thrown)) return { code: thrown.code, message: thrown.message };
  return zimError(ZIMErrorCode.Failed, thrown instanceof Error ? thrown.message : String(thrown));
}

/** A parameter is missing, has the wrong type or breaks a limit: 6000001. */
export function badParameter(message: string): ZIMError {
  return zimError(ZIMErrorCode.CommonModuleParamsInvalid, message);
}

/** The public shape has it, this version does not: 6000013. */
export function notInThisVersion(what: string): ZIMError {
  return zimError(ZIMErrorCode.CommonModuleUnsupportedRequest, `${what} is not in this version`);
}

/** 6000121. */
export function notLoggedIn(): ZIMError {
  return zimError(ZIMErrorCode.NetworkModuleUserIsNotLogged, 'log in first');
}

/** Why the server closed the connection. 4000–4099: reconnect. 4100–4199: do not. */
export const CloseCode = {
  GoingAway: 4001,
  TooSlow: 4002,
  Silent: 4003,
  LoginDeadline: 4004,
  Busy: 4005,
  Fault: 4006,
  KickedOut: 4101,
  TokenExpired: 4102,
  LoggedOut: 4103,
  Protocol: 4104,
  TooLarge: 4105,
  AppClosed: 4106,
} as const;

/** Whether a client comes back by itself after this close code. */
export function comesBack(closeCode: number): boolean {
  return closeCode < 4100 || closeCode > 4199;
}

/** Close codes after which all clients come at once, so that each waits a random while first. */
export function comesWithOthers(closeCode: number): boolean {
  return closeCode === CloseCode.GoingAway || closeCode === CloseCode.Busy;
}

const PASSING: ReadonlySet<number> = new Set([
  ZIMErrorCode.CommonModuleTriggerServerFrequencyLimit,
  ZIMErrorCode.CommonModuleIMServerError,
  ZIMErrorCode.CommonModuleIMServerDisconnect,
  ZIMErrorCode.NetworkModuleNetworkError,
  ZIMErrorCode.NetworkModuleRequestTimeout,
]);

/** Whether a refused login is worth another try without the app's doing. */
export function isPassing(code: number): boolean {
  return PASSING.has(code);
}

const TOKEN: ReadonlySet<number> = new Set([
  ZIMErrorCode.NetworkModuleTokenInvalid,
  ZIMErrorCode.NetworkModuleTokenExpired,
  ZIMErrorCode.NetworkModuleTokenVersionError,
  ZIMErrorCode.NetworkModuleTokenTimeIsTooShort,
]);

/** Whether a refusal is about the token. */
export function isAboutToken(code: number): boolean {
  return TOKEN.has(code);
}
