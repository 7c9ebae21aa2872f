/** Ability Kit, played: the ability's context, and the application's way between front and back. */

import type * as Declared from '@kit.AbilityKit';
import { listen, start } from './system.js';

/** Values of the kit's enum. */
export const appManager = {
  ProcessState: {
    STATE_CREATE: 0,
    STATE_FOREGROUND: 1,
    STATE_ACTIVE: 2,
    STATE_BACKGROUND: 3,
    STATE_DESTROY: 4,
  },
};

/** The context of an app and of its ability. */
export class Context implements Declared.common.ApplicationContext, Declared.common.UIAbilityContext {
  readonly filesDir = '';
  readonly abilityInfo = { name: start.abilityName, bundleName: start.bundleName };
  readonly #watchers = new Set<Declared.ApplicationStateChangeCallback>();
  #isInFront = false;

  constructor() {
    listen('phase', (isInFront: boolean) => this.move(isInFront));
  }

  getApplicationContext(): Declared.common.ApplicationContext {
    return this;
  }

  on(_: 'applicationStateChange', callback: Declared.ApplicationStateChangeCallback): void {
    this.#watchers.add(callback);
  }

  off(_: 'applicationStateChange', callback?: Declared.ApplicationStateChangeCallback): void {
    if (callback) this.#watchers.delete(callback);
    else this.#watchers.clear();
  }

  getRunningProcessInformation(): Promise<Declared.appManager.ProcessInformation[]> {
    const { STATE_FOREGROUND, STATE_BACKGROUND } = appManager.ProcessState;
    const state = this.#isInFront ? STATE_FOREGROUND : STATE_BACKGROUND;
    return Promise.resolve([
      { pid: 1, processName: start.bundleName, bundleNames: [start.bundleName], state },
    ]);
  }

  /** The user brings the app to the front, or leaves it. */
  move(isInFront: boolean): void {
    if (isInFront === this.#isInFront) return;
    this.#isInFront = isInFront;
    for (const watcher of this.#watchers) {
      if (isInFront) watcher.onApplicationForeground();
      else watcher.onApplicationBackground();
    }
  }
}

/** The one application of this process. */
export const application = new Context();

/** What the app's ability extends; the system's own does nothing of its life. */
export class UIAbility implements Declared.UIAbility {
  context: Declared.common.UIAbilityContext = application;
  onCreate(): void {}
  onNewWant(): void {}
  onWindowStageCreate(): void {}
  onWindowStageDestroy(): void {}
  onForeground(): void {}
  onBackground(): void {}
  onDestroy(): void {}
}
