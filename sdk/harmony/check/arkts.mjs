/**
 * The official ArkTS rules over .ets files, with our own declarations of the kits: what DevEco's compiler
 * would refuse, found without DevEco. The checker is DevEco's fork of TypeScript, installed under another
 * name than its own because it brings a `tsc` that would stand before TypeScript's.
 */

import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, relative } from 'node:path';
import { arkui } from './arkui.mjs';

/** DevEco's compiler as a module. */
export const ts = createRequire(import.meta.url)('typescript-ohos');

const HARMONY = join(import.meta.dirname, '..');
const ROOT = join(HARMONY, '../..');
/** HarmonyOS 5.0.0, the oldest system the modules are for. */
const API = 12;

const OPTIONS = {
  target: ts.ScriptTarget.ES2021,
  module: ts.ModuleKind.ES2020,
  moduleResolution: ts.ModuleResolutionKind.NodeJs,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  lib: ['lib.es2021.d.ts'],
  types: [],
  experimentalDecorators: true,
  compatibleSdkVersion: API,
  compatibleSdkVersionStage: 'release',
  ets: arkui,
  baseUrl: HARMONY,
  paths: {
    '@kit.*': ['stubs/@kit.*'],
    '@hongyan/zim': ['zim/Index.ets'],
    '@hongyan/zpns': ['zpns/Index.ets'],
  },
};

/**
 * Findings in files, each `{ file, line, level: 'error' | 'warning', rule, text }`; `rule` is the ArkTS rule
 * or `tsNUMBER`. What a checked file imports is checked with it.
 */
export function findings(files) {
  const roots = [...files, join(HARMONY, 'stubs/globals.d.ts'), join(HARMONY, 'stubs/arkui.d.ts')];
  const host = ts.createIncrementalCompilerHost(OPTIONS);
  const program = ts.createIncrementalProgram({ rootNames: roots, options: OPTIONS, host });
  const all = [
    ...program.getOptionsDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...program.getSemanticDiagnostics(),
    ...ts.ArkTSLinter_1_1.runArkTSLinter(program, undefined, undefined, 'ArkTS_1_1'),
  ];
  const seen = new Map(all.map(toFinding).map((finding) => [JSON.stringify(finding), finding]));
  return [...seen.values()];
}

function toFinding({ file, start, category, code, messageText }) {
  const text = ts.flattenDiagnosticMessageText(messageText, ' ');
  const rule = /\((arkts-[a-z-]+)\)/.exec(text)?.[1] ?? `ts${code}`;
  return {
    file: file ? relative(ROOT, file.fileName) : '',
    line: file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0,
    level: category === ts.DiagnosticCategory.Error ? 'error' : 'warning',
    rule,
    text,
  };
}

/** Every .ets file of the modules, the page's samples and the sample project. */
export function allFiles() {
  const folders = ['sdk/harmony/zim', 'sdk/harmony/zpns', 'sdk/harmony/tests', 'apps/harmony-sample/entry'];
  return folders.flatMap((folder) => etsFiles(join(ROOT, folder)));
}

/** The .ets files below a folder, sorted. */
export function etsFiles(folder) {
  const inside = (name) => join(folder, name);
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      if (basename(name) === 'oh_modules' || basename(name) === 'build') return [];
      if (statSync(inside(name)).isDirectory()) return etsFiles(inside(name));
      return name.endsWith('.ets') ? [inside(name)] : [];
    });
}

/** A finding as one line. */
export function line({ file, line: number, level, rule, text }) {
  return `${file}:${number} ${level} ${rule} ${text}`;
}
