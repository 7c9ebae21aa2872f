/** The language of the page now: by browser, changed by the switch, remembered. */
import type { Sentence } from '../api';
import { chooseLanguage, fill, namePart, relative, type Language } from './text';
import type { TextKey } from './zh';

const STORED = 'hongyan.demo.language';
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

/** A sentence of the server in the language now. */
export function said(sentence: Sentence | null): string {
  return sentence?.[language] ?? '';
}

/** A name as this language shows it. */
export function named(name: string): string {
  return namePart(language, name);
}

/** A time relative to the send. */
export function since(ms: number): string {
  return relative(language, ms);
}

/** Hours and minutes of a moment. */
export function clock(at: number): string {
  return new Intl.DateTimeFormat('zh-CN', { hour: '2-digit', minute: '2-digit', hour12: false }).format(at);
}

/** Day of the month and week, as a lock screen shows it. */
export function day(at: number): string {
  const options: Intl.DateTimeFormatOptions = { month: 'long', day: 'numeric', weekday: 'long' };
  return new Intl.DateTimeFormat(tag(), options).format(at);
}
