/** Choosing a language, filling in texts, and saying numbers and times; pure, so that it can be tested alone. */
import { texts, type TextKey } from './texts';

/** Languages of the page. */
export type Language = 'zh' | 'en';

/** What a browser's list of languages asks for: Chinese for any kind of Chinese, English for all else. */
export function chooseLanguage(wanted: readonly string[]): Language {
  return wanted[0]?.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** The text of a key with `{name}` replaced from `values`; an absent value leaves its place visible. */
export function fill(language: Language, key: TextKey, values: Record<string, string | number> = {}): string {
  return texts[key][language === 'en' ? 0 : 1].replace(/\{(\w+)\}/g, (place, name: string) =>
    name in values ? String(values[name]) : place,
  );
}

/** Whether there is a text of this key: for codes that the server may add to. */
export function isText(key: string): key is TextKey {
  return key in texts;
}

/** The text of a key that may not be known; nothing as well when a place of it cannot be filled. */
export function worded(
  language: Language,
  key: string,
  values?: Record<string, number>,
): string | undefined {
  const text = isText(key) ? fill(language, key, values) : undefined;
  return text !== undefined && /\{\w+\}/.test(text) ? undefined : text;
}

const UNITS: [number, Intl.RelativeTimeFormatUnit][] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
];

/** How long ago, or in how long: "3 minutes ago", "in 2 days". */
export function distance(language: Language, ms: number): string {
  const [size, unit] = UNITS.find(([size]) => Math.abs(ms) >= size) ?? [1000, 'second'];
  const format = new Intl.RelativeTimeFormat(language === 'zh' ? 'zh-CN' : 'en', { numeric: 'auto' });
  return format.format(Math.trunc(ms / size), unit);
}

/** A span of time, short: 412 ms, 5.0 s, 12 min, 3 h, 2 d. */
export function span(language: Language, ms: number): string {
  const zh = language === 'zh';
  if (ms < 1000) return `${Math.round(ms)}\u202f${zh ? '毫秒' : 'ms'}`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)}\u202f${zh ? '秒' : 's'}`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)}\u202f${zh ? '分钟' : 'min'}`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)}\u202f${zh ? '小时' : 'h'}`;
  return `${Math.round(ms / 86_400_000)}\u202f${zh ? '天' : 'd'}`;
}

/** A number with groups of three: in a table digits must line up, so no "1.2k". */
export function counted(n: number): string {
  return new Intl.NumberFormat('en', { maximumFractionDigits: n < 10 ? 2 : 0 }).format(n);
}

/** A share as per cent; small but not nothing is said so. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return '<\u202f0.1\u202f%';
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}\u202f%`;
}
