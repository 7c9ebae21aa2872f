/** The suite runs on the modules: were it to fall back to the other SDKs, it would show nothing new. */

import { PUSH_LINK } from '@modules/zim/core/pushlink';
import { ZIM as ModulesZIM } from '@modules/zim/ZIM';
import { NetworkKitSocket } from '@modules/zim/platform/NetworkKitSocket';
import { ZPNs as ModulesZPNs } from '@modules/zpns/core/zpns';
import { PreferencesStorage } from '@modules/zim/platform/PreferencesStorage';
import { expect, it } from 'vitest';
import { ZIM } from '@hongyan/zim';
import { createPush } from '@hongyan/zpns/core';
import { Person } from '../../../zim/tests/integration/dev.js';
import { createClient, memoryStorage } from '../../../zim/src/core.js';
import { nodePlatform } from '../../../zim/src/platform/node/index.js';

const app = { appID: 1, appSign: '0'.repeat(64), server: 'ws://127.0.0.1:9' };

it('clients are of the module, on its socket and storage', () => {
  const Client = Object.getPrototypeOf(ModulesZIM) as new () => object;
  const { zim } = new Person(app as never);
  expect(zim).toBeInstanceOf(Client);
  expect(createClient(app, nodePlatform())).toBeInstanceOf(Client);
  expect(PUSH_LINK in zim).toBe(true);
  expect(ZIM).toBe(ModulesZIM);
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
  expect(push).toBeInstanceOf(ModulesZPNs);
  push.close();
  zim.destroy();
});
