/** The sample app without its pages: what the pages call as commands, what they watch as news to the test. */

import EntryAbility from '@sample/entryability/EntryAbility';
import { Destination } from '@sample/model/Route';
import { Sample } from '@sample/model/Sample';
import { settings } from '@sample/model/Settings';
import { start } from '../kits/system.js';
import { heard, run } from './process.js';

Object.assign(settings, start.config);

const look = (): object => {
  const { userID, isConnected, chats, calls } = Sample.get();
  return {
    userID,
    isConnected,
    conversations: chats.conversations.map((one) => [one.conversationID, one.unreadMessageCount]),
    messages: chats.messages.map(({ message }) => message),
    call: [calls.phase, calls.peer],
  };
};

run(EntryAbility, {
  watch(): void {
    const { watchers, chats, calls, route } = Sample.get();
    for (const model of [watchers, chats.watchers, calls.watchers, route.watchers])
      model.watch(() => heard('look', look()));
    heard('look', look());
  },
  look,
  login: (userID: string) => Sample.get().login(userID, userID),
  logout: () => Sample.get().logout(),
  route: () => Sample.get().route.take(),
  lastUser: () => Sample.get().lastUserID(),
  load: () => Sample.get().chats.load(),
  open: ({ to, type }: { to: string; type: number }) => Sample.get().chats.open(new Destination(to, type)),
  close: () => Sample.get().chats.close(),
  async send(text: string): Promise<string | undefined> {
    const { chats, userID } = Sample.get();
    await chats.send(text, userID);
    return chats.messages.at(-1)?.messageID;
  },
  invite: (userID: string) => Sample.get().calls.invite(userID, Sample.get().userID),
  accept: () => Sample.get().calls.accept(),
  leave: () => Sample.get().calls.leave(),
});
