/** `ZIM`: the one client of a page or process, as ZIM's own SDK has it. Several at once: `createClient`. */

import { Client, type ClientConfig } from './client.js';
import type { Platform } from './platform/index.js';
import { PUSH_LINK, publishLink } from './pushlink.js';
import type { ZIMAppConfig } from './types/common.js';
import { VERSION } from './version.js';

let makePlatform: (advanced: ReadonlyMap<string, string>) => Platform = () => {
  throw new Error('import @hongyan/zim, not one of its parts: no platform was set');
};
let instance: ZIM | null = null;
const advanced = new Map<string, string>();

/** Sets where `ZIM.create` runs; called once by the entry of the package. */
export function setPlatform(make: (advanced: ReadonlyMap<string, string>) => Platform): void {
  makePlatform = make;
}

/** The client of this page or process. */
export class ZIM extends Client {
  /** Version of this SDK. */
  static getVersion(): string {
    return VERSION;
  }

  /**
   * Makes the client; `null` if there is one already (`getInstance` gives it). Throws a `ZIMError` for a
   * configuration that cannot work.
   */
  static create(appConfig: number | ZIMAppConfig): ZIM | null {
    if (instance) return null;
    const given = typeof appConfig === 'number' ? { appID: appConfig } : appConfig;
    const server = given.server ?? advanced.get('server');
    const deviceID = advanced.get('deviceID');
    const config: ClientConfig = {
      ...given,
      ...(server === undefined ? {} : { server }),
      ...(deviceID === undefined ? {} : { deviceID }),
    };
    instance = new ZIM(config, makePlatform(advanced));
    publishLink(instance[PUSH_LINK]);
    return instance;
  }

  /** The client that `create` made; `null` before it and after `destroy`. */
  static getInstance(): ZIM | null {
    return instance;
  }

  /**
   * Settings that take effect with the next `create`: `server` (address), `deviceID` (stable name of this
   * installation), on Node `storageDir` (folder in which it remembers). Other keys are ignored.
   */
  static setAdvancedConfig(key: string, value: string): void {
    advanced.set(key, value);
  }

  override destroy(): void {
    super.destroy();
    if (instance !== this) return;
    instance = null;
    publishLink(null);
  }
}
