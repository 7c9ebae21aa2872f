/** Lint rules of the SDKs: types are trusted only where they are checked, and the core reaches for no host. */

import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const HOST_GLOBALS = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'console',
  'crypto',
  'document',
  'fetch',
  'localStorage',
  'location',
  'navigator',
  'performance',
  'process',
  'window',
  'Buffer',
  'TextDecoder',
  'TextEncoder',
  'WebSocket',
];

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      'target/**',
      'web/**',
      'apps/**',
      // Taken in from the SDKs, written for DevEco, or declarations of another system.
      'sdk/harmony/*/src/main/ets/core/**',
      'sdk/harmony/*/hvigorfile.ts',
      'sdk/harmony/stubs/**',
      // Compiled, never run: they prove something to tsc.
      'sdk/zim/tests/types/**',
      'sdk/zpns/tests/importers/**',
    ],
  },
  js.configs.recommended,
  {
    rules: {
      'max-len': ['error', { code: 110, ignoreUrls: true }],
      'max-lines': ['error', 500],
      eqeqeq: 'error',
    },
  },
  {
    files: ['sdk/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // The wire and the app hand in what the types cannot promise.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Errors are ZIMError objects: that is the public shape.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      // Enum members travel as plain numbers.
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      // Limits are in characters: what Unicode calls a code point.
      '@typescript-eslint/no-misused-spread': 'off',
    },
  },
  {
    files: ['sdk/zim/src/**/*.ts'],
    ignores: ['sdk/zim/src/platform/**'],
    rules: { 'no-restricted-globals': ['error', ...HOST_GLOBALS] },
  },
  {
    files: ['sdk/*/tests/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  { files: ['**/*.mjs'], languageOptions: { globals: { process: 'readonly' } } },
);
