/** Registration: waits for what it needs, repeats what may pass, follows changes, one at a time. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPush, ZPNs, type ZPNsMessage, type ZPNsRegisterMessage } from '../../src/core.js';
import type { PushLink } from '../../src/link.js';
import { FakeLink, FakeProvider } from '../fake.js';

const REGISTRY = Symbol.for('hongyan.pushRegistry');
interface Registry {
  link: PushLink | null;
  watchers: Set<(link: PushLink | null) => void>;
}

let provider: FakeProvider;
let link: FakeLink;
let push: ZPNs;
let told: ZPNsRegisterMessage[];

beforeEach(() => {
  vi.useFakeTimers();
  provider = new FakeProvider();
  link = new FakeLink();
  push = createPush({ provider, zim: { [Symbol.for('hongyan.pushLink')]: link } });
  told = [];
  push.on('registered', (message) => told.push(message));
});

afterEach(() => {
  push.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const success = { pushID: 'push-0001', errorCode: 0, msg: 'success' };
const refusing = (code: number) => (): Promise<string> =>
  Promise.reject({ code, message: `refused ${code}` });

describe('registerPush', () => {
  it('gives a PushID', async () => {
    push.registerPush({ appType: 2 });
    await settle();
    expect(told).toEqual([success]);
    expect(link.asked).toEqual(['harmony MA-first 2']);
  });

  it('uses what setPushConfig said where its own says nothing', async () => {
    push.setPushConfig({ appType: 2 });
    push.registerPush();
    await settle();
    push.registerPush({ appType: 1 });
    await settle();
    expect(link.asked).toEqual(['harmony MA-first 2', 'harmony MA-first 1']);
    expect(told).toEqual([success, success]);
  });

  it('throws at once for a configuration that cannot work', () => {
    expect(() => push.registerPush({ appType: 3 })).toThrow(
      expect.objectContaining({ code: 6000402 }) as Error,
    );
    const bare = new ZPNs();
    expect(() => bare.registerPush({})).toThrow(expect.objectContaining({ code: 6000402 }) as Error);
  });

  it('reports a push service without a token', async () => {
    provider.token = () => Promise.reject(new Error('1000900010'));
    push.registerPush({});
    await settle();
    provider.token = () => new Promise(() => undefined);
    push.registerPush({});
    await vi.advanceTimersByTimeAsync(15_000);
    expect(told.map(({ errorCode }) => errorCode)).toEqual([6000403, 6000403]);
  });

  it('reports what the server refuses', async () => {
    link.answer = refusing(6000404);
    push.registerPush({});
    await settle();
    expect(told).toEqual([{ pushID: '', errorCode: 6000404, msg: 'refused 6000404' }]);
  });

  it('tries again while the server is out of reach, then gives up with 6000401', async () => {
    link.answer = refusing(6000104);
    push.registerPush({});
    await vi.advanceTimersByTimeAsync(30_999);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toMatchObject([{ errorCode: 6000401 }]);
    expect(link.asked).toHaveLength(6);
  });

  it('succeeds once the server is back', async () => {
    link.answer = refusing(6000105);
    push.registerPush({});
    await vi.advanceTimersByTimeAsync(2_000);
    link.answer = () => Promise.resolve('push-0001');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(told).toEqual([success]);
  });

  it('waits for the login when the app has no AppSign', async () => {
    link.isReady = false;
    push.registerPush({});
    await settle();
    expect(link.asked).toEqual([]);
    link.isReady = true;
    link.tell({ kind: 'login', pushBound: false });
    await settle();
    expect(told).toEqual([success]);
  });

  it('goes on when the login went away in between', async () => {
    link.answer = refusing(6000121);
    push.registerPush({});
    await settle();
    link.answer = () => Promise.resolve('push-0001');
    link.tell({ kind: 'login', pushBound: false });
    await settle();
    expect(told).toEqual([success]);
  });
});

describe('later', () => {
  beforeEach(async () => {
    push.registerPush({});
    await settle();
    told.length = 0;
    link.asked.length = 0;
  });

  it('a changed token is registered, and its PushID told', async () => {
    link.answer = () => Promise.resolve('push-0002');
    provider.changed('MA-second');
    provider.changed('MA-second');
    await settle();
    expect(link.asked).toEqual(['harmony MA-second 1']);
    expect(told).toMatchObject([{ pushID: 'push-0002' }]);
  });

  it('a login that found nothing bound registers again, silently if nothing changed', async () => {
    link.tell({ kind: 'login', pushBound: true });
    await settle();
    expect(link.asked).toEqual([]);
    link.tell({ kind: 'login', pushBound: false });
    await settle();
    expect(link.asked).toEqual(['harmony MA-first 1']);
    expect(told).toEqual([]);
  });

  it('unregistering forgets the device, and nothing brings it back by itself', async () => {
    expect(await push.unregisterPush()).toEqual({ errorCode: 0, msg: 'success' });
    link.tell({ kind: 'login', pushBound: false });
    provider.changed('MA-second');
    await settle();
    expect(link.asked).toEqual(['unregister all']);
    push.registerPush({});
    await settle();
    expect(told).toEqual([success]);
  });

  it('unregistering tells why it failed and never rejects', async () => {
    link.answer = refusing(6000104);
    expect(await push.unRegisterPush()).toEqual({ errorCode: 6000405, msg: 'refused 6000104' });
    link.isReady = false;
    expect(await push.unregisterPush()).toMatchObject({ errorCode: 6000405 });
    expect(await new ZPNs().unregisterPush()).toMatchObject({ errorCode: 6000405 });
  });

  it('unregistering waits for a registration under way and drops its answer', async () => {
    let answered: (pushID: string) => void = () => undefined;
    link.answer = () => new Promise((resolve) => (answered = resolve));
    push.registerPush();
    await settle();
    link.answer = () => Promise.resolve('');
    const gone = push.unregisterPush();
    await settle();
    expect(link.asked).toEqual(['harmony MA-first 1']);
    answered('push-0001');
    expect(await gone).toMatchObject({ errorCode: 0 });
    expect(link.asked).toEqual(['harmony MA-first 1', 'unregister all']);
    expect(told).toEqual([]);
  });

  it('who registers while unregistering waits wants push', async () => {
    let answered: (pushID: string) => void = () => undefined;
    link.answer = () => new Promise((resolve) => (answered = resolve));
    push.registerPush();
    await settle();
    const gone = push.unregisterPush();
    link.answer = () => Promise.resolve('push-0001');
    push.registerPush({ appType: 2 });
    await settle();
    answered('push-0001');
    expect(await gone).toMatchObject({ errorCode: 0 });
    expect(link.asked).toEqual(['harmony MA-first 1', 'harmony MA-first 2']);
  });
});

describe('events', () => {
  it('reach every listener until it is removed, even if another one throws', () => {
    const heard: string[] = [];
    const errors = vi.spyOn(console, 'error').mockReturnValue(undefined);
    const second = ({ payload }: ZPNsMessage): unknown => heard.push(`second ${payload}`);
    push.on('notificationClicked', () => {
      throw new Error('of the app');
    });
    push.on('notificationClicked', second);
    push.on('notificationClicked', ({ extras }) => heard.push(`third ${String(extras['callID'])}`));
    const message = { title: '', content: '', payload: 'p', extras: { callID: '7' } };
    provider.clicked(message);
    push.off('notificationClicked', second);
    provider.clicked(message);
    push.off('notificationClicked');
    provider.clicked(message);
    expect(heard).toEqual(['second p', 'third 7', 'third 7']);
    expect(errors).toHaveBeenCalledTimes(2);
    errors.mockRestore();
  });
});

describe('what starts an app', () => {
  const message = (payload: string): ZPNsMessage => ({ title: '', content: '', payload, extras: {} });

  it('is kept until somebody listens, and told once', async () => {
    provider.clicked(message('first'));
    provider.clicked(message('second'));
    const heard: string[] = [];
    push.on('notificationClicked', ({ payload }) => heard.push(payload));
    expect(heard).toEqual([]);
    await settle();
    expect(heard).toEqual(['first', 'second']);
    push.on('notificationClicked', ({ payload }) => heard.push(`again ${payload}`));
    await settle();
    expect(heard).toEqual(['first', 'second']);
  });

  it('is kept up to a limit, the newest of it', async () => {
    for (let number = 1; number <= 20; number++) provider.clicked(message(String(number)));
    const heard: string[] = [];
    push.on('notificationClicked', ({ payload }) => heard.push(payload));
    await settle();
    expect(heard).toHaveLength(16);
    expect(heard[0]).toBe('5');
  });

  it('is dropped with the push service it came from', async () => {
    provider.clicked(message('of the old one'));
    push.setProvider(new FakeProvider());
    const heard: string[] = [];
    push.on('notificationClicked', ({ payload }) => heard.push(payload));
    await settle();
    expect(heard).toEqual([]);
  });
});

describe('the singleton', () => {
  it('waits for the client of the page, and follows when there is another', async () => {
    const single = ZPNs.getInstance();
    expect(ZPNs.getInstance()).toBe(single);
    ZPNs.setProvider(provider);
    ZPNs.setPushConfig({ appType: 2 });
    const registered: string[] = [];
    single.on('registered', ({ pushID }) => registered.push(pushID));
    single.registerPush();
    await settle();
    expect(registered).toEqual([]);
    const registry = (globalThis as unknown as Record<symbol, Registry>)[REGISTRY]!;
    const publish = (to: PushLink | null): void => {
      registry.link = to;
      for (const watcher of registry.watchers) watcher(to);
    };
    publish(link);
    await settle();
    expect(registered).toEqual(['push-0001']);
    const other = new FakeLink();
    other.answer = () => Promise.resolve('push-0003');
    publish(null);
    publish(other);
    await settle();
    expect(registered).toEqual(['push-0001', 'push-0003']);
    expect(other.asked).toEqual(['harmony MA-first 2']);
    single.close();
    expect(registry.watchers.size).toBe(0);
  });

  it('does not take any object for a client', () => {
    expect(() => createPush({ provider, zim: {} })).toThrow(TypeError);
  });
});
