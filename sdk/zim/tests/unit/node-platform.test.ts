/** What a Node process remembers, and the one client of a process. */

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZIM } from '../../src/index.node.js';
import { fileStorage, nodePlatform } from '../../src/platform/node/index.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongyan-storage-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a file', () => {
  it('keeps texts over a restart, for its owner only', () => {
    const inside = join(folder, 'made', 'for it');
    fileStorage(inside).set('a', '鸿');
    const again = fileStorage(inside);
    expect(again.get('a')).toBe('鸿');
    again.remove('a');
    again.remove('never there');
    expect(fileStorage(inside).get('a')).toBeNull();
    expect(statSync(join(inside, 'hongyan.json')).mode & 0o777).toBe(0o600);
  });

  it('that is something else is refused, not overwritten', () => {
    writeFileSync(join(folder, 'hongyan.json'), 'something else');
    expect(() => fileStorage(folder)).toThrow();
    writeFileSync(join(folder, 'hongyan.json'), '7');
    expect(() => nodePlatform(folder)).toThrow(/not a file of this SDK/);
    expect(readFileSync(join(folder, 'hongyan.json'), 'utf8')).toBe('7');
  });
});

describe('ZIM', () => {
  it('is made once, with what was set before', () => {
    expect(ZIM.getInstance()).toBeNull();
    expect(() => ZIM.create({ appID: 1 })).toThrow(expect.objectContaining({ code: 6000001 }) as Error);
    ZIM.setAdvancedConfig('server', 'http://127.0.0.1:1');
    ZIM.setAdvancedConfig('storageDir', folder);
    const zim = ZIM.create(1);
    expect(zim).toBeInstanceOf(ZIM);
    expect([ZIM.getInstance(), ZIM.create({ appID: 2 })]).toEqual([zim, null]);
    const kept = JSON.parse(readFileSync(join(folder, 'hongyan.json'), 'utf8')) as Record<string, string>;
    expect(kept['hongyan.1.deviceID']).toMatch(/^[0-9a-f]{32}$/);
    zim?.destroy();
    expect(ZIM.getInstance()).toBeNull();
    ZIM.setAdvancedConfig('deviceID', 'short');
    expect(() => ZIM.create(1)).toThrow(expect.objectContaining({ code: 6000001 }) as Error);
  });
});
