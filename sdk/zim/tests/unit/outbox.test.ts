/** Messages on their way: order, pace, repetition after a reconnect, limits, bounded failure. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ZIM, ZIMMessage, ZIMMessageSendConfig } from '../../src/core.js';
import type { WireSend } from '../../src/wire.js';
import { FakeServer, loggedIn, message, Refusal, settle } from '../fake/server.js';

let server: FakeServer;
let zim: ZIM;
let seq: number;

/** Stores as the server does: the same localMessageID gives the same message. */
function storing(): void {
  const stored = new Map<string, number>();
  server.on('message.send', (send: WireSend) => {
    const known = stored.get(send.localMessageID) ?? ++seq;
    stored.set(send.localMessageID, known);
    const own = { senderUserID: 'ann', localMessageID: send.localMessageID, content: send.content };
    return { message: message(known, own) };
  });
}

function send(
  text: string,
  config: Partial<ZIMMessageSendConfig> = {},
): Promise<ZIMMessage | { code: number }> {
  return zim.sendMessage({ type: 1, message: text }, 'bob', 0, { priority: 2, ...config }).then(
    ({ message: sent }) => sent,
    (error: unknown) => error as { code: number },
  );
}

beforeEach(async () => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  server = new FakeServer();
  seq = 0;
  storing();
  zim = await loggedIn(server);
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a send', () => {
  it('carries everything the server needs and nothing that means nothing', async () => {
    await zim.sendMessage(
      {
        type: 200,
        message: '{"a":1}',
        subType: 7,
        searchedContent: 'a',
        extendedData: 'x',
        mentionedUserIDs: ['bob'],
      },
      'group-1',
      2,
      {
        priority: 3,
        isNotifyMentionedUsers: true,
        pushConfig: { title: '标题', content: '内容', payload: 'p', resourcesID: 'r', threadID: '' },
      },
    );
    expect(server.link.of('message.send')[0]?.params).toEqual({
      localMessageID: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      conversationID: 'group-1',
      conversationType: 2,
      content: {
        type: 200,
        message: '{"a":1}',
        subType: 7,
        searchedContent: 'a',
        extendedData: 'x',
        mentionedUserIDs: ['bob'],
      },
      priority: 3,
      isNotifyMentionedUsers: true,
      pushConfig: { title: '标题', content: '内容', payload: 'p', resourcesID: 'r' },
    });
  });

  it('carries bytes as base64 and gives bytes back', async () => {
    const bytes = new Uint8Array([0, 1, 2, 253, 254, 255, 7]);
    const { message: sent } = await zim.sendMessage({ type: 2, message: bytes }, 'bob', 0, { priority: 1 });
    expect(server.link.of('message.send')[0]?.params['content']).toEqual({
      type: 2,
      message: 'AAEC/f7/Bw==',
    });
    expect(sent.message).toEqual(bytes);
  });

  it('is announced while it is sent and when it is stored', async () => {
    const told: unknown[] = [];
    zim.on('messageSentStatusChanged', (_, { infos }) => {
      told.push(...infos.map(({ status, message: { messageID }, reason }) => [status, messageID, reason]));
    });
    let attached: ZIMMessage | undefined;
    const { message: sent } = await zim.sendMessage(
      { type: 1, message: 'x' },
      'bob',
      0,
      { priority: 1 },
      { onMessageAttached: (given) => (attached = given) },
    );
    expect(attached).toMatchObject({ sentStatus: 0, direction: 0, localMessageID: sent.localMessageID });
    expect(sent).toMatchObject({
      sentStatus: 1,
      messageSeq: 1,
      messageID: '1001',
      direction: 0,
      senderUserID: 'ann',
    });
    expect(told).toEqual([
      [0, '', ''],
      [1, '1001', ''],
    ]);
  });

  it('that is refused is announced as failed', async () => {
    server.on('message.send', () => {
      throw new Refusal(6000204, 'the receiver does not exist');
    });
    const told: unknown[] = [];
    zim.on('messageSentStatusChanged', (_, { infos }) => told.push([infos[0]?.status, infos[0]?.reason]));
    expect(await send('x')).toEqual({ code: 6000204, message: 'the receiver does not exist' });
    expect(told.at(-1)).toEqual([2, 'the receiver does not exist']);
  });
});

describe('limits of the client', () => {
  it('eleven at once: the eleventh fails with 6000004, and none is lost', async () => {
    const results = Array.from({ length: 11 }, (_, i) => send(`text ${i}`));
    await vi.advanceTimersByTimeAsync(1_000);
    const sent = await Promise.all(results);
    expect(sent.slice(0, 10).map((m) => (m as ZIMMessage).messageSeq)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    expect(sent[10]).toMatchObject({ code: 6000004 });
    expect(await send('later')).toMatchObject({ messageSeq: 11 });
  });

  it('writes a little below ten a second', async () => {
    for (let i = 0; i < 10; i++) void send(`a ${i}`);
    await settle();
    expect(server.link.of('message.send')).toHaveLength(8);
    for (let i = 0; i < 50; i++) {
      await vi.advanceTimersByTimeAsync(100);
      void send(`b ${i}`);
    }
    expect(server.link.of('message.send').length).toBeLessThanOrEqual(8 + 45);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(server.link.of('message.send')).toHaveLength(60);
  });

  it.each([
    [{ type: 1, message: '' }, 6000001],
    [{ type: 1, message: '字'.repeat(683) }, 6000001],
    [{ type: 1, message: new Uint8Array(1) }, 6000001],
    [{ type: 2, message: 'text' }, 6000001],
    [{ type: 2, message: new Uint8Array(5121) }, 6000001],
    [{ type: 200, message: 'x', subType: 201 }, 6000001],
    [{ type: 1, message: 'x', extendedData: 'e'.repeat(1025) }, 6000001],
    [{ type: 1, message: 'x', mentionedUserIDs: Array.from({ length: 51 }, () => 'bob') }, 6000001],
    [{ type: 11 }, 6000013],
    [{ type: 99 }, 6000001],
  ])('refuses the message %#', async (bad, code) => {
    await expect(zim.sendMessage(bad, 'bob', 0, { priority: 2 })).rejects.toMatchObject({ code });
    expect(server.link.of('message.send')).toHaveLength(0);
  });

  it.each([
    ['bob', 0, { priority: 4 }, 6000001],
    ['bob', 0, { priority: 2, hasReceipt: true }, 6000013],
    ['ann', 0, { priority: 2 }, 6000001],
    ['', 0, { priority: 2 }, 6000001],
    ['b/b', 0, { priority: 2 }, 6000001],
    ['room', 1, { priority: 2 }, 6000013],
    ['bob', 9, { priority: 2 }, 6000001],
    ['bob', 0, { priority: 2, pushConfig: { title: 't'.repeat(1025), content: '' } }, 6000001],
    [
      'bob',
      0,
      { priority: 2, pushConfig: { title: '', content: '', resourcesID: '资'.repeat(33) } },
      6000001,
    ],
    ['bob', 0, { priority: 2, pushConfig: { title: '', content: '', badgeIncrement: 100 } }, 6000001],
  ])('refuses to send to %s (%i) with %o', async (to, type, config, code) => {
    await expect(zim.sendMessage({ type: 1, message: 'x' }, to, type, config)).rejects.toMatchObject({
      code,
    });
    expect(server.link.of('message.send')).toHaveLength(0);
  });
});

describe('a broken connection', () => {
  it('sends again under the same ID, in order, each stored once', async () => {
    const answers: string[] = [];
    server.on('message.send', (params) => {
      answers.push(params.content.message);
      return 'silence';
    });
    const results = ['a', 'b', 'c'].map((text) => send(text));
    await settle();
    storing();
    server.link.close(1006);
    await settle();
    const [first, again] = server.links;
    const ids = (link = server.link): unknown[] =>
      link.of('message.send').map(({ params }) => params['localMessageID']);
    expect(ids(again)).toEqual(ids(first));
    expect((await Promise.all(results)).map((m) => (m as ZIMMessage).messageSeq)).toEqual([1, 2, 3]);
    expect(answers).toEqual(['a', 'b', 'c']);
  });

  it('sends what was submitted meanwhile, after what was under way', async () => {
    server.unreachable = true;
    server.link.close(1006);
    await settle();
    const results = ['a', 'b'].map((text) => send(text));
    await vi.advanceTimersByTimeAsync(2_000);
    server.unreachable = false;
    await vi.advanceTimersByTimeAsync(15_000);
    expect((await Promise.all(results)).map((m) => (m as ZIMMessage).messageSeq)).toEqual([1, 2]);
  });

  it('fails after a minute: 6000104 if it never left, 6000009 if it may have arrived', async () => {
    server.on('message.send', () => 'silence').on('session.heartbeat', () => 'silence');
    const left = send('left');
    await settle();
    server.unreachable = true;
    server.link.close(1006);
    await settle();
    const never = send('never');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await left).toMatchObject({ code: 6000009 });
    expect(await never).toMatchObject({ code: 6000104 });
  });

  it('a retry of the app keeps the ID, a new send does not', async () => {
    server.on('message.send', () => {
      throw new Refusal(6000007);
    });
    let failed: ZIMMessage | undefined;
    zim.on('messageSentStatusChanged', (_, { infos }) => (failed = infos[0]?.message));
    await send('x');
    storing();
    await zim.sendMessage(failed!, 'bob', 0, { priority: 2, isRetrySend: true });
    await zim.sendMessage(failed!, 'bob', 0, { priority: 2 });
    const [first, retry, fresh] = server.link
      .of('message.send')
      .map(({ params }) => params['localMessageID']);
    expect(retry).toBe(first);
    expect(fresh).not.toBe(first);
  });

  it('the same message twice at once is refused', async () => {
    server.on('message.send', () => 'silence');
    let attached: ZIMMessage | undefined;
    zim.on('messageSentStatusChanged', (_, { infos }) => (attached = infos[0]?.message));
    void send('x');
    await settle();
    const again = zim.sendMessage(attached!, 'bob', 0, { priority: 2, isRetrySend: true });
    await expect(again).rejects.toMatchObject({ code: 6000001 });
  });
});

it('waits a little when the server finds it too fast, and tells nobody', async () => {
  let refusals = 3;
  server.on('message.send', (params) => {
    if (refusals-- > 0) throw new Refusal(6000005);
    return { message: message(++seq, { senderUserID: 'ann', content: params.content }) };
  });
  const sent = send('x');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await sent).toMatchObject({ messageSeq: 1 });
});

it('fails what is on its way when the user logs out', async () => {
  server.on('message.send', () => 'silence');
  const sending = send('x');
  await settle();
  await zim.logout();
  expect(await sending).toMatchObject({ code: 6000009 });
});
