/** What the live tests share: a server with emulated phones, the bundled app, senders, and traces. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevServer, Person, startDevServer } from '../../../zim/tests/integration/dev.js';
import { bundle } from '../../check/ets.mjs';
import { Phone } from './phone.js';

/** One device in the trace of a message or call. */
export interface Traced {
  userID: string;
  state: string;
  reason: string | null;
}

/** A running server, and everything made for a test file. */
export class Stage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'hongyan-harmony-'));
  readonly #phones: Phone[] = [];
  readonly #people: Person[] = [];
  #program = '';

  private constructor(readonly dev: DevServer) {}

  /** Starts the server and bundles an app: a file of `tests/app`. */
  static async set(app: string): Promise<Stage> {
    const stage = new Stage(await startDevServer());
    stage.#program = await bundle(join(import.meta.dirname, '../app', app), stage.#folder);
    return stage;
  }

  /** A new phone whose user allows notices. */
  async phone(name: string): Promise<Phone> {
    const phone = await Phone.make(this.dev, name, this.#program);
    this.#phones.push(phone);
    await phone.allow(true);
    return phone;
  }

  /** A logged-in user of the web SDK. */
  async person(userID: string): Promise<Person> {
    const person = new Person(this.dev);
    this.#people.push(person);
    await person.zim.login(userID, { userName: userID });
    return person;
  }

  /** What the app needs to create its client. */
  get client(): { server: string; appID: number; appSign: string } {
    const { server, appID, appSign } = this.dev;
    return { server, appID, appSign };
  }

  /** The devices in the trace of a message or call, once nothing about them is open. */
  async trace(id: string): Promise<Traced[]> {
    const until = Date.now() + 20_000;
    for (;;) {
      const response = await fetch(`${this.dev.server}/demo/api/trace/${id}`);
      const { devices } = response.ok ? ((await response.json()) as { devices: Traced[] }) : { devices: [] };
      if (devices.length > 0 && devices.every(({ state }) => state !== 'pending')) return devices;
      if (Date.now() > until) throw new Error(`the trace is not settled: ${JSON.stringify(devices)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends everything. */
  async strike(): Promise<void> {
    for (const person of this.#people) person.zim.destroy();
    for (const phone of this.#phones) await phone.close();
    await this.dev.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
