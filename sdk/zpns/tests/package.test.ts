/** Both packages as they are published: what they export, to whom, and that they depend on nothing. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../src/version.js';

const PACKAGES = join(import.meta.dirname, '../..');

interface Manifest {
  version: string;
  dependencies?: object;
  exports: Record<string, unknown>;
}

function manifest(name: string): Manifest {
  return JSON.parse(readFileSync(join(PACKAGES, name, 'package.json'), 'utf8')) as Manifest;
}

/** Runs code in a fresh Node, without the aliases of these tests. */
function run(kind: 'module' | 'commonjs', code: string): string {
  const args = [`--input-type=${kind}`, '--eval', code];
  return execFileSync(process.execPath, args, { cwd: join(PACKAGES, 'zpns'), encoding: 'utf8' }).trim();
}

/** Every file an `exports` map names. */
function targets(entry: unknown): string[] {
  if (typeof entry === 'string') return [entry];
  return Object.values(entry as object).flatMap(targets);
}

describe.each(['zim', 'zpns'])('@hongyan/%s', (name) => {
  it('depends on nothing and has a version of its own', () => {
    expect(manifest(name).dependencies).toBeUndefined();
    expect(VERSION).toBe(manifest('zpns').version);
  });

  it('has every file that it exports', () => {
    const files = targets(manifest(name).exports);
    expect(files.length).toBeGreaterThan(8);
    for (const file of files) expect(existsSync(join(PACKAGES, name, file)), file).toBe(true);
    for (const file of ['README.md', 'LICENSE']) expect(existsSync(join(PACKAGES, name, file))).toBe(true);
  });

  it('reaches for nothing of Node in a browser', () => {
    const folder = join(PACKAGES, name, name === 'zim' ? 'dist/browser' : 'dist');
    const files = readdirSync(folder).filter((file) => /\.c?js$/.test(file));
    for (const file of files) expect(readFileSync(join(folder, file), 'utf8'), file).not.toMatch(/["']node:/);
  });
});

describe('imports', () => {
  it('of ES modules', () => {
    const code = `
      import Zim, { ZIM, ZIMErrorCode } from '@hongyan/zim';
      import { createClient } from '@hongyan/zim/core';
      import { nodePlatform } from '@hongyan/zim/node';
      import Push, { ZPNs } from '@hongyan/zpns';
      import { createPush } from '@hongyan/zpns/core';
      import { EmulatedPhone } from '@hongyan/zpns/emulator';
      const all = [createClient, nodePlatform, createPush, EmulatedPhone].every(Boolean);
      console.log(Zim === ZIM, Push === ZPNs, ZIMErrorCode.CommonModuleParamsInvalid, all);`;
    expect(run('module', code)).toBe('true true 6000001 true');
  });

  it('of CommonJS', () => {
    const code = `
      const { ZIM, default: Zim } = require('@hongyan/zim');
      const { ZPNs, default: Push } = require('@hongyan/zpns');
      const parts = ['zim/core', 'zim/node', 'zpns/core', 'zpns/emulator'];
      const all = parts.map((part) => Object.keys(require('@hongyan/' + part)).length > 0);
      console.log(Zim === ZIM, Push === ZPNs, all.join());`;
    expect(run('commonjs', code)).toBe('true true true,true,true,true');
  });

  it('find each other whichever way they come', () => {
    const code = `
      import { createRequire } from 'node:module';
      import { ZIM } from '@hongyan/zim';
      const { createPush } = createRequire(process.cwd() + '/x.js')('@hongyan/zpns/core');
      const zim = ZIM.create({ appID: 1, appSign: 'x', server: 'http://127.0.0.1:1' });
      const provider = { vendor: 'harmony', getToken: async () => 'MA' };
      createPush({ provider, zim }).close();
      zim.destroy();
      console.log('found');`;
    expect(run('module', code)).toBe('found');
  });
});

it('types are found by both kinds of importers', () => {
  const tsc = join(PACKAGES, '../node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', join(import.meta.dirname, 'importers/tsconfig.json')];
  expect(() => execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' })).not.toThrow();
});
