/** What the sample project must look like, as far as that can be seen without DevEco. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { etsFiles } from './arkts.mjs';
import { readJson } from './layout.mjs';

const PUSH_LISTENER = 'action.ohos.push.listener';
const HOME = 'action.system.home';
/** Besides what names other files: without these DevEco does not take a folder for a project. */
const FILES = ['AppScope/app.json5', 'build-profile.json5', 'hvigorfile.ts', 'hvigor/hvigor-config.json5'];
FILES.push('oh-package.json5', 'entry/build-profile.json5', 'entry/hvigorfile.ts', 'entry/oh-package.json5');
/** The oldest system that the modules are for, and what the project's own code needs of a newer one. */
const NEWER = [['openNotificationSettings', 13]];
const MODULES_API = 12;
/** What a kit is no use without; a module brings it along. */
const PERMISSIONS = [
  ['webSocket.createWebSocket', 'ohos.permission.INTERNET'],
  ['connection.createNetConnection', 'ohos.permission.GET_NETWORK_INFO'],
];

/** Faults of the project in a folder, as sentences. */
export function projectFaults(folder) {
  const missing = FILES.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) return missing.map((file) => `${file} is missing`);
  const { module } = readJson(folder, 'entry/src/main/module.json5');
  return [
    ...versionFaults(folder),
    ...permissionFaults(folder),
    ...moduleFaults(folder),
    ...dependencyFaults(folder),
    ...skillFaults(module.abilities),
    ...pageFaults(folder, module),
    ...resourceFaults(folder),
  ];
}

function versionFaults(folder) {
  const { app } = readJson(folder, 'build-profile.json5');
  const faults = [];
  const { modelVersion } = readJson(folder, 'hvigor/hvigor-config.json5');
  if (readJson(folder, 'oh-package.json5').modelVersion !== modelVersion) {
    faults.push('oh-package.json5 and hvigor-config.json5 have one modelVersion');
  }
  const code = sourceOf(folder, 'entry/src/main');
  const needed = NEWER.filter(([name]) => code.includes(name)).map(([, api]) => api);
  for (const { name, compatibleSdkVersion, buildOption } of app.products) {
    const api = Number(/\((\d+)\)$/.exec(compatibleSdkVersion)?.[1]);
    const least = Math.max(MODULES_API, ...needed);
    if (!(api >= least)) faults.push(`product ${name}: the code needs API ${least}`);
    if (buildOption?.strictMode?.useNormalizedOHMUrl !== true) {
      faults.push(`product ${name}: useNormalizedOHMUrl must be true for HARs that are built apart`);
    }
  }
  return faults;
}

/** Permissions of modules merge into the app: some module asks for what its code uses. */
function permissionFaults(folder) {
  return readJson(folder, 'build-profile.json5').modules.flatMap(({ name, srcPath }) => {
    const main = join(srcPath, 'src/main');
    if (!existsSync(join(folder, main, 'module.json5'))) return [];
    const { requestPermissions = [] } = readJson(folder, join(main, 'module.json5')).module;
    const code = sourceOf(folder, main);
    return PERMISSIONS.filter(([call]) => code.includes(call))
      .filter(([, permission]) => !requestPermissions.some((asked) => asked.name === permission))
      .map(([, permission]) => `module ${name} uses what needs ${permission}`);
  });
}

function sourceOf(folder, main) {
  return etsFiles(join(folder, main))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
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
