/** What a strategy may set for each vendor, as a form; reading and writing of it. Another vendor is one more row. */
import type { TextKey } from '../../i18n/texts';

/** One option of a vendor. Its texts are `option.NAME` and `option.NAME.hint`. */
export interface Option {
  name: string;
  kind: 'choice' | 'text' | 'flag' | 'number';
  /** For choices: what is stored, and what is shown if it is not a text of `option.NAME.VALUE`. */
  choices?: readonly (string | number)[];
  /** Whether the choices have texts of their own. */
  spoken?: boolean;
}

/** Categories of Push Kit that a notice may have. */
const CATEGORIES = [
  'IM',
  'VOIP',
  'MISS_CALL',
  'SUBSCRIPTION',
  'TRAVEL',
  'HEALTH',
  'WORK',
  'ACCOUNT',
  'EXPRESS',
  'FINANCE',
  'DEVICE_REMINDER',
  'MAIL',
  'MARKETING',
];

/** Options by vendor, in the order of the form. */
export const VENDOR_OPTIONS: Readonly<Record<string, readonly Option[]>> = {
  harmony: [
    { name: 'push_type', kind: 'choice', choices: [0, 6, 10], spoken: true },
    { name: 'category', kind: 'choice', choices: CATEGORIES },
    { name: 'click_type', kind: 'choice', choices: [0, 1], spoken: true },
    { name: 'uri', kind: 'text' },
    { name: 'action', kind: 'text' },
    { name: 'image', kind: 'text' },
    { name: 'sound', kind: 'text' },
    { name: 'sound_duration_s', kind: 'number' },
    { name: 'foreground_show', kind: 'flag' },
    { name: 'receipt_id', kind: 'text' },
    { name: 'background_mode', kind: 'choice', choices: [0, 1], spoken: true },
    { name: 'proxy_data', kind: 'flag' },
    { name: 'test_message', kind: 'flag' },
  ],
};

/** Options as stored, by vendor. */
export type StoredOptions = Record<string, unknown>;

/** The text of one option of a vendor as the form holds it; '' is not set. */
export function optionText(options: StoredOptions, vendor: string, name: string): string {
  const value = asObject(options[vendor])[name];
  if (value === undefined || value === null) return '';
  if (isFlag(vendor, name)) return value === 1 || value === true ? 'on' : 'off';
  return String(value);
}

/** The options with one set, or left out for ''. */
export function withOption(
  options: StoredOptions,
  vendor: string,
  option: Option,
  text: string,
): StoredOptions {
  const own = { ...asObject(options[vendor]) };
  if (text.trim() === '') delete own[option.name];
  else own[option.name] = stored(option, text.trim());
  return { ...options, [vendor]: own };
}

function stored(option: Option, text: string): unknown {
  if (option.kind === 'flag') return text === 'on';
  if (option.kind === 'number') return Number.isFinite(Number(text)) ? Number(text) : text;
  return option.choices?.find((choice) => String(choice) === text) ?? text;
}

/** Reads the JSON of all options; null when it is not an object. */
export function readOptions(text: string): StoredOptions | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as StoredOptions)
      : null;
  } catch {
    return null;
  }
}

/** What a choice is called. */
export function choiceText(option: Option, value: string | number): TextKey | string {
  return option.spoken ? `option.${option.name}.${value}` : String(value);
}

function isFlag(vendor: string, name: string): boolean {
  return VENDOR_OPTIONS[vendor]?.some((option) => option.name === name && option.kind === 'flag') === true;
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
