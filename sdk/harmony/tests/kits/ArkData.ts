/** ArkData, played: preferences that the phone keeps for the app's next life once they are flushed. */

import type * as Declared from '@kit.ArkData';
import type { AsyncCallback, BusinessError } from '@kit.BasicServicesKit';
import { listen, start, SystemError, tell } from './system.js';

let isLocked = start.config['locked'] === true;
listen('unlock', () => (isLocked = false));

class File {
  readonly #name: string;
  readonly #entries: Map<string, Declared.preferences.ValueType>;

  constructor(name: string) {
    this.#name = name;
    this.#entries = new Map(Object.entries(start.storage[name] ?? {}));
  }

  getSync(key: string, otherwise: Declared.preferences.ValueType): Declared.preferences.ValueType {
    return this.#entries.get(key) ?? otherwise;
  }

  putSync(key: string, value: Declared.preferences.ValueType): void {
    this.#entries.set(key, value);
  }

  deleteSync(key: string): void {
    this.#entries.delete(key);
  }

  flush(done: AsyncCallback<void>): void {
    tell('stored', { name: this.#name, entries: Object.fromEntries(this.#entries) });
    setTimeout(() => done(undefined as unknown as BusinessError, undefined), 0);
  }
}

/** Files by name: each app has its own. */
const files = new WeakMap<object, Map<string, File>>();

/** Preferences files; none can be opened while the phone is locked since its start. */
export const preferences = {
  getPreferencesSync(context: object | null, options: Declared.preferences.Options): File {
    if (!context) throw new SystemError(401, 'a context is needed');
    if (isLocked) throw new SystemError(15500000, 'inner error');
    const own = files.get(context) ?? new Map<string, File>();
    files.set(context, own);
    const file = own.get(options.name) ?? new File(options.name);
    own.set(options.name, file);
    return file;
  },
};
