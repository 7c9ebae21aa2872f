/** Parts of the modules that are ArkTS, for TypeScript: as far as tests make them by hand. */

import type { common, UIAbility, Want } from '@kit.AbilityKit';
import type {
  Clock,
  DeviceStorage,
  Lifecycle,
  LifecycleChange,
  LogLevel,
  OpenSocket,
  Platform,
  Random,
  Socket,
  SocketEvents,
} from '../../../zim/src/platform/index';
import type { PushProvider, Unwatch, ZPNsCallAction, ZPNsMessage } from '../../../zpns/src/types';

export class HarmonyPlatform implements Platform {
  readonly type: number;
  readonly storage: DeviceStorage;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly random: Random;
  readonly defaultServer: string;
  readonly openSocket: OpenSocket;
  readonly log: (level: LogLevel, text: string) => void;
  readonly uncaught: (thrown: unknown) => void;
  locale(): string;
}
export function publishContext(context: object): void;
export class AppLifecycle implements Lifecycle {
  phase(): ReturnType<Lifecycle['phase']>;
  watch(listener: (change: LifecycleChange) => void): () => void;
  start(context: common.Context, phase: ReturnType<Lifecycle['phase']>): void;
}
export class PreferencesStorage implements DeviceStorage {
  constructor(context: common.Context);
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}
export class NetworkKitSocket implements Socket {
  constructor(url: string, subprotocol: string, events: SocketEvents);
  send(text: string): void;
  close(code: number, reason: string): void;
}
export class CallService {
  attach(ability: UIAbility): void;
  setStyle(style: (message: ZPNsMessage) => object): void;
  incoming(systemID: string, message: ZPNsMessage): void;
}
export class PushKit implements PushProvider {
  readonly vendor: 'harmony';
  constructor(calls: CallService);
  attach(ability: UIAbility): void;
  clicked(want: Want): void;
  getToken(): Promise<string>;
  onTokenUpdate(listener: (token: string) => void): Unwatch;
  onClick(listener: (message: ZPNsMessage) => void): Unwatch;
  onMessage(listener: (message: ZPNsMessage) => void): Unwatch;
  onCallAction(listener: (action: ZPNsCallAction) => void): Unwatch;
}
