/** The suite runs on the modules: were it to fall back to the other SDKs, it would show nothing new. */

import { expect, it } from 'vitest';
import { NetworkKitSocket } from '@modules/zim/platform/NetworkKitSocket';
import { PreferencesStorage } from '@modules/zim/platform/PreferencesStorage';
import { Client as ModuleClient } from '../../zim/src/main/ets/core/client.js';
import { ZPNs as ModulePush } from '../../zpns/src/main/ets/core/zpns.js';
import { createClient, memoryStorage } from '../../../zim/src/core.js';
import { nodePlatform } from '../../../zim/src/platform/node/index.js';
import { Person } from '../../../zim/tests/integration/dev.js';
import { createPush } from '../../../zpns/src/core.js';

const app = { appID: 1, appSign: '0'.repeat(64), server: 'ws://127.0.0.1:9' };

it('clients are of the module, on its socket and storage', () => {
  const { zim } = new Person(app as never);
  expect(zim).toBeInstanceOf(ModuleClient);
  expect(createClient(app, nodePlatform())).toBeInstanceOf(ModuleClient);
  const { openSocket, storage } = nodePlatform();
  const quiet = { onOpen: () => undefined, onText: () => undefined, onClose: () => undefined };
  expect(openSocket('ws://127.0.0.1:9', '', quiet)).toBeInstanceOf(NetworkKitSocket);
  expect(storage).toBeInstanceOf(PreferencesStorage);
  expect(memoryStorage()).toBeInstanceOf(PreferencesStorage);
  zim.destroy();
});

it('push is of the module', () => {
  const provider = { vendor: 'harmony', getToken: () => Promise.resolve('') } as const;
  const { zim } = new Person(app as never);
  const push = createPush({ provider, zim });
  expect(push).toBeInstanceOf(ModulePush);
  push.close();
  zim.destroy();
});
