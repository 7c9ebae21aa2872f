/**
 * Makes one Node program of .ets files: they are transpiled by DevEco's compiler, the kits are the played
 * ones of `tests/kits`, and both modules are taken from their sources.
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'vite';
import { ts } from './arkts.mjs';

const HARMONY = join(import.meta.dirname, '..');
const SAMPLE = join(HARMONY, '../../apps/harmony-sample/entry/src/main/ets');
const OPTIONS = {
  target: ts.ScriptTarget.ES2021,
  module: ts.ModuleKind.ES2020,
  experimentalDecorators: true,
  noTransformedKitInParser: true,
};

/** Bundles `entry` into `outFolder/app.mjs`, and gives its path. */
export async function bundle(entry, outFolder) {
  await build({
    configFile: false,
    logLevel: 'warn',
    plugins: [ets()],
    ssr: { noExternal: true },
    build: {
      ssr: resolve(entry),
      outDir: outFolder,
      emptyOutDir: true,
      target: 'node20',
      minify: false,
      rollupOptions: { output: { entryFileNames: 'app.mjs', codeSplitting: false } },
    },
  });
  return join(outFolder, 'app.mjs');
}

/** Finds and reads what a .ets file imports, as DevEco's loader does. */
function ets() {
  return {
    name: 'ets',
    enforce: 'pre',
    resolveId(name, importer) {
      if (name.startsWith('@kit.')) return join(HARMONY, 'tests/kits', `${name.slice('@kit.'.length)}.ts`);
      if (name.startsWith('@hongyan/')) return join(HARMONY, name.slice('@hongyan/'.length), 'Index.ets');
      if (name.startsWith('@sample/')) return join(SAMPLE, `${name.slice('@sample/'.length)}.ets`);
      if (!name.startsWith('.') || !importer) return null;
      const target = join(dirname(importer), name);
      const endings = ['', '.ets', '.ts'];
      const found = endings.find((ending) => /\.e?ts$/.test(target + ending) && existsSync(target + ending));
      return found === undefined ? null : target + found;
    },
    load(path) {
      if (!path.endsWith('.ets')) return null;
      const transpiled = ts.transpileModule(readFileSync(path, 'utf8'), {
        compilerOptions: OPTIONS,
        fileName: path,
      });
      return { code: transpiled.outputText, map: null, moduleType: 'js' };
    },
  };
}
