/** `@hongyan/zim` on Node. */

import { nodePlatform } from './platform/node/index.js';
import { setPlatform, ZIM } from './zim.js';

export type { ZIMEventHandler } from './client.js';
export * from './types/index.js';
export { ZIM } from './zim.js';
export default ZIM;

setPlatform((advanced) => nodePlatform(advanced.get('storageDir')));
