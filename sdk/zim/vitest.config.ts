/** Tests of @hongyan/zim: unit tests beside integration tests against a real server. */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['tests/**/*.test.ts'], testTimeout: 20_000, hookTimeout: 120_000 },
});
