/**
 * Puts the HarmonyOS modules under tests that were written for the other SDKs: what those import of
 * `sdk/zim/src` and `sdk/zpns/src` is taken from the modules' core, and what is different on a phone from the
 * files beside this one.
 */

import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const HARMONY = join(import.meta.dirname, '../..');
const SDK = join(HARMONY, '..');
const HERE = import.meta.dirname;

/** What a phone has in place of these files. */
const INSTEAD = {
  'zim/src/core.ts': 'core.ts',
  'zim/src/platform/node/index.ts': 'node.ts',
  'zpns/src/emulator.ts': 'emulator.ts',
  'harmony/tests/kits/system.ts': 'system.ts',
};

/** Names of entries of the packages. */
const ENTRIES = {
  '@hongyan/zim/core': 'zim/src/core.ts',
  '@hongyan/zim/node': 'zim/src/platform/node/index.ts',
  '@hongyan/zpns/core': 'zpns/src/core.ts',
  '@hongyan/zpns/emulator': 'zpns/src/emulator.ts',
};

/** The plugin; it stands before `ets`, which finds the modules themselves. */
export function onModules() {
  return {
    name: 'on-modules',
    enforce: 'pre',
    resolveId(name, importer) {
      if (name in ENTRIES) return onPhone(ENTRIES[name], importer);
      if (!name.startsWith('.') || !importer) return null;
      const path = relative(SDK, join(dirname(importer), name)).replace(/\.js$/, '.ts');
      return onPhone(path, importer);
    },
  };
}

/** The file of a phone for one of `sdk`; `null` where there is none. */
function onPhone(path, importer) {
  const instead = INSTEAD[path];
  // What stands in for a file may take from it what is the same.
  if (instead && importer !== join(HERE, instead)) return join(HERE, instead);
  const [, module, part] = /^(zim|zpns)\/src\/(.+)$/.exec(path) ?? [];
  if (!module) return null;
  const own = join(HARMONY, module, 'src/main/ets/core', part);
  if (existsSync(own)) return own;
  return existsSync(join(SDK, path)) ? join(SDK, path) : null;
}
