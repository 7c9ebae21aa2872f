/** Tapped notices: told to the app at once, to the server once, when somebody is logged in. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLICKS_WAITING_MAX } from '../../src/clicks.js';
import { createPush, type ZPNs, type ZPNsMessage } from '../../src/core.js';
import { FakeLink, FakeProvider } from '../fake.js';

let provider: FakeProvider;
let link: FakeLink;
let push: ZPNs;
let told: ZPNsMessage[];

beforeEach(() => {
  provider = new FakeProvider();
  link = new FakeLink();
  push = createPush({ provider, zim: { [Symbol.for('hongyan.pushLink')]: link } });
  told = [];
  push.on('notificationClicked', (message) => told.push(message));
});

afterEach(() => {
  push.close();
});

const settle = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));
const notice = (extras: Record<string, unknown>): ZPNsMessage => ({
  title: '小安',
  content: '你好',
  payload: '{"room":7}',
  extras,
});
const refusing = (code: number) => (): Promise<string> => Promise.reject({ code, message: `no ${code}` });
const login = { kind: 'login', pushBound: true } as const;

describe('a tapped notice', () => {
  it('is told with payload and IDs, and reported', async () => {
    const tapped = notice({ messageID: '7', conversationID: 'ann', conversationType: 0 });
    provider.clicked(tapped);
    await settle();
    expect(told).toEqual([tapped]);
    expect(link.asked).toEqual(['clicked messageID,7']);
  });

  it('of a call is reported as one', async () => {
    provider.clicked(notice({ callID: '8', inviter: 'ann', mode: 0 }));
    await settle();
    expect(link.asked).toEqual(['clicked callID,8']);
  });

  it('that is about neither is only told', async () => {
    provider.clicked(notice({}));
    provider.clicked(notice({ messageID: 7 }));
    await settle();
    expect(told).toHaveLength(2);
    expect(link.asked).toEqual([]);
  });

  it('is reported once, however often the system tells it', async () => {
    for (let i = 0; i < 3; i++) provider.clicked(notice({ messageID: '7' }));
    await settle();
    link.tell(login);
    await settle();
    expect(told).toHaveLength(3);
    expect(link.asked).toEqual(['clicked messageID,7']);
  });

  it.each([6000121, 6000104, 6000009])('waits for the next login after %i', async (code) => {
    link.answer = refusing(code);
    provider.clicked(notice({ messageID: '7' }));
    await settle();
    link.answer = () => Promise.resolve('');
    link.tell(login);
    await settle();
    link.tell(login);
    await settle();
    expect(link.asked).toEqual(['clicked messageID,7', 'clicked messageID,7']);
  });

  it('that the server refuses is dropped', async () => {
    link.answer = refusing(6000001);
    provider.clicked(notice({ messageID: '7' }));
    await settle();
    link.tell(login);
    await settle();
    expect(link.asked).toHaveLength(1);
  });

  it('of a user who logged out is not reported for the next one', async () => {
    link.answer = refusing(6000121);
    provider.clicked(notice({ messageID: '7' }));
    await settle();
    link.tell({ kind: 'logout' });
    link.answer = () => Promise.resolve('');
    link.tell(login);
    await settle();
    expect(link.asked).toHaveLength(1);
  });

  it('is not waited for without bound', async () => {
    link.answer = refusing(6000121);
    for (let i = 1; i <= CLICKS_WAITING_MAX + 5; i++) provider.clicked(notice({ messageID: String(i) }));
    await settle();
    link.asked.length = 0;
    link.answer = () => Promise.resolve('');
    link.tell(login);
    await settle();
    expect(link.asked).toHaveLength(CLICKS_WAITING_MAX);
    expect(link.asked[0]).toBe('clicked messageID,6');
  });

  it('is told even if the client is older than this', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const older = { isReady: true, register: never, unregister: never };
    const zim = { [Symbol.for('hongyan.pushLink')]: { ...older, watch: () => () => undefined } };
    const alone = createPush({ provider, zim });
    const heard: ZPNsMessage[] = [];
    alone.on('notificationClicked', (message) => heard.push(message));
    provider.clicked(notice({ messageID: '7' }));
    await settle();
    expect(heard).toHaveLength(1);
    alone.close();
  });
});
