/** Localization Kit, played. */

import { start } from './system.js';

/** The language of the phone. */
export const i18n = { System: { getSystemLocale: (): string => start.locale } };
