/** Push Kit, played: tokens and messages come from the emulated phone. */

import { ask, listen, SystemError, tell } from './system.js';

interface Payload {
  type: string;
  data: string;
}

const receivers = new Map<string, (payload: Payload) => void>();
let tokenWatched = false;

listen('message', ({ type, data }: { type: string; data: unknown }) => {
  receivers.get(type)?.({ type: type === 'DEFAULT' ? 'ALERT' : type, data: JSON.stringify(data) });
});

/** Push Kit with what came after 5.0.0. */
export const pushService = {
  getToken: (): Promise<string> => ask<string>('push.getToken'),

  receiveMessage(type: string, ability: object, received: (payload: Payload) => void): void {
    if (!('context' in ability)) throw new SystemError(401, 'ability must be a UIAbility');
    if (receivers.has(type)) throw new SystemError(1000900005, 'messages of this type are received already');
    receivers.set(type, received);
    tell('receives', type);
  },

  on(type: string, ability: object, changed: (token: string) => void): void {
    if (type !== 'tokenUpdate' || !('context' in ability))
      throw new SystemError(401, 'tokenUpdate and an ability');
    if (tokenWatched) throw new SystemError(1000900001, 'registered twice');
    tokenWatched = true;
    listen('token', changed);
  },
};
