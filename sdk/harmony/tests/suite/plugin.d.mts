/** Types of the plugin, which is JavaScript. */

import type { Plugin } from 'vite';

export function onModules(): Plugin;
