/**
 * What came to Push Kit after HarmonyOS 5.0.0: reached without its declared types, so that an app may still
 * be built for, and run on, the oldest system. Throws where the system does not have it.
 */

import { pushService } from '@kit.PushKit';

/** A message as Push Kit hands it over; `data` is JSON. */
export interface Payload {
  type: string;
  data: string;
}

interface NewerPushService {
  on(type: string, ability: object, changed: (token: string) => void): void;
  receiveMessage(type: string, ability: object, received: (payload: Payload) => void): void;
}

/** Calls back when the system changes the token by itself. */
export function watchToken(ability: object, changed: (token: string) => void): void {
  (pushService as unknown as NewerPushService).on('tokenUpdate', ability, changed);
}

/** Registers for one type of message; `DEFAULT` came with 5.0.2. */
export function receiveMessage(type: string, ability: object, received: (payload: Payload) => void): void {
  (pushService as unknown as NewerPushService).receiveMessage(type, ability, received);
}
