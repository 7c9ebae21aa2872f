/** Received messages: once, in order, gaps filled, acknowledged after the listener, places kept. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ZIM } from '../../src/core.js';
import { memoryStorage } from '../../src/platform/index.js';
import type { WireMessage } from '../../src/wire.js';
import { FakeServer, loggedIn, message, received, Refusal, settle, testPlatform } from '../fake/server.js';

let server: FakeServer;
let zim: ZIM;
let seen: number[];
let offline: boolean[];

function listen(client: ZIM): void {
  client.on('peerMessageReceived', (_, { messageList, info }) => {
    seen.push(...messageList.map(({ messageSeq }) => messageSeq ?? -1));
    offline.push(info.isOfflineMessage);
  });
}

/** A history that holds the messages 1 to `newest`, those in `missing` not. */
function keep(newest: number, missing: number[] = []): void {
  server.on('message.history', ({ afterSeq = 0, count }) => {
    const all: WireMessage[] = [];
    for (let seq = afterSeq + 1; seq <= newest && all.length < count; seq++) {
      if (!missing.includes(seq)) all.push(message(seq));
    }
    return { messages: all, hasMore: (all.at(-1)?.messageSeq ?? newest) < newest };
  });
}

const acks = (): unknown[] =>
  server.links.flatMap((link) => link.of('message.ack').map(({ params }) => params['messageSeq']));

beforeEach(async () => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  server = new FakeServer();
  seen = [];
  offline = [];
  zim = await loggedIn(server);
  listen(zim);
});

afterEach(() => {
  vi.useRealTimers();
});

describe('handing on', () => {
  it('begins wherever the server begins, then goes on in order and drops doubles', async () => {
    server.link.notify('message.received', received([5, 6], true));
    server.link.notify('message.received', received([6, 7]));
    server.link.notify('message.received', received([5]));
    expect(seen).toEqual([5, 6, 7]);
    expect(offline).toEqual([true, false]);
    await settle();
    expect(acks()).toEqual([7]);
  });

  it('acknowledges after the listener ran, once a tick', async () => {
    zim.on('peerMessageReceived', () => expect(acks()).toEqual([]));
    server.link.notify('message.received', received([1]));
    server.link.notify('message.received', received([2]));
    server.link.notify('message.received', {
      ...received([]),
      conversationID: 'cho',
      messages: [message(9)],
    });
    expect(acks()).toEqual([]);
    await settle();
    expect(server.link.of('message.ack').map(({ params }) => params)).toEqual([
      { conversationID: 'bob', conversationType: 0, messageSeq: 2 },
      { conversationID: 'cho', conversationType: 0, messageSeq: 9 },
    ]);
  });

  it('survives a listener that throws', async () => {
    const thrown: unknown[] = [];
    const careful = await loggedIn(server, testPlatform(server, { uncaught: (error) => thrown.push(error) }));
    careful.on('peerMessageReceived', () => {
      throw new Error('of the app');
    });
    server.link.notify('message.received', received([1]));
    await settle();
    expect(thrown).toHaveLength(1);
    expect(acks()).toEqual([1]);
  });

  it('uses the older event only while the newer one has no listener', () => {
    const older: number[] = [];
    zim.on('receivePeerMessage', (_, { messageList }) => older.push(messageList.length));
    server.link.notify('message.received', received([1]));
    zim.off('peerMessageReceived');
    server.link.notify('message.received', received([2]));
    expect(seen).toEqual([1]);
    expect(older).toEqual([1]);
  });

  it('hands on commands without a place and never acknowledges them', async () => {
    const command = message(0, { content: { type: 2, message: 'AAEC' } });
    server.link.notify('message.received', { ...received([]), messages: [command] });
    await settle();
    expect(seen).toEqual([0]);
    expect(acks()).toEqual([]);
  });

  it('hands on groups under their own event', () => {
    const from: string[] = [];
    zim.on('groupMessageReceived', (_, { fromConversationID }) => from.push(fromConversationID));
    const inGroup = message(3, { conversationID: 'g1', conversationType: 2 });
    server.link.notify('message.received', {
      conversationID: 'g1',
      conversationType: 2,
      messages: [inGroup],
      isOfflineMessage: false,
    });
    expect(from).toEqual(['g1']);
    expect(seen).toEqual([]);
  });
});

describe('a gap', () => {
  it('is filled from history before anything behind it is handed on', async () => {
    keep(250);
    server.link.notify('message.received', received([1]));
    server.link.notify('message.received', received([249]));
    server.link.notify('message.received', received([250]));
    expect(seen).toEqual([1]);
    await settle();
    expect(seen).toEqual(Array.from({ length: 250 }, (_, i) => i + 1));
    expect(server.link.of('message.history').map(({ params }) => params['afterSeq'])).toEqual([1, 101, 201]);
    expect(acks().at(-1)).toBe(250);
  });

  it('that history does not have either is passed over', async () => {
    keep(5, [2, 3]);
    server.link.notify('message.received', received([1]));
    server.link.notify('message.received', received([4, 5]));
    await settle();
    expect(seen).toEqual([1, 4, 5]);
    server.on('message.history', () => ({ messages: [], hasMore: false }));
    server.link.notify('message.received', received([9]));
    await settle();
    expect(seen).toEqual([1, 4, 5, 9]);
  });

  it('that cannot be filled now is tried again', async () => {
    server.on('message.history', () => {
      throw new Refusal(6000007);
    });
    server.link.notify('message.received', received([1]));
    server.link.notify('message.received', received([3]));
    await settle();
    expect(seen).toEqual([1]);
    keep(3);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('is no gap where an own message lies', async () => {
    server.on('message.send', (send) => ({
      message: message(2, { senderUserID: 'ann', content: send.content }),
    }));
    server.link.notify('message.received', received([1]));
    await zim.sendMessage({ type: 1, message: 'x' }, 'bob', 0, { priority: 2 });
    server.link.notify('message.received', received([3]));
    expect(seen).toEqual([1, 3]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(server.link.of('message.history')).toHaveLength(0);
  });

  it('waits for a message that an own one has overtaken, and fetches it if it does not come', async () => {
    server.on('message.send', (send) => ({
      message: message(3, { senderUserID: 'ann', content: send.content }),
    }));
    server.link.notify('message.received', received([1]));
    await zim.sendMessage({ type: 1, message: 'x' }, 'bob', 0, { priority: 2 });
    keep(3);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.link.of('message.history')).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen).toEqual([1, 2]);
    server.link.notify('message.received', received([4]));
    expect(seen).toEqual([1, 2, 4]);
  });
});

describe('a reconnect', () => {
  it('takes the sync from where the server begins it, and drops what was held before', async () => {
    server.on('message.history', () => 'silence');
    server.link.notify('message.received', received([1]));
    server.link.notify('message.received', received([4]));
    server.link.close(1006);
    await settle();
    server.link.notify('message.received', received([2, 3, 4, 5], true));
    await settle();
    for (const { id } of server.link.of('message.history')) {
      server.link.say({ id, result: { messages: [message(2), message(3)], hasMore: true } });
    }
    await settle();
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it('accepts that offline messages begin later: older ones than seven days do not come', async () => {
    server.link.notify('message.received', received([1]));
    server.link.close(1006);
    await settle();
    server.link.notify('message.received', received([50, 51], true));
    expect(seen).toEqual([1, 50, 51]);
    expect(server.link.of('message.history')).toHaveLength(0);
  });

  it('acknowledges again what may have been lost', async () => {
    server.link.notify('message.received', received([1]));
    const broken = server.link;
    broken.close(1006);
    await settle();
    expect(broken.of('message.ack')).toHaveLength(0);
    expect(acks()).toEqual([1]);
  });
});

describe('places', () => {
  it('survive a restart, belong to one user, and go with isClearDB', async () => {
    const storage = memoryStorage();
    const first = await loggedIn(server, testPlatform(server, { storage }));
    server.link.notify('message.received', received([1, 2]));
    await vi.advanceTimersByTimeAsync(500);
    first.destroy();
    const second = await loggedIn(server, testPlatform(server, { storage }));
    listen(second);
    const cursor = { conversationID: 'bob', conversationType: 0, messageSeq: 2 };
    expect(server.link.of('session.login')[0]?.params['cursors']).toEqual([cursor]);
    server.link.notify('message.received', received([2, 3], true));
    expect(seen).toEqual([3]);
    await second.logout({ isClearDB: true });
    await loggedIn(server, testPlatform(server, { storage }));
    expect(server.link.of('session.login')[0]?.params).not.toHaveProperty('cursors');
  });

  it('are written before the app is stopped', async () => {
    const storage = memoryStorage();
    const platform = testPlatform(server, { storage });
    await loggedIn(server, platform);
    server.link.notify('message.received', received([1]));
    platform.lifecycle.tell('closing');
    expect(storage.get('hongyan.1.cursors.ann')).toContain('"messageSeq":1');
    expect(acks()).toContain(1);
  });

  it('that cannot be read are forgotten', async () => {
    const storage = memoryStorage([['hongyan.1.cursors.ann', '{"not":"a list"']]);
    await loggedIn(server, testPlatform(server, { storage }));
    expect(server.link.of('session.login')[0]?.params).not.toHaveProperty('cursors');
  });

  it('sends at most 200 with a login, the latest used', async () => {
    for (let i = 1; i <= 250; i++) {
      const from = { conversationID: `u${i}`, conversationType: 0 };
      server.link.notify('message.received', {
        ...from,
        messages: [message(1, from)],
        isOfflineMessage: false,
      });
    }
    server.link.close(1006);
    await settle();
    const cursors = server.link.of('session.login')[0]?.params['cursors'] as { conversationID: string }[];
    expect(cursors).toHaveLength(200);
    expect(cursors[0]?.conversationID).toBe('u250');
  });
});
