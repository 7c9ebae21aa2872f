/**
 * `@hongyan/zim/node` as the suite has it: every client runs on the parts that the HarmonyOS module brings,
 * over played kits. Each has a context of its own, as if it were an app of its own.
 */

import { HarmonyPlatform } from '@modules/zim/platform/HarmonyPlatform';
import { publishContext } from '@modules/zim/core/host';
import type { Platform } from '../../../zim/src/platform/index.js';
import { application } from '../kits/AbilityKit.js';

export { openNodeSocket } from '../../../zim/src/platform/node/websocket.js';

publishContext(application);
application.move(true);

/** The platform of a phone whose app is in front. */
export function nodePlatform(): Platform {
  const platform = new HarmonyPlatform();
  return { ...platform, locale: () => platform.locale() };
}
