/** Types of the ability, which is ArkTS. */

import type { common, Want } from '@kit.AbilityKit';

export default class TestAbility {
  static current(): TestAbility;
  context: common.UIAbilityContext;
  onCreate(want: Want, launchParam: object): void;
  onNewWant(want: Want, launchParam: object): void;
}
