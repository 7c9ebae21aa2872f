/** The ArkTS rules hold in every .ets file, the check itself bites, and the modules are whole. */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { allFiles, findings, line } from '../check/arkts.mjs';
import { layoutFaults } from '../check/layout.mjs';
import { projectFaults } from '../check/project.mjs';

const HARMONY = join(import.meta.dirname, '..');

function version(sdk: string): string {
  const manifest = readFileSync(join(HARMONY, '..', sdk, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

describe('ArkTS', () => {
  const files = allFiles();

  it('finds nothing in modules, samples of the page and sample project', () => {
    expect(files.length).toBeGreaterThan(8);
    expect(findings(files).map(line)).toEqual([]);
  });

  it('finds what is wrong in a file that is', () => {
    const found = findings([join(HARMONY, 'check/bad.ets')]).map(({ line: at, rule }) => `${at} ${rule}`);
    expect(found.sort()).toEqual([...BAD].sort());
  });

  it.each(['harmony.md', 'zh/harmony.md'])('finds nothing in the samples of docs/%s', (guide) => {
    const text = readFileSync(join(HARMONY, '../../docs', guide), 'utf8');
    const samples = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, sample]) => sample!);
    expect(samples).toHaveLength(6);
    const isTop = (sample: string): boolean => /^(import|export)/.test(sample);
    const imports = samples.filter((sample) => sample.startsWith('import')).join('');
    const classes = samples.filter((sample) => sample.startsWith('export')).join('');
    const bodies = samples.filter((sample) => !isTop(sample)).join('');
    const file = join(mkdtempSync(join(tmpdir(), 'hongyan-guide-')), 'Guide.ets');
    const method = `async samples(zim: ZIM): Promise<void> {\n${bodies}\n}`;
    const around = `class Around extends UIAbility { ${method} }`;
    writeFileSync(file, `${GUIDE_IMPORTS}${imports}${classes}${around}\nexport { Around };\n`);
    const found = findings([file]).map(line);
    rmSync(dirname(file), { recursive: true });
    expect(found).toEqual([]);
  });

  it('has a compiler beside TypeScript, not in its place', () => {
    const tsc = join(HARMONY, '../../node_modules/.bin/tsc');
    expect(execFileSync(tsc, ['--version'], { encoding: 'utf8' })).toMatch(/^Version [6-9]/);
  });
});

/** What the guide's samples use and, being samples, do not import themselves. */
const GUIDE_IMPORTS = `
import { AbilityConstant, UIAbility, Want } from '@kit.AbilityKit';
import { BusinessError } from '@kit.BasicServicesKit';
import { notificationManager } from '@kit.NotificationKit';
import { hilog } from '@kit.PerformanceAnalysisKit';
import { ZIMCallInviteConfig, ZIMMessage, ZIMMessageSendConfig, ZIMPushConfig } from '@hongyan/zim';
import { ZPNsMessage, ZPNsRegisterMessage } from '@hongyan/zpns';
`;

/** Line of bad.ets and the rule that finds it. */
const BAD = [
  '6 arkts-no-any-unknown',
  '7 arkts-no-untyped-obj-literals',
  '8 arkts-no-var',
  '9 ts2741',
  '11 ts2564',
  '12 arkts-no-private-identifiers',
  '18 arkts-no-destruct-decls',
  '19 arkts-no-delete',
  '20 arkts-no-props-by-index',
  '20 ts2322',
  '22 arkts-no-for-in',
  '25 arkts-limited-throw',
  '26 ts2554',
  '27 ts2322',
  '28 arkts-no-func-expressions',
  '28 ts2551',
];

describe('the sample project', () => {
  const project = join(HARMONY, '../../apps/harmony-sample');
  const broken = mkdtempSync(join(tmpdir(), 'hongyan-sample-'));
  afterAll(() => rmSync(broken, { recursive: true }));

  it('is whole: modules, dependencies, skills, pages, resources in two languages', () => {
    expect(projectFaults(project)).toEqual([]);
  });

  it.each<[string, string, string | RegExp, string, RegExp]>([
    ['a lost module', 'build-profile.json5', './hongyan/zim', './hongyan/zimm', /hongyan_zim: .* is missing/],
    ['a module by another name', 'build-profile.json5', '"hongyan_zim"', '"zim"', /calls itself hongyan_zim/],
    ['two models', 'oh-package.json5', '"5.0.0"', '"5.0.1"', /one modelVersion/],
    ['an older system', 'build-profile.json5', '5.0.1(13)', '5.0.0(12)', /needs API 13/],
    ['other names', 'build-profile.json5', 'OHMUrl": true', 'OHMUrl": false', /useNormalizedOHMUrl/],
    ['no network', 'hongyan/zim/src/main/module.json5', 'permission.INTERNET', 'permission.NFC', /INTERNET/],
    ['a lost package', 'entry/oh-package.json5', '../hongyan/zpns', '../libs/ZPNs.har', /is no package/],
    ['no listener', 'entry/src/main/module.json5', '.push.listener', '.push', /exactly one skill/],
    [
      'uris at home',
      'entry/src/main/module.json5',
      '"entities"',
      '"uris": [], "entities"',
      /must not have uris/,
    ],
    ['two instances', 'entry/src/main/module.json5', '"singleton"', '"multiton"', /singleton/],
    [
      'a lost page',
      'entry/src/main/resources/base/profile/main_pages.json',
      'Index',
      'Home',
      /Home.ets is missing/,
    ],
    [
      'a lost text',
      'entry/src/main/ets/pages/CallView.ets',
      'app.string.accept',
      'app.string.yes',
      /string:yes/,
    ],
    [
      'no Chinese',
      'entry/src/main/resources/zh_CN/element/string.json',
      '"accept"',
      '"yes"',
      /accept: no Chinese/,
    ],
  ])('is not with %s', (_, file, from, to, fault) => {
    cpSync(project, broken, { recursive: true, force: true });
    const path = join(broken, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
    expect(projectFaults(broken).join('\n')).toMatch(fault);
  });
});

it('a project without its build files is none', () => {
  expect(projectFaults(join(HARMONY, 'stubs'))).toContain('hvigorfile.ts is missing');
});

describe.each(['zim', 'zpns'])('the module %s', (name) => {
  const folder = join(HARMONY, name);
  const broken = mkdtempSync(join(tmpdir(), 'hongyan-har-'));
  afterAll(() => rmSync(broken, { recursive: true }));

  it('is laid out as a HAR', () => {
    expect(layoutFaults(folder, `@hongyan/${name}`, version(name))).toEqual([]);
  });

  it('is in the sample project as it is here', () => {
    const placed = join(HARMONY, '../../apps/harmony-sample/hongyan', name);
    expect(layoutFaults(placed, `@hongyan/${name}`, version(name))).toEqual([]);
  });

  const change = (file: string, from: string | RegExp, to: string) => (): void => {
    const path = join(broken, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  };
  it.each<[string, () => void, RegExp]>([
    ['no changelog', () => rmSync(join(broken, 'CHANGELOG.md')), /CHANGELOG.md is missing/],
    ['another name', change('oh-package.json5', '@hongyan/', '@Hongyan/'), /lower case/],
    ['an old version', change('oh-package.json5', /"version": "[^"]+"/, '"version": "0.0.1"'), /the SDK's/],
    ['an app', change('src/main/module.json5', '"har"', '"entry"'), /must be har/],
    ['pages', change('src/main/module.json5', '"type"', '"pages": "$profile:p", "type"'), /no pages/],
    ['renamed fields', change('build-profile.json5', '"./consumer-rules.txt"', ''), /fields of frames/],
    ['a lost file', change('Index.ets', './src/main/ets/core/', './src/main/ets/lost/'), /no such file/],
    ['TypeScript on ArkTS', change('hvigorfile.ts', /$/, "import { a } from './Index';"), /must not import/],
    ['a stranger', change('Index.ets', /$/, "import { a } from 'lodash';\n"), /not a kit/],
  ])('is not with %s', (_, breakIt, fault) => {
    cpSync(folder, broken, { recursive: true, force: true });
    breakIt();
    expect(layoutFaults(broken, `@hongyan/${name}`, version(name)).join('\n')).toMatch(fault);
  });

  it('keeps the names of frames in a release build', () => {
    const rules = readFileSync(join(folder, 'consumer-rules.txt'), 'utf8').split('\n');
    const names = name === 'zim' ? ['messageID', 'pushConfig', 'jsonrpc', 'isReady'] : ['pushID', 'callID'];
    expect(rules[1]).toBe('-keep-property-name');
    expect(rules).toEqual(expect.arrayContaining([...names, 'pushBound', 'conversationID']));
  });
});
