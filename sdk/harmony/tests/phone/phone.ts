/**
 * A HarmonyOS phone for tests: what is emulated of it is in the emulator (Push Kit, notices, permission,
 * calls); processes, preferences, the app's way between front and back, and the buttons of a call are here.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { openNodeSocket } from '../../../zim/src/platform/node/index.js';
import { EmulatedPhone } from '../../../zpns/src/emulator.js';
import type { DevServer } from '../../../zim/tests/integration/dev.js';
import type { Answer, Call, News, Start } from '../kits/terms.js';

/** A notice in the shade. */
export interface Notice {
  id: string;
  title: string;
  body: string;
  data: Record<string, unknown>;
}

/** What happened, in order: news of the phone, of the app's process, and what the app heard. */
export interface Happened {
  event: string;
  data: Record<string, unknown>;
}

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

type Fault = { code: number; message: string };
const WAIT_MS = 20_000;
const ABILITY = 'EntryAbility';

/** One phone with one app. */
export class Phone {
  readonly happened: Happened[] = [];
  /** What `getToken` answers before the real one: faults, or texts that are no tokens. */
  readonly tokens: (Fault | string)[] = [];
  /** What the test's own code of the app is told. */
  config: Record<string, unknown> = {};
  /** How many times faster than real time the timers of the next process run. */
  haste = 1;
  /** Why the system would not show a call; 0 shows it. */
  callReason = 0;
  readonly #dev: DevServer;
  readonly #emulated: EmulatedPhone;
  readonly #program: string;
  readonly #storage: Start['storage'] = {};
  readonly #wakes = new Set<() => void>();
  readonly #pending = new Map<number, Pending>();
  #process: ChildProcess | null = null;
  #receives = new Set<string>();
  #waiting: { type: string; data: unknown }[] = [];
  #online = true;
  #nextID = 1;

  private constructor(
    dev: DevServer,
    readonly deviceID: string,
    emulated: EmulatedPhone,
    program: string,
  ) {
    this.#dev = dev;
    this.#emulated = emulated;
    this.#program = program;
    emulated.watch((event, data) => this.#news(event, data));
  }

  /** A phone with the app installed, its permission not asked for yet. `program`: the bundled app. */
  static async make(dev: DevServer, deviceId: string, program: string): Promise<Phone> {
    const url = `${dev.emulator.replace(/^http/, 'ws')}/device`;
    const emulated = await EmulatedPhone.connect({ url, deviceId, openSocket: openNodeSocket });
    await emulated.call('app.install', { bundleName: dev.bundleName, projectId: dev.projectId });
    return new Phone(dev, deviceId, emulated, program);
  }

  // -- the user --------------------------------------------------------------------------------------------

  /** Opens the app; `want` as a notice would bring it. */
  async open(options: Partial<Start> = {}): Promise<void> {
    await this.#state('foreground');
    if (this.#process) this.#tell('phase', true);
    else await this.#begin({ isInFront: true, ...options });
  }

  /** Leaves the app, which runs on behind. */
  async leave(): Promise<void> {
    this.#tell('phase', false);
    await this.#state('background');
  }

  /** Taps a notice. */
  async tap(notice: Notice): Promise<void> {
    const { want } = (await this.call('notice.tap', { id: notice.id })) as { want: Start['want'] };
    if (this.#process) {
      this.#process.kill('SIGCONT');
      this.#tell('want', want);
      this.#tell('phase', true);
    } else {
      await this.#begin({ want, isInFront: true });
    }
  }

  /** Presses a button of a call that the system shows: 1 voice, 2 video, 3 reject, 4 hang up. */
  press(callId: string, voipCallUiEvent: number): void {
    this.#tell('button', { callId, voipCallUiEvent, errorReason: 0 });
  }

  /** The first unlock after a restart of the phone: what apps stored can be read from now on. */
  unlock(): void {
    this.config = { ...this.config, locked: false };
    this.#tell('unlock', {});
  }

  /** Flight mode on or off. */
  async network(online: boolean): Promise<void> {
    this.#online = online;
    await this.call('device.network', { online });
    this.#tell('network', online);
  }

  async allow(allow: boolean): Promise<void> {
    await this.call('permission.set', { bundleName: this.#dev.bundleName, allow });
  }

  // -- the system ------------------------------------------------------------------------------------------

  /** Kills the app: its process is gone in the middle of whatever it did. */
  async kill(): Promise<void> {
    await this.#end();
    await this.#state('killed');
  }

  /** The system lets an app that is behind others run no more, as it does before long. A tap thaws it. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  /** A method of the emulated phone. */
  call(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    return this.#emulated.call(method, params);
  }

  /** Changes the token, as when the phone is taken abroad. */
  async rotate(): Promise<void> {
    const body = JSON.stringify({ deviceId: this.deviceID, bundleName: this.#dev.bundleName });
    const answer = await fetch(`${this.#dev.emulator}/control/tokens/rotate`, { method: 'POST', body });
    if (!answer.ok) throw new Error(await answer.text());
  }

  /** Ends the test's part of the phone. */
  async close(): Promise<void> {
    await this.#end();
    this.#emulated.close();
  }

  // -- the test --------------------------------------------------------------------------------------------

  /** Asks the app for something; rejects with what it threw. */
  run<T = unknown>(command: string, params: unknown = {}): Promise<T> {
    const id = this.#nextID++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as never, reject });
      if (this.#process) this.#process.send({ id, method: command, params } satisfies Call);
      else reject(new Error('the app does not run'));
    });
  }

  /** Everything of one kind, from `since` on. */
  all(event: string, since = 0): Record<string, unknown>[] {
    return this.happened
      .slice(since)
      .filter((one) => one.event === event)
      .map(({ data }) => data);
  }

  /** What the app heard of one event. */
  heard(name: string, since = 0): Record<string, unknown>[] {
    return this.all(`app ${name}`, since);
  }

  /** Waits until a look gives something. */
  async wait<T>(look: () => T | undefined, ms = WAIT_MS): Promise<T> {
    const found = await new Promise<T | undefined>((resolve) => {
      const check = (): void => {
        const seen = look();
        if (seen === undefined) return;
        clearTimeout(timer);
        this.#wakes.delete(check);
        resolve(seen);
      };
      const timer = setTimeout(() => {
        this.#wakes.delete(check);
        resolve(undefined);
      }, ms);
      this.#wakes.add(check);
      check();
    });
    if (found === undefined) throw new Error(`nothing in time: ${JSON.stringify(this.happened.slice(-30))}`);
    return found;
  }

  /** Waits for what the app hears. */
  hears(
    name: string,
    fits: (data: Record<string, unknown>) => boolean = () => true,
    since = 0,
  ): Promise<Record<string, unknown>> {
    return this.wait(() => this.heard(name, since).find(fits));
  }

  /** Waits for a notice about a message or call. */
  notice(id: string): Promise<Notice> {
    const about = ({ data }: Notice): boolean => data['messageID'] === id || data['callID'] === id;
    return this.wait(() => this.notices.find(about));
  }

  /** Notices shown so far. */
  get notices(): Notice[] {
    return this.all('notice.shown').map(({ notice }) => notice as Notice);
  }

  get isRunning(): boolean {
    return this.#process !== null;
  }

  /** What the app stored. */
  get storage(): Start['storage'] {
    return this.#storage;
  }

  // -- inside ----------------------------------------------------------------------------------------------

  #state(state: string): Promise<unknown> {
    return this.call('app.state', { bundleName: this.#dev.bundleName, state });
  }

  #note(event: string, data: unknown): void {
    this.happened.push({ event, data: data as Record<string, unknown> });
    for (const wake of [...this.#wakes]) wake();
  }

  #tell(event: string, data: unknown): void {
    this.#process?.send({ event, data } satisfies News);
  }

  async #begin(options: Partial<Start>): Promise<void> {
    const since = this.happened.length;
    const start: Start = {
      storage: structuredClone(this.#storage),
      want: { parameters: { 'ohos.aafwk.param.callerPid': 1 } },
      abilityName: ABILITY,
      bundleName: this.#dev.bundleName,
      isInFront: false,
      locale: 'zh-Hans-CN',
      online: this.#online,
      haste: this.haste,
      config: this.config,
      ...options,
    };
    this.#receives = new Set();
    const env = { ...process.env, HONGYAN_START: JSON.stringify(start) };
    const app = fork(this.#program, { serialization: 'advanced', execArgv: [], env });
    this.#process = app;
    app.on('message', (message) => this.#fromApp(app, message as Call | Answer | News));
    app.on('exit', (code) => app === this.#process && this.#note('crash', { code }));
    await this.wait(() => this.all('running', since)[0]);
  }

  async #end(): Promise<void> {
    const app = this.#process;
    this.#process = null;
    this.#waiting = [];
    for (const { reject } of this.#pending.values()) reject(new Error('the app was killed'));
    this.#pending.clear();
    if (!app || app.exitCode !== null || app.signalCode !== null) return;
    const gone = new Promise((resolve) => app.once('exit', resolve));
    app.kill('SIGKILL');
    await gone;
  }

  #news(event: string, data: Record<string, unknown>): void {
    this.#note(event, data);
    if (event === 'token.updated') this.#tell('token', data['token']);
    if (event === 'message.received') this.#deliver(String(data['type']), data['data']);
    // The emulator ends a process that was started for a call and did not report it.
    if (event === 'app.state' && data['state'] === 'killed') void this.#end();
  }

  /** Gives a message to the process, once it registered for it; a call starts one. */
  #deliver(type: string, data: unknown): void {
    if (this.#process && this.#receives.has(type)) return this.#tell('message', { type, data });
    this.#waiting.push({ type, data });
    if (!this.#process && type === 'VoIP') void this.#begin({ isInFront: false });
  }

  #fromApp(app: ChildProcess, message: Call | Answer | News): void {
    if (app !== this.#process) return;
    if ('method' in message) {
      void this.#answer(app, message);
    } else if ('event' in message) {
      this.#heard(message.event, message.data);
    } else {
      const waiting = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (message.error) waiting?.reject(Object.assign(new Error(message.error.message), message.error));
      else waiting?.resolve(message.result);
    }
  }

  #heard(event: string, data: unknown): void {
    if (event === 'receives') {
      const type = data as string;
      this.#receives.add(type);
      const due = this.#waiting.filter((message) => message.type === type);
      this.#waiting = this.#waiting.filter((message) => message.type !== type);
      for (const message of due) this.#tell('message', message);
    } else if (event === 'stored') {
      const { name, entries } = data as { name: string; entries: Record<string, string> };
      this.#storage[name] = entries;
    } else if (event === 'heard') {
      const told = data as { name: string; data: unknown };
      return this.#note(`app ${told.name}`, told.data);
    }
    this.#note(event, data);
  }

  async #answer(app: ChildProcess, { id, method, params }: Call): Promise<void> {
    let answer: Answer;
    try {
      answer = { id, result: await this.#serve(method, params as Record<string, unknown>) };
    } catch (thrown) {
      const { code, message } = thrown as { code?: number; message: string };
      answer = { id, error: { ...(code === undefined ? {} : { code }), message } };
    }
    if (app === this.#process) app.send(answer);
  }

  /** What the kits ask of the system. */
  async #serve(method: string, params: Record<string, unknown>): Promise<unknown> {
    this.#note(`asked ${method}`, params);
    const app = { bundleName: this.#dev.bundleName };
    switch (method) {
      case 'push.getToken':
        return this.#token(app);
      case 'call.report':
        if (this.callReason !== 0) return this.callReason;
        await this.call('call.report', { ...app, callId: params['callId'] });
        return 0;
      case 'call.refuse':
        await this.call('call.report', { ...app, callId: params['callId'], error: true });
        return null;
      case 'permission.openSettings':
        return null;
      case 'permission.isAllowed':
        return (await this.#app())['permission'] === 'allowed';
      case 'permission.request':
        return this.call('permission.request', app);
      default:
        throw new Error(`the phone knows no ${method}`);
    }
  }

  async #app(): Promise<Record<string, unknown>> {
    const { apps } = (await this.call('device.open', { deviceId: this.deviceID })) as {
      apps: Record<string, unknown>[];
    };
    return apps.find(({ bundleName }) => bundleName === this.#dev.bundleName) ?? {};
  }

  async #token(app: { bundleName: string }): Promise<unknown> {
    const set = this.tokens.shift();
    if (typeof set === 'string') return set;
    if (set) throw Object.assign(new Error(set.message), { code: set.code });
    return (await this.call('push.getToken', app))['token'];
  }
}
