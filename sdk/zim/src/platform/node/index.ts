/** The platform of a Node process, 20 or newer: its own WebSocket, a file for what must be remembered. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { platform as system } from 'node:process';
import {
  consoleLog,
  type DeviceStorage,
  ManualLifecycle,
  memoryStorage,
  type Platform,
  reportUncaught,
  systemClock,
} from '../index.js';
import { systemRandom } from '../webcrypto.js';
import { openNodeSocket } from './websocket.js';

export { openNodeSocket } from './websocket.js';

/**
 * The platform of this process. `storageDir`: folder in which device identifier and cursors are kept, made if
 * missing; left out, they last as long as the process. A program is in the foreground until it says otherwise
 * through its own `ManualLifecycle`.
 */
export function nodePlatform(storageDir?: string): Platform {
  return {
    type: system === 'win32' ? 1 : system === 'darwin' ? 4 : system === 'linux' ? 5 : 32,
    openSocket: openNodeSocket,
    storage: storageDir === undefined ? memoryStorage() : fileStorage(storageDir),
    lifecycle: new ManualLifecycle(),
    clock: systemClock,
    random: systemRandom,
    locale: () => Intl.DateTimeFormat().resolvedOptions().locale,
    defaultServer: '',
    log: consoleLog,
    uncaught: reportUncaught,
  };
}

/** Texts in one JSON file, written whole and moved into place. Throws if the folder cannot be used. */
export function fileStorage(folder: string): DeviceStorage {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'hongyan.json');
  const entries = new Map(Object.entries(readEntries(path)));
  const save = (): void => {
    writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(entries)), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  return {
    get: (key) => entries.get(key) ?? null,
    set: (key, value) => {
      entries.set(key, value);
      save();
    },
    remove: (key) => {
      if (entries.delete(key)) save();
    },
  };
}

function readEntries(path: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw thrown;
  }
  const kept: unknown = JSON.parse(text);
  if (typeof kept !== 'object' || kept === null) throw new Error(`${path} is not a file of this SDK`);
  return kept as Record<string, string>;
}
