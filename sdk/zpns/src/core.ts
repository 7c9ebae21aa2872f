/** `@hongyan/zpns/core`: push without the singleton, for pages with several clients. */

import { type PushParts, ZPNs } from './zpns.js';

export * from './types.js';
export { type PushParts, ZPNs, type ZPNsEventName, type ZPNsListener } from './zpns.js';

/** Push through one provider and one client. */
export function createPush(parts: PushParts): ZPNs {
  return new ZPNs(parts);
}
