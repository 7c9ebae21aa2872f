/**
 * `@hongyan/zpns/emulator` as the suite has it: the phone is the emulator's, but the provider that a test is
 * given is the HarmonyOS module's own, over a played Push Kit.
 */

import { UIAbility } from '@kit.AbilityKit';
import { CallService } from '@modules/zpns/CallService';
import { PushKit } from '@modules/zpns/PushKit';
import {
  type AppOnPhone,
  type EmulatedPhone,
  emulatorProvider as emulated,
  type EmulatorProvider as Emulated,
} from '../../../zpns/src/emulator.js';
import type { PushProvider, Unwatch, ZPNsMessage } from '../../../zpns/src/types.js';
import { answerTo, news } from './system.js';

export { EmulatedPhone, PhoneError } from '../../../zpns/src/emulator.js';

/** Push Kit of one app on an emulated phone. */
export class EmulatorProvider implements PushProvider {
  readonly vendor = 'harmony';
  readonly bundleName: string;
  readonly #kit = new PushKit(new CallService());
  readonly #phone: EmulatedPhone;
  readonly #emulated: Emulated;

  constructor(phone: EmulatedPhone, provider: Emulated) {
    this.#phone = phone;
    this.#emulated = provider;
    this.bundleName = provider.bundleName;
    answerTo('push.getToken', () => provider.getToken());
    phone.watch((event, data) => {
      if (data['bundleName'] !== this.bundleName) return;
      if (event === 'token.updated') news('token', data['token']);
      if (event === 'message.received') news('message', { type: data['type'], data: data['data'] });
    });
    this.#kit.attach(new UIAbility());
  }

  getToken(): Promise<string> {
    return this.#kit.getToken();
  }

  onTokenUpdate(listener: (token: string) => void): Unwatch {
    return this.#kit.onTokenUpdate(listener);
  }

  onClick(listener: (message: ZPNsMessage) => void): Unwatch {
    return this.#kit.onClick(listener);
  }

  onMessage(listener: (message: ZPNsMessage) => void): Unwatch {
    return this.#kit.onMessage(listener);
  }

  /** No phone tells an app of a notice that arrived; the tests look at the shade. */
  onArrived(listener: (message: ZPNsMessage) => void): Unwatch {
    return this.#emulated.onArrived(listener);
  }

  allowNotices(allow: boolean): Promise<void> {
    return this.#emulated.allowNotices(allow);
  }

  /** The system hands the want of a tapped notice to the ability, and that to the module. */
  async tap(noticeID: string): Promise<void> {
    const { want } = await this.#phone.call('notice.tap', { id: noticeID });
    this.#kit.clicked(want as object);
  }
}

/** Push Kit of one app; the app is installed if it is not. */
export async function emulatorProvider(
  phone: EmulatedPhone,
  app: AppOnPhone,
  deviceId: string,
): Promise<EmulatorProvider> {
  return new EmulatorProvider(phone, await emulated(phone, app, deviceId));
}
