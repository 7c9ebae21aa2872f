/** What the sample project must look like, as far as that can be seen without DevEco. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { etsFiles } from './arkts.mjs';
import { readJson } from './layout.mjs';

const PUSH_LISTENER = 'action.ohos.push.listener';
const HOME = 'action.system.home';

/** Faults of the project in a folder, as sentences. */
export function projectFaults(folder) {
  const { module } = readJson(folder, 'entry/src/main/module.json5');
  return [
    ...moduleFaults(folder),
    ...dependencyFaults(folder),
    ...skillFaults(module.abilities),
    ...pageFaults(folder, module),
    ...resourceFaults(folder),
  ];
}

function moduleFaults(folder) {
  return readJson(folder, 'build-profile.json5').modules.flatMap(({ name, srcPath }) => {
    const path = join(srcPath, 'src/main/module.json5');
    if (!existsSync(join(folder, path))) return [`module ${name}: ${path} is missing`];
    const declared = readJson(folder, path).module.name;
    return declared === name ? [] : [`module ${name} calls itself ${declared}`];
  });
}

function dependencyFaults(folder) {
  const { dependencies } = readJson(folder, 'entry/oh-package.json5');
  return Object.entries(dependencies).flatMap(([name, path]) => {
    const target = join('entry', path.replace(/^file:/, ''));
    if (!existsSync(join(folder, target, 'oh-package.json5'))) return [`${name}: ${path} is no package`];
    const declared = readJson(folder, join(target, 'oh-package.json5')).name;
    return declared === name ? [] : [`${name} is called ${declared}`];
  });
}

/** One ability has a skill of its own for Push Kit, and the home skill is bare. */
function skillFaults(abilities) {
  const faults = [];
  const skills = abilities.flatMap((ability) => ability.skills ?? []);
  const listeners = skills.filter(({ actions }) => actions?.includes(PUSH_LISTENER));
  if (listeners.length !== 1) faults.push(`exactly one skill has ${PUSH_LISTENER}`);
  if (listeners.some(({ actions }) => actions.length > 1)) faults.push('the skill of Push Kit stands alone');
  const home = skills.filter(({ actions }) => actions?.includes(HOME));
  if (home.some(({ uris }) => uris)) faults.push('the home skill must not have uris');
  if (abilities.some(({ launchType }) => launchType !== 'singleton')) {
    faults.push('a tap must reach the running ability: singleton');
  }
  return faults;
}

function pageFaults(folder, module) {
  const main = join(folder, 'entry/src/main');
  const pages = readJson(main, 'resources/base/profile/main_pages.json').src.map((page) => `ets/${page}.ets`);
  const entries = module.abilities.map(({ srcEntry }) => srcEntry);
  return [...pages, ...entries]
    .filter((path) => !existsSync(join(main, path)))
    .map((path) => `${path} is missing`);
}

function resourceFaults(folder) {
  const app = join(folder, 'AppScope');
  const entry = join(folder, 'entry/src/main');
  const texts = etsFiles(entry).map((path) => readFileSync(path, 'utf8'));
  const used = [readFileSync(join(entry, 'module.json5'), 'utf8'), ...texts].flatMap(references);
  const known = resources(entry);
  const missing = used.filter((name) => !known.includes(name));
  const ofApp = references(readFileSync(join(app, 'app.json5'), 'utf8'));
  missing.push(...ofApp.filter((name) => !resources(app).includes(name)));
  const untranslated = strings(entry, 'base').filter((name) => !strings(entry, 'zh_CN').includes(name));
  return [
    ...missing.map((name) => `${name} is missing`),
    ...untranslated.map((name) => `${name}: no Chinese`),
  ];
}

/** `string:app_name` for `$string:app_name` and for `$r('app.string.app_name')`. */
function references(text) {
  const found = [
    ...text.matchAll(/\$(string|media|color|profile):(\w+)|'app\.(string|media|color)\.(\w+)'/g),
  ];
  return found.map(([, kind, name, kindOfCode, nameOfCode]) => `${kind ?? kindOfCode}:${name ?? nameOfCode}`);
}

function resources(main) {
  const base = join(main, 'resources/base');
  const list = (kind) => (existsSync(join(base, kind)) ? readdirSync(join(base, kind)) : []);
  const files = ['media', 'profile'].flatMap((kind) =>
    list(kind).map((file) => `${kind}:${file.split('.')[0]}`),
  );
  const elements = list('element').flatMap((file) => Object.entries(readJson(base, `element/${file}`)));
  return [...files, ...elements.flatMap(([kind, all]) => all.map(({ name }) => `${kind}:${name}`))];
}

function strings(main, language) {
  return readJson(main, `resources/${language}/element/string.json`).string.map(({ name }) => name);
}
