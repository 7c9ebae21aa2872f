/** What the played kits and the phone of a test say to each other. */

/** What a process is started with. */
export interface Start {
  /** Preferences files by name: what the app stored in its lives before. */
  storage: Record<string, Record<string, string>>;
  want: { parameters?: Record<string, unknown>; uri?: string };
  abilityName: string;
  bundleName: string;
  isInFront: boolean;
  locale: string;
  online: boolean;
  /** How many times faster than real time its timers run. */
  haste: number;
  /** What the test's own code of the app needs to know. */
  config: Record<string, unknown>;
}

/** A question, in either direction. */
export interface Call {
  id: number;
  method: string;
  params: unknown;
}

/** An answer, in either direction. */
export interface Answer {
  id: number;
  result?: unknown;
  error?: { code?: number; message: string };
}

/** News, in either direction. */
export interface News {
  event: string;
  data: unknown;
}

/** An error of the system, as its interfaces throw and reject with it. */
export class SystemError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}
