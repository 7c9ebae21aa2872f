/** The language of the page now: by browser, changed by the switch, remembered. */
import type { Refusal } from '../api/client';
import type { Words } from '../api/schema';
import { chooseLanguage, distance, fill, isText, span, worded, type Language } from './text';
import type { TextKey } from './texts';

type Finding = { code: string; text: string; values?: Record<string, number> };

const STORED = 'hongyan.console.language';
const stored = localStorage.getItem(STORED);
let language = $state<Language>(
  stored === 'zh' || stored === 'en' ? stored : chooseLanguage(navigator.languages),
);

/** The language now. */
export function current(): Language {
  return language;
}

/** BCP 47 tag of the language now. */
export function tag(): 'zh-CN' | 'en' {
  return language === 'zh' ? 'zh-CN' : 'en';
}

/** Changes the language and remembers it. */
export function setLanguage(next: Language): void {
  language = next;
  localStorage.setItem(STORED, next);
}

/** A text of the page. */
export function t(key: TextKey, values?: Record<string, string | number>): string {
  return fill(language, key, values);
}

/** The text of a code that the server may add to; the code itself when the page does not know it. */
export function coded(area: string, code: string): string {
  const key = `${area}.${code}`;
  return isText(key) ? fill(language, key) : code;
}

/** The words of a finding by its code; the server's sentence when the page does not know it. */
export function found(finding: Finding): string {
  return worded(language, `finding.${finding.code}`, finding.values) ?? finding.text;
}

/** Which rule a field breaks, in the page's words if they are known, else in the server's. */
export function broken(refusal: Refusal | null, field: string): string | undefined {
  const code = refusal?.codes[field];
  return worded(language, `rule.${code}`) ?? worded(language, `finding.${code}`) ?? refusal?.fields[field];
}

/** A sentence of the server in the language now. */
export function said(words: Words | null | undefined): string {
  return words?.[language] ?? '';
}

/** How long ago, or in how long. */
export function ago(at: number, now: number): string {
  return distance(language, at - now);
}

/** A span of time, short. */
export function took(ms: number): string {
  return span(language, ms);
}

/** Day and time of a moment, to the second. */
export function moment(at: number): string {
  const options: Intl.DateTimeFormatOptions = {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  };
  return new Intl.DateTimeFormat(tag() === 'en' ? 'en-GB' : 'zh-CN', options).format(at);
}

/** Time of day, to the ms: for timelines. */
export function clock(at: number): string {
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** Year, month and day. */
export function day(at: number): string {
  return new Intl.DateTimeFormat(tag() === 'en' ? 'en-GB' : 'zh-CN', { dateStyle: 'medium' }).format(at);
}
