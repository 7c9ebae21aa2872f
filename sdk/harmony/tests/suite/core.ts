/**
 * `@hongyan/zim/core` as the suite has it: what a test asks of storage and lifecycle goes through the
 * HarmonyOS module's preferences and application state.
 */

import { AppLifecycle } from '@modules/zim/platform/AppLifecycle';
import { PreferencesStorage } from '@modules/zim/platform/PreferencesStorage';
import type { DeviceStorage, Lifecycle, LifecycleChange } from '../../../zim/src/core.js';
import { Context } from '../kits/AbilityKit.js';

export * from '../../../zim/src/core.js';

/** The preferences of an app of its own. */
export function memoryStorage(entries: Iterable<readonly [string, string]> = []): DeviceStorage {
  const storage = new PreferencesStorage(new Context());
  for (const [key, value] of entries) storage.set(key, value);
  return storage;
}

/** An app that the test brings to the front and takes from it. */
export class ManualLifecycle implements Lifecycle {
  readonly #context = new Context();
  readonly #app = new AppLifecycle();

  constructor() {
    this.#context.move(true);
    this.#app.start(this.#context, 'foreground');
  }

  phase(): ReturnType<Lifecycle['phase']> {
    return this.#app.phase();
  }

  watch(listener: (change: LifecycleChange) => void): () => void {
    return this.#app.watch(listener);
  }

  /** What the user does. */
  tell(change: LifecycleChange): void {
    if (change !== 'foreground' && change !== 'background') throw new Error(`no phone says ${change}`);
    this.#context.move(change === 'foreground');
  }
}
