/** A real server with emulated phones for tests: `hongyan dev` on free ports, stopped at the end. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createCipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import {
  createClient,
  ManualLifecycle,
  memoryStorage,
  type ZIM,
  type ZIMEventHandler,
} from '../../src/core.js';
import type { ZIMEventResults } from '../../src/types/index.js';
import { nodePlatform } from '../../src/platform/node/index.js';

/** What `hongyan dev --json` prints. */
export interface DevServer {
  server: string;
  ws: string;
  emulator: string;
  appID: number;
  appSign: string;
  serverSecret: string;
  bundleName: string;
  projectId: string;
  users: { userID: string; userName: string }[];
  groups: { groupID: string; groupName: string }[];
  /** Directory of its data. */
  data: string;
  /** Ends the program and removes its data. */
  stop(): Promise<void>;
  /** Ends the program at once, as a crash would; its data stays. */
  kill(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '../../../..');
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

/**
 * Starts the program that `cargo build -p hongyan` made, or the one that `HONGYAN_BIN` names; `again` starts
 * one that was killed on its port and data.
 */
export async function startDevServer(again?: DevServer): Promise<DevServer> {
  const program = programPath();
  const data = again?.data ?? mkdtempSync(join(tmpdir(), 'hongyan-sdk-'));
  const port = again ? new URL(again.server).port : '0';
  const child = spawn(program, ['dev', '--port', port, '--data', data, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    await end(child, 'SIGTERM');
    rmSync(data, { recursive: true, force: true });
  };
  try {
    const line = await firstLine(child);
    return { ...(JSON.parse(line) as DevServer), data, stop, kill: () => end(child, 'SIGKILL') };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

function programPath(): string {
  const program = process.env['HONGYAN_BIN'] ?? join(ROOT, 'target/debug/hongyan');
  if (!existsSync(program)) throw new Error(`${program} is not there: run "cargo build -p hongyan" first`);
  return program;
}

/** Another app on a running server, with settings of its own: `devices=multi`. */
export async function newApp(dev: DevServer, name: string, ...settings: string[]): Promise<DevServer> {
  const run = (...args: string[]): Promise<{ stdout: string }> =>
    promisify(execFile)(programPath(), ['app', ...args, '--data', dev.data]);
  const { stdout } = await run('create', name, '--json');
  const { appID, appSign, serverSecret } = JSON.parse(stdout) as DevServer;
  if (settings.length > 0) await run('set', String(appID), ...settings);
  const app = { ...dev, appID, appSign, serverSecret };
  await known(app);
  return app;
}

/** What another process wrote, a server takes up within a second. */
async function known(app: DevServer): Promise<void> {
  const until = Date.now() + 5_000;
  for (;;) {
    const { zim } = new Person(app);
    const fault = await zim.login('probe', {}).then(
      () => null,
      (thrown: unknown) => thrown as { code: number },
    );
    await zim.logout();
    zim.destroy();
    if (!fault) return;
    if (fault.code !== 6000003 || Date.now() > until)
      throw new Error(`the app is not there: ${JSON.stringify(fault)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the server did not start in time')), START_TIMEOUT_MS);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code ?? 'a signal'}`)));
    createInterface({ input: child.stdout! }).once('line', (line) => {
      clearTimeout(timer);
      resolve(line);
    });
  });
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}

/** A token04 as the app's own backend makes it. */
export function token04(dev: DevServer, userID: string, lifeSeconds = 3600): string {
  const created = Math.floor(Date.now() / 1000);
  const expire = created + lifeSeconds;
  const plain = JSON.stringify({
    app_id: dev.appID,
    user_id: userID,
    nonce: 7,
    ctime: created,
    expire,
    payload: '',
  });
  const iv = randomBytes(16).toString('hex').slice(0, 16);
  const cipher = createCipheriv('aes-256-cbc', dev.serverSecret, iv);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  const head = Buffer.alloc(10);
  head.writeBigInt64BE(BigInt(expire), 0);
  head.writeUInt16BE(16, 8);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(sealed.length, 0);
  return `04${Buffer.concat([head, Buffer.from(iv), length, sealed]).toString('base64')}`;
}

/** On which device somebody is. */
export interface PersonOptions {
  server?: string;
  storage?: ReturnType<typeof memoryStorage>;
  /** ZIMPlatformType; left out: HarmonyOS. */
  platform?: number;
}

/** A client on a device of its own, with what it heard. */
export class Person {
  readonly zim: ZIM;
  readonly lifecycle = new ManualLifecycle();
  readonly #heard: { name: keyof ZIMEventHandler; data: unknown }[] = [];
  #wake = new Set<() => void>();

  constructor(dev: DevServer, options: PersonOptions = {}) {
    const platform = {
      ...nodePlatform(),
      storage: options.storage ?? memoryStorage(),
      lifecycle: this.lifecycle,
      type: options.platform ?? 10,
    };
    const { appID, appSign } = dev;
    this.zim = createClient({ appID, appSign, server: options.server ?? dev.server }, platform);
  }

  /** Notes what these events bring. */
  listen(...names: (keyof ZIMEventHandler)[]): this {
    for (const name of names) {
      this.zim.on(name, (_: unknown, data: unknown) => {
        this.#heard.push({ name, data });
        for (const wake of [...this.#wake]) wake();
      });
    }
    return this;
  }

  /** Everything an event brought so far. */
  heard<K extends keyof ZIMEventResults>(name: K): ZIMEventResults[K][] {
    return this.#heard.filter((entry) => entry.name === name).map(({ data }) => data as ZIMEventResults[K]);
  }

  /** Waits, at most `ms`, until an event brought something that fits. */
  async until<K extends keyof ZIMEventResults>(
    name: K,
    fits: (data: ZIMEventResults[K]) => boolean = () => true,
    ms = 10_000,
  ): Promise<ZIMEventResults[K]> {
    const found = await this.wait(() => this.heard(name).find(fits), ms);
    if (found === undefined)
      throw new Error(`no fitting ${name} in time; heard ${JSON.stringify(this.heard(name))}`);
    return found;
  }

  /** Texts of all messages that were received, in order. */
  texts(): unknown[] {
    const frames = [...this.heard('peerMessageReceived'), ...this.heard('groupMessageReceived')];
    return frames.flatMap(({ messageList }) => messageList.map(({ message }) => message));
  }

  /** Waits until a look at what was heard gives something. */
  wait<T>(look: () => T | undefined, ms = 10_000): Promise<T | undefined> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(timer);
        this.#wake.delete(check);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#wake.delete(check);
        resolve(undefined);
      }, ms);
      this.#wake.add(check);
      check();
    });
  }
}

/** A stretch of network that can be cut: TCP passed on to the server. */
export class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(target: number) {
    this.#server = createServer((near) => {
      if (this.#cut) return near.destroy();
      const far = connect(target, '127.0.0.1');
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
  }

  static async to(dev: DevServer): Promise<Wire> {
    const wire = new Wire(Number(new URL(dev.server).port));
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  /** Address of this end. */
  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks everything that goes through, and lets nothing new through until `mend`. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
