/**
 * Counts under revocations against a model of the server: whatever is sent, read, taken back and asked for,
 * in whatever order it comes together, the list ends up as the server has it.
 */

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ZIM } from '../../src/core.js';
import type { WireConversation, WireMessage } from '../../src/wire.js';
import { conversation, FakeServer, type Link, loggedIn, message, settle } from '../fake/server.js';

/** The conversation of ann with bob as the server has it. A revoked message is not unread. */
class Model {
  readonly messages: WireMessage[] = [];
  read = 0;

  word(): WireConversation {
    const last = this.messages.length;
    const unread = this.messages.filter(
      ({ messageSeq, senderUserID, content }) =>
        messageSeq > this.read && senderUserID === 'bob' && content.type !== 31,
    );
    return conversation(last, {
      unreadMessageCount: unread.length,
      readMessageSeq: this.read,
      lastMessage: this.messages.at(-1) ?? null,
    });
  }

  send(senderUserID: string): WireMessage {
    const sent = message(this.messages.length + 1, { senderUserID });
    this.messages.push(sent);
    return sent;
  }

  revoke(at: number): WireMessage | null {
    const found = this.messages[at];
    if (!found || found.content.type === 31) return null;
    const revoke = {
      operatedUserID: found.senderUserID,
      revokeTimestamp: 1,
      revokeStatus: 0,
      originalMessageType: 1,
    };
    const gone = { ...found, content: { type: 31, message: '', revoke } };
    this.messages[at] = gone;
    return gone;
  }
}

const REF = { conversationID: 'bob', conversationType: 0 };

/** One step of the world: 0 to 1 says which. */
async function step(model: Model, link: Link, zim: ZIM, random: () => number): Promise<void> {
  const action = random();
  if (action < 0.35) {
    const sent = model.send(random() < 0.25 ? 'ann' : 'bob');
    link.notify('message.received', { ...REF, messages: [sent], isOfflineMessage: false });
  } else if (action < 0.6) {
    const gone = model.revoke(Math.floor(random() * model.messages.length));
    if (gone) link.notify('message.revoked', { ...REF, messages: [gone] });
  } else if (action < 0.7) {
    model.read = model.messages.length;
    link.notify('conversation.changed', { infoList: [{ event: 1, conversation: model.word() }] });
  } else if (action < 0.8) {
    if (model.messages.length > 0) await zim.queryConversation('bob', 0);
  } else {
    await settle();
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

it('the list ends as the server has it', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = generator(seed);
    const model = new Model();
    const server = new FakeServer()
      .on('conversation.list', () => ({ conversationList: model.messages.length ? [model.word()] : [] }))
      .on('conversation.get', () => ({ conversation: model.word() }));
    for (let i = Math.floor(random() * 4); i > 0; i--) model.send('bob');
    const zim = await loggedIn(server);
    let total = -1;
    zim.on('conversationTotalUnreadMessageCountUpdated', (_, told) => (total = told.totalUnreadMessageCount));
    for (let i = 0; i < 40; i++) await step(model, server.link, zim, random);
    await settle();
    const [shown] = (await zim.queryConversationList({ count: 1 })).conversationList;
    const word = model.word();
    expect(shown?.unreadMessageCount, `seed ${seed}`).toBe(word.unreadMessageCount);
    expect(shown?.lastMessage, `seed ${seed}`).toMatchObject({
      messageID: word.lastMessage?.messageID,
      type: word.lastMessage?.content.type,
    });
    if (total >= 0) expect(total, `seed ${seed}`).toBe(word.unreadMessageCount);
    zim.destroy();
  }
});

function generator(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}
