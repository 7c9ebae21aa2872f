/** `@hongyan/zim` of HarmonyOS for TypeScript: the same core, and what is only there. */

import type { UIAbility } from '@kit.AbilityKit';

export { ZIM, ZIM as default } from '../../zim/src/main/ets/core/zim';
export * from '../../zim/src/main/ets/core/types/index';
export class ZIMHarmony {
  static attach(ability: UIAbility): void;
}
