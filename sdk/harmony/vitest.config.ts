/** Tests of the HarmonyOS modules. They run what `npm run build` made of them. */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['tests/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 120_000 },
});
