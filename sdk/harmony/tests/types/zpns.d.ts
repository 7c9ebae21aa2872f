/** `@hongyan/zpns` of HarmonyOS for TypeScript: the same core, and what is only there. */

import type { UIAbility, Want } from '@kit.AbilityKit';
import { ZPNs as Core } from '../../zpns/src/main/ets/core/zpns';
import type { ZPNsMessage } from '../../zpns/src/main/ets/core/types';

export * from '../../zpns/src/main/ets/core/types';
export class ZPNsCallStyle {
  isVideo: boolean;
  userName: string;
  picture: object | null;
  abilityName: string;
}
export class ZPNs extends Core {
  static override getInstance(): ZPNs;
  attach(ability: UIAbility, want: Want): void;
  handleWant(want: Want): void;
  setCallStyle(style: (message: ZPNsMessage) => ZPNsCallStyle): void;
  endCall(callID: string): void;
}
export default ZPNs;
