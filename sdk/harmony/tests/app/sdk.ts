/** The test app: every public part of the modules as a command, every event told to the test. */

import { ZIM, type ZIMCallInviteConfig, type ZIMMessageSendConfig } from '@hongyan/zim';
import ZPNs, { type ZPNsConfig, type ZPNsEvents } from '@hongyan/zpns';
import { PageSamples } from '../page/PageSamples.ets';
import { start } from '../kits/system.js';
import { heard, run } from './process.js';
import TestAbility from './TestAbility.ets';

const EVENTS = [
  'connectionStateChanged',
  'peerMessageReceived',
  'groupMessageReceived',
  'callInvitationReceived',
  'callInvitationCancelled',
  'callInvitationTimeout',
  'callInvitationEnded',
  'error',
] as const;

console.log = (text: string) => heard('console', text);

const zim = (): ZIM => {
  const made = ZIM.getInstance();
  if (!made) throw new Error('no client was created');
  return made;
};
const page = (): PageSamples => new PageSamples(TestAbility.current().context);
const outcome = <T>(sample: (sent: (result: T) => void, failed: (error: unknown) => void) => void) =>
  new Promise<T>((resolve, reject) => sample(resolve, reject));

run(TestAbility, {
  create(config: { server: string; appID: number; appSign: string }): boolean {
    const made = ZIM.create(config);
    for (const name of EVENTS) made?.on(name, (_: unknown, data: unknown) => heard(name, data));
    if (start.config['quiet'] === true) made?.off('callInvitationReceived');
    return made !== null;
  },
  login: ({ userID, token }: { userID: string; token?: string }) =>
    zim().login(userID, token ? { token } : {}),
  logout: () => zim().logout(),
  join: (groupID: string) =>
    zim()
      .joinGroup(groupID)
      .catch(() => undefined),
  accept: (callID: string) => zim().callAccept(callID, {}),
  reject: (callID: string) => zim().callReject(callID, {}),
  send: ({ to, text, config }: { to: string; text: string; config: ZIMMessageSendConfig }) =>
    zim().sendMessage({ type: 1, message: text }, to, 0, config),
  invite: ({ to, config }: { to: string; config: ZIMCallInviteConfig }) => zim().callInvite([to], config),
  listen: (name: keyof ZPNsEvents) => ZPNs.getInstance().on(name, (data) => heard(name, data)),
  register(config: ZPNsConfig): string {
    try {
      ZPNs.getInstance().registerPush(config);
      return '';
    } catch (thrown) {
      return JSON.stringify(thrown);
    }
  },
  unregister: () => ZPNs.getInstance().unregisterPush(),
  endCall: (callID: string) => ZPNs.getInstance().endCall(callID),
  versions: () => [ZIM.getVersion(), ZPNs.getVersion()],
  'page.permission': () => page().requestPermission(),
  'page.register': () => page().register(),
  'page.unregister': () => page().unregister(),
  'page.peer': (to: string) => outcome((sent, failed) => page().sendPeerMessage(zim(), to, sent, failed)),
  'page.group': (to: string) => outcome((sent, failed) => page().sendGroupMessage(zim(), to, sent, failed)),
  'page.call': (to: string) => outcome((sent, failed) => page().sendCallInvitation(zim(), to, sent, failed)),
});
