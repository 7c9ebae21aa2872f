/** Notification Kit, as far as it is used here: the permission to show notices, and the number on the icon. */

import { common } from './@kit.AbilityKit';

export namespace notificationManager {
  export function isNotificationEnabled(): Promise<boolean>;
  export function requestEnableNotification(context: common.UIAbilityContext): Promise<void>;
  /** Came with 5.0.1 (API 13). */
  export function openNotificationSettings(context: common.UIAbilityContext): Promise<void>;
  export function setBadgeNumber(badgeNumber: number): Promise<void>;
}
