/**
 * The conversation list: loading, counting, merging with what the server says; unread equals the server's.
 */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ZIM, ZIMConversation } from '../../src/core.js';
import { Entry } from '../../src/entry.js';
import type { WireConversation, WireMessage } from '../../src/wire.js';
import { conversation, FakeServer, loggedIn, message, received, Refusal, settle } from '../fake/server.js';

let server: FakeServer;
let list: WireConversation[];
let changes: [number, string, number][];
let totals: number[];

/** A server whose list is `list`. */
function listing(): void {
  server.on('conversation.list', ({ count, next }) => {
    const from = Number(next ?? 0);
    const page = list.slice(from, from + count);
    const more = from + count < list.length;
    return { conversationList: page, ...(more ? { next: String(from + count) } : {}) };
  });
  server.on('conversation.get', ({ conversationID }) => {
    const found = list.find((entry) => entry.conversationID === conversationID);
    if (!found) throw new Refusal(6000603);
    return { conversation: found };
  });
}

async function start(): Promise<ZIM> {
  const zim = await loggedIn(server);
  zim.on('conversationChanged', (_, { infoList }) => {
    for (const { event, conversation: c } of infoList)
      changes.push([event, c.conversationID, c.unreadMessageCount]);
  });
  zim.on('conversationTotalUnreadMessageCountUpdated', (_, { totalUnreadMessageCount }) => {
    totals.push(totalUnreadMessageCount);
  });
  return zim;
}

async function first(zim: ZIM): Promise<ZIMConversation | undefined> {
  return (await zim.queryConversationList({ count: 10 })).conversationList[0];
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  server = new FakeServer();
  list = [];
  changes = [];
  totals = [];
  listing();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('messages', () => {
  it('raise the unread count and move the conversation to the top', async () => {
    list = [
      conversation(9, { conversationID: 'cho', unreadMessageCount: 0, orderKey: 1_800_000_000_000 }),
      conversation(2),
    ];
    const zim = await start();
    server.link.notify('message.received', {
      ...received([]),
      messages: [message(3, { timestamp: 1_900_000_000_000 })],
    });
    expect(changes).toEqual([[1, 'bob', 3]]);
    expect(totals).toEqual([3]);
    const top = await first(zim);
    expect(top).toMatchObject({ conversationID: 'bob', conversationName: 'Bob', unreadMessageCount: 3 });
    expect(top?.lastMessage).toMatchObject({ messageSeq: 3, message: 'text 3', direction: 1 });
  });

  it('of this user, and those that say so, raise nothing', async () => {
    list = [conversation(2)];
    const zim = await start();
    const own = message(3, { senderUserID: 'ann' });
    const quiet = message(4, { disableUnread: true });
    server.link.notify('message.received', { ...received([]), messages: [own, quiet] });
    expect(await first(zim)).toMatchObject({ unreadMessageCount: 2, lastMessage: { messageSeq: 4 } });
  });

  it('sent from here become the last message and do not read the others', async () => {
    list = [conversation(2)];
    server.on('message.send', (send) => ({
      message: message(3, { senderUserID: 'ann', content: send.content }),
    }));
    const zim = await start();
    await zim.sendMessage({ type: 1, message: 'mine' }, 'bob', 0, { priority: 2 });
    expect(changes).toEqual([[1, 'bob', 2]]);
    expect(await first(zim)).toMatchObject({
      unreadMessageCount: 2,
      lastMessage: { message: 'mine', direction: 0 },
    });
  });

  it('of an unknown conversation bring its entry', async () => {
    const zim = await start();
    list = [conversation(1)];
    server.link.notify('message.received', received([1]));
    await settle();
    expect(changes).toEqual([[0, 'bob', 1]]);
    expect(totals).toEqual([1]);
    expect(await first(zim)).toMatchObject({ conversationName: 'Bob' });
  });

  it('that came while the list was loaded are counted once', async () => {
    server.on('conversation.list', (_, link) => {
      // Two of the three are in what the server answers, one comes after it.
      for (const seq of [5, 6, 7]) link.notify('message.received', received([seq]));
      return { conversationList: [conversation(6, { unreadMessageCount: 4 })] };
    });
    const zim = await start();
    server.link.notify('message.received', received([7]));
    expect(await first(zim)).toMatchObject({ unreadMessageCount: 5, lastMessage: { messageSeq: 7 } });
  });

  it('that mention this user are listed until they are read', async () => {
    list = [conversation(1)];
    const zim = await start();
    const content = { type: 1, message: 'x', mentionedUserIDs: ['ann'] };
    const all = { type: 1, message: 'x', isMentionAll: true };
    server.link.notify('message.received', {
      ...received([]),
      messages: [message(2, { content }), message(3, { content: all })],
    });
    expect((await first(zim))?.mentionedInfoList).toEqual([
      { messageID: '1002', messageSeq: 2, fromUserID: 'bob', type: 1 },
      { messageID: '1003', messageSeq: 3, fromUserID: 'bob', type: 2 },
    ]);
    list = [conversation(3, { unreadMessageCount: 0, readMessageSeq: 3 })];
    await zim.clearConversationUnreadMessageCount('bob', 0);
    expect((await first(zim))?.mentionedInfoList).toEqual([]);
  });
});

describe('reading', () => {
  it('counts a message that came between reading and its answer as the server does', async () => {
    list = [conversation(4)];
    const zim = await start();
    // The server read up to 5, whose delivery arrives after the answer; 6 is really new.
    server.on('conversation.read', () => {
      list = [conversation(5, { unreadMessageCount: 0, readMessageSeq: 5 })];
      return { totalUnreadMessageCount: 0 };
    });
    await zim.clearConversationUnreadMessageCount('bob', 0);
    server.link.notify('message.received', received([5]));
    server.link.notify('message.received', received([6]));
    expect(await first(zim)).toMatchObject({ unreadMessageCount: 1, readMessageSeq: 5 });
    expect(totals).toEqual([0, 1]);
  });

  it('everything reloads the list', async () => {
    list = [conversation(4), conversation(2, { conversationID: 'cho' })];
    const zim = await start();
    server.on('conversation.readAll', () => {
      list = list.map((entry) => ({ ...entry, unreadMessageCount: 0, readMessageSeq: entry.lastMessageSeq }));
      return { totalUnreadMessageCount: 0 };
    });
    await zim.clearConversationTotalUnreadMessageCount();
    expect(totals).toEqual([0]);
    expect(changes).toEqual([
      [1, 'bob', 0],
      [1, 'cho', 0],
    ]);
  });

  it('of a conversation that does not exist is refused', async () => {
    const zim = await start();
    server.on('conversation.read', () => {
      throw new Refusal(6000603);
    });
    await expect(zim.clearConversationUnreadMessageCount('nobody', 0)).rejects.toMatchObject({
      code: 6000603,
    });
  });
});

describe('do-not-disturb', () => {
  it('takes a conversation out of the total', async () => {
    list = [conversation(4), conversation(2, { conversationID: 'cho' })];
    server.on('conversation.setNotificationStatus', ({ notificationStatus }) => ({
      conversation: conversation(4, { notificationStatus }),
    }));
    const zim = await start();
    await expect(zim.setConversationNotificationStatus(2, 'bob', 0)).resolves.toEqual({
      conversationID: 'bob',
      conversationType: 0,
    });
    expect(totals).toEqual([2]);
    server.link.notify('message.received', received([5]));
    expect(totals).toEqual([2]);
    expect(changes.at(-1)).toEqual([1, 'bob', 5]);
    await expect(zim.setConversationNotificationStatus(3 as never, 'bob', 0)).rejects.toMatchObject({
      code: 6000001,
    });
  });
});

describe('what the server says by itself', () => {
  it('changes entries and the total', async () => {
    list = [conversation(4)];
    const zim = await start();
    const group = { conversationID: 'g1', type: 2, conversationName: 'G' };
    const added = conversation(0, { ...group, orderKey: 1_900_000_000_000 });
    server.link.notify('conversation.changed', { infoList: [{ event: 0, conversation: added }] });
    const read = conversation(4, { unreadMessageCount: 0, readMessageSeq: 4 });
    server.link.notify('conversation.changed', { infoList: [{ event: 1, conversation: read }] });
    server.link.notify('conversation.totalUnreadChanged', { totalUnreadMessageCount: 0 });
    expect(changes).toEqual([
      [0, 'g1', 0],
      [1, 'bob', 0],
    ]);
    expect(totals).toEqual([0]);
    expect(await first(zim)).toMatchObject({ conversationID: 'g1', isDisabled: false, mutedExpiredTime: 0 });
    const dismissed = { ...added, isDisabled: true };
    server.link.notify('conversation.changed', { infoList: [{ event: 2, conversation: dismissed }] });
    expect(await first(zim)).toMatchObject({ isDisabled: true });
  });

  it('is reported once after a login, with the progress of loading', async () => {
    list = [conversation(4)];
    const zim = await start();
    const states: number[] = [];
    zim.on('conversationSyncStateChanged', (_, { state }) => states.push(state));
    server.link.close(1006);
    list = [conversation(6)];
    await settle();
    expect(states).toEqual([0, 1]);
    expect(changes).toEqual([[1, 'bob', 6]]);
    expect(totals).toEqual([0, 6]);
  });
});

describe('queries', () => {
  const many = (count: number): WireConversation[] =>
    Array.from({ length: count }, (_, i) =>
      conversation(1, { conversationID: `u${String(i).padStart(4, '0')}`, orderKey: 5_000_000 - i }),
    );

  it('page through the list', async () => {
    list = many(250);
    const zim = await start();
    const seen: string[] = [];
    let next: ZIMConversation | undefined;
    for (let i = 0; i < 4; i++) {
      const page = await zim.queryConversationList({
        count: 100,
        ...(next ? { nextConversation: next } : {}),
      });
      seen.push(...page.conversationList.map(({ conversationID }) => conversationID));
      next = page.conversationList.at(-1);
    }
    expect(seen).toEqual(list.map(({ conversationID }) => conversationID));
  });

  it('ask the server for what is not kept, and let it count', async () => {
    list = many(1150);
    server.on('conversation.totalUnread', () => ({ totalUnreadMessageCount: 4711 }));
    const zim = await start();
    expect(server.link.of('conversation.list')).toHaveLength(10);
    server.link.notify('message.received', {
      ...received([]),
      conversationID: 'u0000',
      messages: [message(2)],
    });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(totals).toEqual([4711]);
    const { conversationList } = await zim.queryConversationList({
      count: 100,
      nextConversation: shown(list[1000]!),
    });
    expect(conversationList.map(({ conversationID }) => conversationID)).toEqual(
      list.slice(1001, 1101).map(({ conversationID }) => conversationID),
    );
  });

  it('filter', async () => {
    list = [
      conversation(3),
      conversation(0, { conversationID: 'cho' }),
      conversation(2, { conversationID: 'g1', type: 2 }),
    ];
    const zim = await start();
    const ids = async (option: object): Promise<string[]> =>
      (await zim.queryConversationList({ count: 10 }, option)).conversationList.map((c) => c.conversationID);
    expect(await ids({ conversationTypes: [2] })).toEqual(['g1']);
    expect(await ids({ isOnlyUnreadConversation: true })).toEqual(['bob', 'g1']);
    expect(await ids({ pinnedFilter: 1 })).toEqual([]);
    await expect(ids({ marks: [1] })).rejects.toMatchObject({ code: 6000013 });
    await expect(zim.queryConversationList({ count: 0 })).rejects.toMatchObject({ code: 6000001 });
    await expect(zim.queryConversationTotalUnreadMessageCount({ conversationTypes: [2] })).resolves.toEqual({
      unreadMessageCount: 2,
    });
  });

  it('load the list again when that failed, and say why if it fails again', async () => {
    server.on('conversation.list', () => {
      throw new Refusal(6000007);
    });
    const zim = await start();
    await expect(zim.queryConversationList({ count: 1 })).rejects.toMatchObject({ code: 6000007 });
    list = [conversation(1)];
    listing();
    expect(await first(zim)).toMatchObject({ conversationID: 'bob' });
  });

  function shown(wire: WireConversation): ZIMConversation {
    return { ...wire, lastMessage: undefined } as unknown as ZIMConversation;
  }
});

describe('an entry against a model', () => {
  /** What the server counts: messages of others above the read mark. */
  class Model {
    messages: WireMessage[] = [];
    read = 0;

    word(): WireConversation {
      const unread = this.messages.filter((m) => m.messageSeq > this.read && m.senderUserID !== 'ann');
      const last = this.messages.length;
      return conversation(last, { unreadMessageCount: unread.length, readMessageSeq: this.read });
    }
  }

  it('equals the server whatever order words and messages arrive in', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = generator(seed);
      const model = new Model();
      const entry = new Entry({ conversationID: 'bob', conversationType: 0 });
      const toDeliver: WireMessage[] = [];
      const words: WireConversation[] = [];
      for (let step = 0; step < 60; step++) {
        const action = random();
        if (action < 0.4) {
          const sent = message(model.messages.length + 1, { senderUserID: random() < 0.3 ? 'ann' : 'bob' });
          model.messages.push(sent);
          toDeliver.push(sent);
        } else if (action < 0.5) {
          model.read = model.messages.length;
          words.push(model.word());
        } else if (action < 0.6) {
          words.push(model.word());
        } else if (action < 0.8) {
          const next = toDeliver.shift();
          if (next) entry.count(next, 'ann');
        } else {
          const next = words.shift();
          if (next) entry.merge(next, 'ann');
        }
      }
      for (const left of toDeliver) entry.count(left, 'ann');
      for (const word of [...words, model.word()]) entry.merge(word, 'ann');
      expect(entry.wire.unreadMessageCount, `seed ${seed}`).toBe(model.word().unreadMessageCount);
      expect(entry.wire.lastMessageSeq).toBe(model.messages.length);
    }
  });

  it('asks again when it had to forget too much', () => {
    const entry = new Entry({ conversationID: 'bob', conversationType: 0 });
    entry.merge(conversation(1), 'ann');
    for (let seq = 2; seq <= 300; seq++) entry.count(message(seq), 'ann');
    expect(entry.wire.unreadMessageCount).toBe(300);
    expect(entry.merge(conversation(50, { readMessageSeq: 50, unreadMessageCount: 0 }), 'ann')).toBe(false);
    expect(entry.merge(conversation(300, { readMessageSeq: 50, unreadMessageCount: 250 }), 'ann')).toBe(true);
    expect(entry.wire.unreadMessageCount).toBe(250);
  });

  function generator(seed: number): () => number {
    let state = seed * 2654435761;
    return () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 4294967296;
    };
  }
});
