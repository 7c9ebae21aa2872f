/** The README names exactly the methods of ZIM web that this version does not have. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ZIM } from '../../src/index.node.js';

it('names what is missing', () => {
  const root = dirname(createRequire(import.meta.url).resolve('zego-zim-web/package.json'));
  const typings = readFileSync(join(root, 'entity/ZIM.d.ts'), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
  const methods = [...typings.matchAll(/(?:abstract|static) (\w+)[(<]/g)].map(([, name]) => name!);
  const ours = new Set<string>([...namesOf(ZIM), ...namesOf(ZIM.prototype)]);
  const missing = [...new Set(methods)].filter((name) => !ours.has(name));
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const [, list = ''] = /<!-- methods -->([\s\S]*)<!-- \/methods -->/.exec(readme) ?? [];
  expect([...list.matchAll(/`(\w+)`/g)].map(([, name]) => name!).sort()).toEqual(missing.sort());
});

/** Names of an object and of what it inherits from. */
function namesOf(value: object | null): string[] {
  return value
    ? [...Object.getOwnPropertyNames(value), ...namesOf(Object.getPrototypeOf(value) as object)]
    : [];
}
