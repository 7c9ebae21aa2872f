/** Unit tests of the pure parts; the browser test runs by itself (tests/browser.test.mjs). */
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['tests/unit/**/*.test.ts'] } });
