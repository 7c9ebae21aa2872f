/** Push Kit as of HarmonyOS 5.0.0; what is newer is reached without types. */

import { UIAbility } from './@kit.AbilityKit';
import { Callback } from './@kit.BasicServicesKit';

export namespace pushCommon {
  export interface PushPayload {
    type: string;
    data: string;
  }
}

export namespace pushService {
  export function getToken(): Promise<string>;
  export function deleteToken(): Promise<void>;
  export function receiveMessage(
    pushType: 'IM' | 'VoIP' | 'BACKGROUND' | 'EMERGENCY',
    ability: UIAbility,
    onMessage: Callback<pushCommon.PushPayload>,
  ): void;
}
