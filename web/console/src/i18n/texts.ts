/** All texts of the console. A text is a pair, so neither language can lack one. */
import { access } from './areas/access';
import { apps } from './areas/apps';
import { common, errors } from './areas/common';
import { look } from './areas/look';
import { push } from './areas/push';

/** Texts by key: English, Chinese. */
export type Texts = Record<string, readonly [en: string, zh: string]>;

export const texts = { ...common, ...errors, ...access, ...apps, ...push, ...look } as const satisfies Texts;

/** The key of a text. */
export type TextKey = keyof typeof texts;
