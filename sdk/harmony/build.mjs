/**
 * Takes the TypeScript core of both SDKs into the HarmonyOS modules, and puts the finished modules into the
 * sample project: `node build.mjs`, or `node build.mjs FOLDER` for a project of your own.
 *
 * DevEco's compiler resolves imports without an ending, so `.js` is cut off; nothing else is changed. Files
 * that only browsers or Node have are not reached from the entries below and stay behind.
 */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { argv, stdout } from 'node:process';
import { reservedNames } from './reserved.mjs';

const HERE = import.meta.dirname;
const CORES = {
  zim: ['zim.ts', 'codes.ts', 'types/index.ts', 'platform/index.ts'],
  zpns: ['zpns.ts', 'link.ts', 'types.ts'],
};
const LOCAL_IMPORT = /(\bfrom\s+|\bimport\s+)'(\.{1,2}\/[^']+)\.js'/g;

const target = argv[2] ?? join(HERE, '../../apps/harmony-sample');
for (const [name, entries] of Object.entries(CORES)) {
  takeIn(name, entries);
  place(name);
}

/** Copies the files that the entries reach into the module's `core` folder. */
function takeIn(name, entries) {
  const from = join(HERE, '..', name, 'src');
  const main = join(HERE, name, 'src/main/ets');
  rmSync(join(main, 'core'), { recursive: true, force: true });
  const files = reach(from, entries);
  for (const [path, text] of files) write(join(main, 'core', path), text.replace(LOCAL_IMPORT, "$1'$2'"));
  write(join(main, 'core/host.ts'), readFileSync(join(HERE, 'shared/host.ts'), 'utf8'));
  const own = readdirSync(main).filter((file) => file.endsWith('.ts'));
  const texts = own.map((file) => readFileSync(join(main, file), 'utf8'));
  write(join(HERE, name, 'consumer-rules.txt'), reservedNames([...files.values(), ...texts]));
}

/** Path → text of every file that the entries import, themselves included. */
function reach(from, entries) {
  const files = new Map();
  const open = [...entries];
  while (open.length > 0) {
    const path = open.pop();
    if (files.has(path)) continue;
    const text = readFileSync(join(from, path), 'utf8');
    files.set(path, text);
    for (const [, , imported] of text.matchAll(LOCAL_IMPORT)) {
      open.push(normalize(join(dirname(path), `${imported}.ts`)));
    }
  }
  return files;
}

/** Puts a finished module into a project as `hongyan/NAME`. */
function place(name) {
  if (!existsSync(target)) throw new Error(`${target} is no folder`);
  const to = join(target, 'hongyan', name);
  rmSync(to, { recursive: true, force: true });
  cpSync(join(HERE, name), to, { recursive: true });
  if (argv[2]) stdout.write(`${name}: ${relative('.', to)}\n`);
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
