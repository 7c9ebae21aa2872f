/**
 * Builds the package in the current folder: ES modules and CommonJS by Vite, declarations by tsc.
 *
 * CommonJS gets its own copy of the declarations: TypeScript takes those beside `"type": "module"` for ES
 * modules.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { build } from 'vite';

const BUILDS = {
  '@hongyan/zim': {
    'dist/browser': { index: 'src/index.ts', core: 'src/core.ts' },
    'dist/node': { index: 'src/index.node.ts', platform: 'src/platform/node/index.ts' },
  },
  '@hongyan/zpns': { dist: { index: 'src/index.ts', core: 'src/core.ts', emulator: 'src/emulator.ts' } },
};

const { name } = JSON.parse(readFileSync('package.json', 'utf8'));
rmSync('dist', { recursive: true, force: true });
for (const [outDir, entry] of Object.entries(BUILDS[name])) await bundle(outDir, entry);
declare();

async function bundle(outDir, entry) {
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      target: 'es2022',
      outDir,
      emptyOutDir: true,
      minify: false,
      sourcemap: true,
      lib: { entry, formats: ['es', 'cjs'] },
      rollupOptions: {
        external: [/^node:/],
        output: { exports: 'named' },
      },
    },
  });
}

function declare() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const options = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--rootDir', 'src'];
  const args = [tsc, '-p', 'tsconfig.build.json', ...options, '--outDir', resolve('dist/types')];
  execFileSync(process.execPath, args, { stdio: 'inherit' });
  cpSync('dist/types', 'dist/types-cjs', { recursive: true });
  writeFileSync('dist/types-cjs/package.json', '{"type":"commonjs"}\n');
}
