/** Choosing a language and filling in texts; pure, so that it can be tested without a browser. */
import { en } from './en';
import { zh, type TextKey } from './zh';

/** Languages of the page. */
export type Language = 'zh' | 'en';

const texts: Record<Language, Record<TextKey, string>> = { zh, en };

/** What a browser's list of languages asks for: Chinese for any kind of Chinese, English for all else. */
export function chooseLanguage(wanted: readonly string[]): Language {
  return wanted[0]?.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** The text of a key with `{name}` replaced from `values`; an absent value leaves its place visible. */
export function fill(
  language: Language,
  key: TextKey,
  values: Record<string, string | number> = {},
): string {
  return texts[language][key].replace(/\{(\w+)\}/g, (place, name: string) =>
    name in values ? String(values[name]) : place,
  );
}

/** The part of a bilingual name ("小安 Ann") that belongs to a language; any other name as it is. */
export function namePart(language: Language, name: string): string {
  const parts = /^([\u3400-\u9fff]+)\s+([\x21-\x7e][\x20-\x7e]*)$/.exec(name);
  return parts?.[language === 'zh' ? 1 : 2] ?? name;
}

/** The one character that stands for a user: of a Chinese name the last, which tells a family apart. */
export function initial(name: string): string {
  const letters = [...name];
  return (/[\u3400-\u9fff]/.test(name) ? letters.at(-1) : letters[0]) ?? '';
}

/** A time relative to the send: ms up to 10 s, then s, then min, then h; with sign and thin spaces. */
export function relative(language: Language, ms: number): string {
  const sign = ms < 0 ? '−' : '+';
  const size = Math.abs(ms);
  const [number, unit] =
    size < 10_000
      ? [grouped(Math.round(size)), language === 'zh' ? '毫秒' : 'ms']
      : size < 120_000
        ? [(size / 1000).toFixed(1), language === 'zh' ? '秒' : 's']
        : size < 7_200_000
          ? [String(Math.round(size / 60_000)), language === 'zh' ? '分' : 'min']
          : [String(Math.round(size / 3_600_000)), language === 'zh' ? '时' : 'h'];
  return `${sign}${number}\u202f${unit}`;
}

function grouped(n: number): string {
  return n < 1000 ? String(n) : `${Math.floor(n / 1000)}\u202f${String(n % 1000).padStart(3, '0')}`;
}
