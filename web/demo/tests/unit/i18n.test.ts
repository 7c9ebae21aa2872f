/** Texts: both languages complete, with the same places to fill, and times that read well. */
import { describe, expect, it } from 'vitest';
import { en } from '../../src/i18n/en';
import { chooseLanguage, fill, initial, namePart, relative } from '../../src/i18n/text';
import { zh, type TextKey } from '../../src/i18n/zh';

const keys = Object.keys(zh) as TextKey[];
const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe('texts', () => {
  it('have the same keys in both languages', () => {
    expect(Object.keys(en).sort()).toEqual([...keys].sort());
  });

  it.each(keys)('%s has the same places in both languages', (key) => {
    expect(places(en[key])).toEqual(places(zh[key]));
    expect(en[key].trim()).not.toBe('');
    expect(zh[key].trim()).not.toBe('');
  });

  it('hold Chinese only in Chinese', () => {
    expect(keys.filter((key) => /[\u4e00-\u9fff]/.test(en[key]))).toEqual([]);
  });

  it('leave a place visible that nobody filled', () => {
    expect(fill('en', 'step.1')).toBe('Ask for a push token');
    expect(fill('zh', 'app.call', { name: '林晚' })).toBe('呼叫林晚');
    expect(fill('zh', 'app.call')).toBe('呼叫{name}');
  });
});

describe('the language', () => {
  it.each([
    [['zh-TW', 'en'], 'zh'],
    [['ZH'], 'zh'],
    [['en-GB', 'zh'], 'en'],
    [['fr'], 'en'],
    [[], 'en'],
  ] as const)('%j is %s', (wanted, language) => expect(chooseLanguage(wanted)).toBe(language));
});

describe('a name', () => {
  it.each([
    ['小安 Ann', '小安', 'Ann'],
    ['雁群 Geese of the lake', '雁群', 'Geese of the lake'],
    ['林晚', '林晚', '林晚'],
    ['Bob', 'Bob', 'Bob'],
    ['小安 2号', '小安 2号', '小安 2号'],
  ])('%s reads %s and %s', (name, zh, en) => {
    expect(namePart('zh', name)).toBe(zh);
    expect(namePart('en', name)).toBe(en);
  });
});

describe('the character of a user', () => {
  it.each([
    ['小安', '安'],
    ['Bob', 'B'],
    ['', ''],
  ])('of %s is %s', (name, letter) => expect(initial(name)).toBe(letter));
});

describe('a time relative to the send', () => {
  it.each([
    [0, '+0\u202fms'],
    [12.4, '+12\u202fms'],
    [5043, '+5\u202f043\u202fms'],
    [-250, '−250\u202fms'],
    [12_340, '+12.3\u202fs'],
    [-180_000, '−3\u202fmin'],
    [-9_000_000, '−3\u202fh'],
  ])('%d ms reads %s', (ms, text) => expect(relative('en', ms)).toBe(text));

  it('has Chinese units in Chinese', () => expect(relative('zh', 12)).toBe('+12\u202f毫秒'));
});
