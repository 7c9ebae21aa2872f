/** `@hongyan/zpns`. */

import { ZPNs } from './zpns.js';

export * from './types.js';
export { ZPNs, type ZPNsEventName, type ZPNsListener } from './zpns.js';
export default ZPNs;
