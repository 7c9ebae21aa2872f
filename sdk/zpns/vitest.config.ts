/**
 * Tests of @hongyan/zpns. The two packages are taken from their sources; `package.test.ts` takes what is
 * built.
 */

import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => join(import.meta.dirname, path);

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@hongyan\/zim$/, replacement: source('../zim/src/index.node.ts') },
      { find: '@hongyan/zim/core', replacement: source('../zim/src/core.ts') },
      { find: '@hongyan/zim/node', replacement: source('../zim/src/platform/node/index.ts') },
      { find: /^@hongyan\/zpns$/, replacement: source('src/index.ts') },
      { find: '@hongyan/zpns/core', replacement: source('src/core.ts') },
      { find: '@hongyan/zpns/emulator', replacement: source('src/emulator.ts') },
    ],
  },
  test: { include: ['tests/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 120_000 },
});
