/** A process of an app: makes its ability, and takes it through its life as the phone says. */

import { application } from '../kits/AbilityKit.js';
import { answerTo, listen, start, tell } from '../kits/system.js';

/** An ability, as far as the phone calls it. */
export interface Ability {
  onCreate?(want: object, launchParam: object): void;
  onNewWant?(want: object, launchParam: object): void;
  onWindowStageCreate?(stage: object): void;
  onForeground?(): void;
  onBackground?(): void;
}

const REAL_TIMER = globalThis.setTimeout;

/** Runs an app: `commands` is what a test may ask of it. */
export function run(Ability: new () => Ability, commands: Record<string, (params: never) => unknown>): void {
  if (start.haste !== 1) hurry(start.haste);
  for (const [name, command] of Object.entries(commands)) answerTo(name, command);
  const ability = new Ability();
  ability.onCreate?.(start.want, { launchReason: 1, lastExitReason: 0 });
  if (start.isInFront) move(ability, true);
  else if (start.config['hasWindow'] === true) makeWindow(ability);
  listen('phase', (isInFront: boolean) => move(ability, isInFront));
  listen('want', (want: object) => ability.onNewWant?.(want, { launchReason: 1, lastExitReason: 0 }));
  tell('running', {});
}

let hasWindow = false;
let wasInFront = false;

/** What the system calls when the user comes and goes; `application` tells its own watchers. */
function move(ability: Ability, isInFront: boolean): void {
  if (isInFront) makeWindow(ability);
  if (isInFront !== wasInFront) {
    wasInFront = isInFront;
    if (isInFront) ability.onForeground?.();
    else ability.onBackground?.();
  }
  application.move(isInFront);
}

function makeWindow(ability: Ability): void {
  if (hasWindow) return;
  hasWindow = true;
  ability.onWindowStageCreate?.({
    loadContent: (page: string, loaded: (error: undefined) => void) => {
      tell('page', page);
      REAL_TIMER(() => loaded(undefined), 0);
    },
  });
}

/** Waits of half a minute pass in a second; what is measured against the clock stays as it is. */
function hurry(times: number): void {
  const faster = (run: () => void, ms = 0): unknown => REAL_TIMER(run, ms / times);
  globalThis.setTimeout = faster as typeof globalThis.setTimeout;
}

/** Tells the test what the app heard. */
export function heard(name: string, data: unknown): void {
  tell('heard', { name, data });
}
