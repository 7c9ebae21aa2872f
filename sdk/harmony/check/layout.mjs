/** What a HAR module must look like on disk, as far as that can be seen without DevEco. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const FILES = ['Index.ets', 'oh-package.json5', 'build-profile.json5', 'hvigorfile.ts', 'LICENSE'];
FILES.push('README.md', 'CHANGELOG.md', 'consumer-rules.txt', 'src/main/module.json5');

/** Faults of the module in a folder, as sentences. `version`: of the SDK it carries. */
export function layoutFaults(folder, name, version) {
  const missing = FILES.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) return missing.map((file) => `${file} is missing`);
  return [
    ...packageFaults(readJson(folder, 'oh-package.json5'), name, version),
    ...moduleFaults(readJson(folder, 'src/main/module.json5')),
    ...profileFaults(folder, readJson(folder, 'build-profile.json5')),
    ...textFaults(folder),
    ...importFaults(folder),
  ];
}

function packageFaults(manifest, name, version) {
  const faults = [];
  if (manifest.name !== name) faults.push(`the package is ${manifest.name}, not ${name}`);
  const isName = /^@[a-z0-9_-]+\/[a-z0-9_-]+$/.test(manifest.name);
  if (!isName) faults.push('a package name is @group/name, lower case');
  if (manifest.version !== version) faults.push(`the version is ${manifest.version}, the SDK's ${version}`);
  if (manifest.main !== 'Index.ets') faults.push('main must be Index.ets');
  if (!manifest.license || !manifest.description) faults.push('license and description must be there');
  if (Object.keys(manifest.dependencies ?? {}).length > 0) faults.push('the module must depend on nothing');
  return faults;
}

function moduleFaults({ module }) {
  const faults = [];
  if (module.type !== 'har') faults.push('the type of the module must be har');
  if (!/^[a-z][a-z0-9_]*$/.test(module.name)) faults.push(`${module.name} is no name of a module`);
  for (const key of ['pages', 'abilities', 'mainElement', 'extensionAbilities']) {
    if (key in module) faults.push(`a HAR for all systems has no ${key}`);
  }
  return faults;
}

function profileFaults(folder, profile) {
  const faults = profile.apiType === 'stageMode' ? [] : ['apiType must be stageMode'];
  const rules = profile.buildOptionSet?.[0]?.arkOptions?.obfuscation?.consumerFiles ?? [];
  if (rules.length === 0) faults.push('a release build would rename the fields of frames');
  for (const file of rules) if (!existsSync(join(folder, file))) faults.push(`${file} is missing`);
  return faults;
}

function textFaults(folder) {
  const text = (file) => readFileSync(join(folder, file), 'utf8');
  const faults = text('README.md').includes('## 中文') ? [] : ['README.md has no Chinese part'];
  if (!text('CHANGELOG.md').includes(readJson(folder, 'oh-package.json5').version)) {
    faults.push('CHANGELOG.md does not name the version');
  }
  return faults;
}

/** Imports find a file, stay inside, and never lead from .ts to .ets: no device would load that. */
function importFaults(folder) {
  return sources(folder).flatMap((path) => {
    const imports = [...readFileSync(path, 'utf8').matchAll(/\bfrom\s+'([^']+)'/g)].map(([, name]) => name);
    return imports.flatMap((name) => importFault(folder, path, name));
  });
}

function importFault(folder, path, name) {
  const at = `${relative(folder, path)} imports ${name}`;
  if (!name.startsWith('.')) {
    const known = name.startsWith('@kit.') || path.endsWith('hvigorfile.ts');
    return known ? [] : [`${at}: not a kit`];
  }
  const target = join(dirname(path), name);
  if (!target.startsWith(folder)) return [`${at}: outside of the module`];
  if (existsSync(`${target}.ts`)) return [];
  if (!existsSync(`${target}.ets`)) return [`${at}: there is no such file`];
  return path.endsWith('.ts') ? [`${at}: TypeScript must not import ArkTS`] : [];
}

function sources(folder) {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? sources(path) : /\.e?ts$/.test(path) ? [path] : []));
}

/** A .json5 file of ours: JSON with comments on lines of their own. */
export function readJson(folder, file) {
  const text = readFileSync(join(folder, file), 'utf8');
  return JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, ''));
}
