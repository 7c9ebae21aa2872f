/** Texts: both languages complete, with the same places to fill; numbers and times that read well. */
import { describe, expect, it } from 'vitest';
import { chooseLanguage, counted, distance, fill, isText, percent, span, worded } from '../../src/i18n/text';
import { access } from '../../src/i18n/areas/access';
import { apps } from '../../src/i18n/areas/apps';
import { common, errors } from '../../src/i18n/areas/common';
import { look } from '../../src/i18n/areas/look';
import { push } from '../../src/i18n/areas/push';
import { texts, type TextKey } from '../../src/i18n/texts';
import { readDocument } from '../../scripts/types.mjs';

const keys = Object.keys(texts) as TextKey[];
const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe('texts', () => {
  it('have the same places to fill in both languages', () => {
    expect(keys.filter((key) => String(places(texts[key][0])) !== String(places(texts[key][1])))).toEqual([]);
  });

  it('are nowhere empty, and Chinese only in Chinese', () => {
    // English has no word for "个".
    expect(keys.filter((key) => texts[key].some((text) => text.trim() === ''))).toEqual(['unit.count']);
    expect(keys.filter((key) => /[\u4e00-\u9fff]/.test(texts[key][0]))).toEqual([]);
  });

  it('no area overwrites a key of another', () => {
    const sum = [common, errors, access, apps, push, look].flatMap((area) => Object.keys(area)).length;
    expect(keys.length).toBe(sum);
  });

  it('leave a place visible that nobody filled', () => {
    expect(fill('en', 'keys.rotate_title', { name: 'AppSign' })).toBe('A new AppSign');
    expect(fill('zh', 'keys.rotate_title')).toBe('生成新的 {name}');
  });

  it('speak of every error code that the server’s document lists', async () => {
    const document = await readDocument();
    const codes = [...document.info.description.matchAll(/^- `(\w+)`/gm)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(15);
    expect(codes.filter((code) => !isText(`error.${code}`))).toEqual([]);
  });

  it('speak of every finding and rule that the server has a code for', async () => {
    const { schemas } = (await readDocument()).components;
    const finding = (schemas.FindingCode.enum as string[]).map((code) => `finding.${code}`);
    const rule = (schemas.RuleCode.enum as string[]).map((code) => `rule.${code}`);
    expect(finding.length).toBeGreaterThan(20);
    const own = keys.filter((key) => /^(finding|rule)\./.test(key));
    expect(own.sort()).toEqual([...finding, ...rule].sort());
    expect(own.filter((key) => !/[\u4e00-\u9fff]/.test(texts[key][1]))).toEqual([]);
  });

  it('give way to the server’s sentence when a code is unknown or a number is missing', () => {
    expect(worded('zh', 'finding.key_size', { bits: 1024 })).toContain('1024');
    expect(worded('zh', 'finding.key_size')).toBeUndefined();
    expect(worded('zh', 'finding.of_tomorrow')).toBeUndefined();
  });

  it('speak of every value of the enumerations that pages show', async () => {
    const { schemas } = (await readDocument()).components;
    const values = (schema: string, field: string): string[] => schemas[schema].properties[field].enum;
    const shown = [
      ...values('TraceDevice', 'state').map((name) => `outcome.${name}`),
      ...values('Hop', 'hop').map((name) => `hop.${name}`),
      ...values('Hop', 'state').map((name) => `hop.${name}`),
      ...values('Alarm', 'kind').map((name) => `alarm.${name}`),
      ...values('PushID', 'state').map((name) => `push_id.${name}`),
      ...values('CredentialTest', 'verdict').map((name) => `verdict.${name}`),
      ...values('Me', 'role').map((name) => `role.${name}`),
      ...values('DebugInput', 'kind').map((name) => `debug.${name}`),
      ...values('Policy', 'group').map((name) => `policies.${name}`),
      ...values('TraceDispatch', 'purpose').map((name) => `trace.purpose.${name}`),
    ];
    expect(shown.filter((key) => !isText(key))).toEqual([]);
  });
});

describe('the language', () => {
  it.each([
    [['zh-TW', 'en'], 'zh'],
    [['en-GB', 'zh'], 'en'],
    [[], 'en'],
  ] as const)('%j is %s', (wanted, language) => expect(chooseLanguage(wanted)).toBe(language));
});

describe('numbers and times', () => {
  it.each([
    [412, '412\u202fms', '412\u202f毫秒'],
    [5043, '5.0\u202fs', '5.0\u202f秒'],
    [720_000, '12\u202fmin', '12\u202f分钟'],
    [86_400_000, '24\u202fh', '24\u202f小时'],
    [864_000_000, '10\u202fd', '10\u202f天'],
  ])('%d ms reads %s and %s', (ms, en, zh) => {
    expect(span('en', ms)).toBe(en);
    expect(span('zh', ms)).toBe(zh);
  });

  it('says how long ago', () => {
    expect(distance('en', -180_000)).toBe('3 minutes ago');
    expect(distance('zh', 172_800_000)).toBe('后天');
    expect(distance('en', -400)).toBe('now');
  });

  it.each([
    [0, '0'],
    [0.333, '0.33'],
    [12.6, '13'],
    [1_234_567, '1,234,567'],
  ])('%d is counted as %s', (n, text) => expect(counted(n)).toBe(text));

  it.each([
    [0, '0.0\u202f%'],
    [0.0004, '<\u202f0.1\u202f%'],
    [0.052, '5.2\u202f%'],
    [0.5, '50\u202f%'],
  ])('a share of %d is %s', (share, text) => expect(percent(share)).toBe(text));
});
