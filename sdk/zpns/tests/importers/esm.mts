/** How an ES module in TypeScript uses the packages; checked by tsc against what is built. */

import Zim, { ZIM, type ZIMMessage } from '@hongyan/zim';
import { createClient, memoryStorage, type Platform, systemClock } from '@hongyan/zim/core';
import ZPNs, { type ZPNsRegisterMessage } from '@hongyan/zpns';
import { createPush, type PushProvider } from '@hongyan/zpns/core';

declare const platform: Platform;
declare const provider: PushProvider;

const zim = ZIM.create({ appID: 1, server: 'https://im.example.com' }) ?? Zim.getInstance();
zim?.on('peerMessageReceived', (client, { messageList, info }) => {
  const texts: (ZIMMessage['message'] | undefined)[] = messageList.map(({ message }) => message);
  void [client === zim, info.isOfflineMessage, texts];
});
zim?.on('error', (client: ZIM, { code, message }) => void [client, code, message]);
ZPNs.getInstance().on('registered', (message: ZPNsRegisterMessage) => void message.pushID);
const client = createClient({ appID: 1 }, { ...platform, storage: memoryStorage(), clock: systemClock });
createPush({ provider, zim: client }).registerPush({ appType: 1 });
