/** From what Push Kit hands over to messages of the public API: want parameters, payloads, error codes. */

import { describe, expect, it } from 'vitest';
import {
  describe as inWords,
  isPassing,
  readMessage,
  readWant,
  tokenFault,
} from '../../zpns/src/main/ets/messages.js';

const ids = { conversationID: 'ann', conversationType: 0, senderUserID: 'ann', messageID: '7' };

describe('a want', () => {
  it.each<[string, Record<string, unknown> | undefined]>([
    ['without parameters', undefined],
    ['of the launcher', { 'ohos.aafwk.param.callerPid': 1, isCallBySCB: false }],
    ['of another sender', { title: 'x', payload: 'y' }],
    ['with an empty ID', { messageID: '' }],
    ['with a number for an ID', { messageID: 7 }],
  ])('%s is an ordinary start', (_, parameters) => {
    expect(readWant(parameters)).toBeNull();
  });

  it('of a message has payload and IDs, and nothing of the system', () => {
    const parameters = { ...ids, payload: 'p', 'ohos.aafwk.param.callerToken': 5, moduleName: 'entry' };
    expect(readWant(parameters)).toEqual({ title: '', content: '', payload: 'p', extras: ids });
  });

  it('of a call has its own IDs; numbers that came as texts are numbers', () => {
    const extras = { callID: '9', inviter: 'ann', mode: 0 };
    expect(readWant({ ...extras, mode: '0' })).toEqual({ title: '', content: '', payload: '', extras });
  });
});

describe('a payload', () => {
  const inner = JSON.stringify({ title: 't', content: 'c', payload: 'p', ...ids });
  const message = { title: 't', content: 'c', payload: 'p', extras: ids };

  it.each<[string, string, unknown]>([
    ['background', JSON.stringify({ data: inner, header: { token: 'x' } }), { message, systemID: '' }],
    ['a call', JSON.stringify({ data: inner, callId: 'voip-1' }), { message, systemID: 'voip-1' }],
    [
      'in front',
      JSON.stringify({
        data: '',
        notification: {
          title: 't',
          body: 'c',
          clickAction: { actionType: 0, data: { ...ids, payload: 'p' } },
        },
      }),
      { message, systemID: '' },
    ],
    [
      'a call of another sender',
      JSON.stringify({ data: 'no JSON', callId: 'voip-1' }),
      { message: { title: '', content: '', payload: '', extras: {} }, systemID: 'voip-1' },
    ],
    ['a text of another sender', JSON.stringify({ data: 'no JSON' }), null],
    ['no JSON', '{', null],
    ['null', 'null', null],
    ['a number', '7', null],
  ])('%s', (_, data, expected) => {
    expect(readMessage(data)).toEqual(expected);
  });
});

describe('a fault', () => {
  it.each([
    [1000900001, true],
    [1000900008, true],
    [1000900009, true],
    [1000900011, true],
    [1000900010, false],
    [1000900012, false],
    [401, false],
  ])('%i: again %s', (code, again) => {
    expect(isPassing(code)).toBe(again);
  });

  it.each<[unknown, string]>([
    [{ code: 7, message: 'm' }, '7 m'],
    [new Error('m'), 'm'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
  ])('%j in words', (thrown, words) => {
    expect(inWords(thrown)).toBe(words);
    expect(tokenFault(thrown).message).toBe(words);
  });
});
