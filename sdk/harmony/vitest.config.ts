/**
 * Tests of the HarmonyOS modules, in two parts. `modules` runs what `npm run build` made of them. `suite`
 * runs the integration tests of `@hongyan/zim` and `@hongyan/zpns` once more, as they are, with the clients
 * made of the modules and of played kits.
 */

import { defineConfig } from 'vitest/config';
import { ets } from './check/ets.mjs';
import { onModules } from './tests/suite/plugin.mjs';

const TIMES = { testTimeout: 30_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [ets()],
        test: {
          name: 'modules',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/suite/**'],
          ...TIMES,
        },
      },
      {
        root: '..',
        plugins: [onModules(), ets()],
        test: {
          name: 'suite',
          include: ['{zim,zpns}/tests/integration/*.test.ts', 'harmony/tests/suite/*.test.ts'],
          ...TIMES,
        },
      },
    ],
  },
});
