/** A user's phone for the tests: an emulated HarmonyOS phone whose app is a client of the two SDKs. */
import { createClient, memoryStorage } from '@hongyan/zim/core';
import { nodePlatform, openNodeSocket } from '@hongyan/zim/node';
import { createPush } from '@hongyan/zpns/core';
import { EmulatedPhone, emulatorProvider } from '@hongyan/zpns/emulator';

const HARMONY = 10;

/** A client of a user on a device; it has to log in. */
export function newClient(dev, deviceID) {
  const { appID, appSign, server } = dev;
  const host = { ...nodePlatform(), storage: memoryStorage(), type: HARMONY };
  return createClient({ appID, appSign, server, deviceID }, host);
}

/** A phone with notices allowed and the app logged in, registered for push, then as one wants it. */
export class Phone {
  /** Texts of notices as they were shown, oldest first. */
  shown = [];

  constructor(dev, userID, deviceID) {
    Object.assign(this, { dev, userID, deviceID });
  }

  static async of(dev, userID, deviceID = `phone-of-${userID}`) {
    const phone = new Phone(dev, userID, deviceID);
    const url = `${dev.emulator.replace(/^http/, 'ws')}/device`;
    phone.system = await EmulatedPhone.connect({ url, deviceId: deviceID, openSocket: openNodeSocket });
    phone.system.watch((event, data) => event === 'notice.shown' && phone.shown.push(data.notice.body));
    const app = { bundleName: dev.bundleName, projectId: dev.projectId };
    phone.provider = await emulatorProvider(phone.system, app, deviceID);
    await phone.provider.allowNotices(true);
    return phone;
  }

  /** Starts the app: logged in, and its PushID bound. */
  async start() {
    this.client = newClient(this.dev, this.deviceID);
    this.push = createPush({ provider: this.provider, zim: this.client });
    const registered = new Promise((resolve) => this.push.on('registered', ({ pushID }) => resolve(pushID)));
    await this.client.login(this.userID, {});
    this.push.registerPush({});
    this.pushID = await registered;
    return this;
  }

  /** The system kills the app; nobody logs out. */
  async kill() {
    this.push.close();
    this.client.destroy();
    await this.system.call('app.state', { bundleName: this.dev.bundleName, state: 'killed' });
    return this;
  }

  close() {
    this.push?.close();
    this.client?.destroy();
    this.system?.close();
  }
}

/** Has the emulated vendor misbehave: `{ next, action }`, see docs/emulator.md. */
export async function orderFault(dev, fault) {
  const response = await fetch(`${dev.emulator}/control/faults`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(fault),
  });
  if (!response.ok) throw new Error(`no fault: ${response.status} ${await response.text()}`);
}
