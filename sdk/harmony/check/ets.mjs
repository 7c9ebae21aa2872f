/**
 * Runs .ets files on Node: they are transpiled by DevEco's compiler, the kits are the played ones of
 * `tests/kits`, and both modules are taken from their sources. `bundle` makes one program of them, `ets` is
 * for a test runner.
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

/** Names of modules, of parts of them, of kits and of the sample, and where their files are. */
const PLACES = [
  [/^@kit\.(\w+)$/, (kit) => join(HARMONY, 'tests/kits', kit)],
  [/^@hongyan\/(zim|zpns)$/, (module) => join(HARMONY, module, 'Index')],
  [/^@modules\/(zim|zpns)\/(.+)$/, (module, part) => join(HARMONY, module, 'src/main/ets', part)],
  [/^@sample\/(.+)$/, (part) => join(SAMPLE, part)],
];

/** Finds and reads what a .ets file imports, as DevEco's loader does. */
export function ets() {
  return {
    name: 'ets',
    enforce: 'pre',
    resolveId(name, importer) {
      for (const [pattern, place] of PLACES) {
        const found = pattern.exec(name);
        if (found) return withEnding(place(...found.slice(1)));
      }
      if (!name.startsWith('.') || !importer) return null;
      return withEnding(join(dirname(importer), name));
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

/** The file that a name without its ending means; `null` if there is none. */
function withEnding(target) {
  const endings = ['', '.ets', '.ts'];
  const found = endings.find((ending) => /\.e?ts$/.test(target + ending) && existsSync(target + ending));
  return found === undefined ? null : target + found;
}
