/** What this package repeats of the server, and of its own package.json, is equal to it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CloseCode, comesBack } from '../../src/codes.js';
import * as limits from '../../src/limits.js';
import { ZIMErrorCode } from '../../src/types/error-code.js';
import { VERSION } from '../../src/version.js';

const WIRE = join(import.meta.dirname, '../../../../crates/wire/src');
const read = (path: string): string => readFileSync(path, 'utf8');

describe('limits', () => {
  const server = new Map<string, number>();
  for (const [, name, text] of read(join(WIRE, 'limits.rs')).matchAll(/pub const (\w+): \w+ = ([^;]+);/g)) {
    server.set(
      name!,
      text!.split('*').reduce((product, factor) => product * Number(factor.replaceAll('_', '')), 1),
    );
  }
  const shared = Object.entries(limits).filter(([name]) => server.has(name));

  it.each(shared)('%s', (name, value) => {
    expect(value).toBe(server.get(name));
  });

  it('are shared for the most part', () => {
    expect(shared.length).toBeGreaterThan(25);
  });
});

describe('close codes', () => {
  const codes = read(join(WIRE, 'codes.rs'));
  const server = [...codes.matchAll(/^ {4}(\w+) = (4\d{3}),$/gm)].map(
    ([, name, code]) => [name, Number(code)] as const,
  );

  it('are the same, and their range says whether to come back', () => {
    expect(Object.fromEntries(server)).toEqual(CloseCode);
    for (const [, code] of server) expect(comesBack(code)).toBe(code < 4100);
    expect(comesBack(1006) && comesBack(1001) && comesBack(1000)).toBe(true);
  });

  it('and error codes of the server have names here, but for those ZIM gives none', () => {
    const answered = [...codes.matchAll(/^ {4}\w+ = (6\d{6}), "/gm)].map(([, code]) => Number(code));
    expect(answered.length).toBeGreaterThan(30);
    const unnamed = answered.filter((code) => ZIMErrorCode[code] === undefined);
    expect(unnamed).toEqual([6000231, 6000404]);
  });
});

it('the version is that of the package', () => {
  expect(VERSION).toBe(
    (JSON.parse(read(join(import.meta.dirname, '../../package.json'))) as { version: string }).version,
  );
});
