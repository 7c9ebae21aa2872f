/** Types of the bundler, which is JavaScript. */

import type { Plugin } from 'vite';

export function bundle(entry: string, outFolder: string): Promise<string>;
export function ets(): Plugin;
