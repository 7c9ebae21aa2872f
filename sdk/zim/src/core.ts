/**
 * `@hongyan/zim/core`: clients without the singleton, on a platform of one's own. For pages with several
 * clients, tests, and hosts that are neither browser nor Node.
 */

import { Client, type ClientConfig } from './client.js';
import type { Platform } from './platform/index.js';

export { Client as ZIM, type ClientConfig, type ZIMEventHandler } from './client.js';
export { browserPlatform, openWebSocket } from './platform/browser.js';
export {
  type Clock,
  consoleLog,
  type DeviceStorage,
  type Lifecycle,
  type LifecycleChange,
  type LogLevel,
  ManualLifecycle,
  memoryStorage,
  type OpenSocket,
  type Platform,
  type Random,
  reportUncaught,
  type Socket,
  type SocketEvents,
  systemClock,
  type Timer,
} from './platform/index.js';
export { systemRandom } from './platform/webcrypto.js';
export { type CallChange, PUSH_LINK, type PushLink, type PushLinkEvent } from './pushlink.js';
export * from './types/index.js';

/** Makes a client. Throws a `ZIMError` for a configuration that cannot work. */
export function createClient(config: ClientConfig, platform: Platform): Client {
  return new Client(config, platform);
}
