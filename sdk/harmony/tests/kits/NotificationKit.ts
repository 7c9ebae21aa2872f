/** Notification Kit, played: the permission dialog, its one chance, the settings page, the badge. */

import { ask, tell } from './system.js';

/** Notices of the app. */
export const notificationManager = {
  isNotificationEnabled: (): Promise<boolean> => ask<boolean>('permission.isAllowed'),
  requestEnableNotification: async (context: object): Promise<void> => {
    if (!('abilityInfo' in context)) throw new TypeError('a UIAbilityContext is needed');
    await ask('permission.request');
  },
  openNotificationSettings: async (): Promise<void> => {
    await ask('permission.openSettings');
  },
  setBadgeNumber: (badge: number): Promise<void> => {
    tell('badge', badge);
    return Promise.resolve();
  },
};
