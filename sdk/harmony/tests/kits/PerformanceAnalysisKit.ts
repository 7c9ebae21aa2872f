/** Performance Analysis Kit, played: the test reads the log. */

import { tell } from './system.js';

function write(level: string) {
  return (_: number, tag: string, format: string, ...values: unknown[]): void => {
    const rest = [...values];
    const text = format.replaceAll(/%\{(public|private)\}[sd]/g, (_, kind) =>
      kind === 'public' ? String(rest.shift()) : (rest.shift(), '<private>'),
    );
    tell('log', { level, tag, text });
  };
}

/** The log. */
export const hilog = {
  debug: write('debug'),
  info: write('info'),
  warn: write('warn'),
  error: write('error'),
};
