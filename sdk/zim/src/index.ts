/** `@hongyan/zim` in a browser. */

import { browserPlatform } from './platform/browser.js';
import { setPlatform, ZIM } from './zim.js';

export type { ZIMEventHandler } from './client.js';
export * from './types/index.js';
export { ZIM } from './zim.js';
export default ZIM;

setPlatform(() => browserPlatform());
