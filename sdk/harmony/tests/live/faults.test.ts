/** What goes wrong, by number: 6000401 to 6000405, Push Kit's own code in the text, and a locked phone. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Phone } from '../phone/phone.js';
import { Stage } from '../phone/stage.js';

let stage: Stage;
let phone: Phone;
let number = 0;

beforeAll(async () => {
  stage = await Stage.set('sdk.ts');
});

afterAll(() => stage?.strike());

beforeEach(async () => {
  phone = await stage.phone(`phone-${++number}`);
  return () => phone.close();
});

async function open(client: object = stage.client, haste = 1): Promise<void> {
  await phone.open({ haste });
  await phone.run('create', client);
  await phone.run('listen', 'registered');
}

/** How often Push Kit was asked for a token. */
function asked(): number {
  return phone.all('asked push.getToken').length;
}

describe('6000401', () => {
  it('the server cannot be reached, in half a minute of attempts', async () => {
    await open({ ...stage.client, server: 'http://127.0.0.1:9' }, 60);
    await phone.run('register', {});
    expect(await phone.hears('registered')).toMatchObject({ errorCode: 6000401, pushID: '' });
  });
});

describe('6000402', () => {
  it('a configuration that cannot work is thrown at once', async () => {
    await open();
    const thrown = JSON.parse(await phone.run<string>('register', { appType: 3 })) as object;
    expect(thrown).toMatchObject({ code: 6000402 });
    expect(asked()).toBe(0);
  });
});

describe('6000403', () => {
  it.each([1000900010, 1000900012, 1000900013, 1000900014])(
    '%i is final, and says what to do',
    async (code) => {
      phone.tokens.push({ code, message: 'refused by Push Kit' });
      await open();
      await phone.run('register', {});
      const { errorCode, msg } = await phone.hears('registered');
      expect(errorCode).toBe(6000403);
      expect(msg).toMatch(new RegExp(`^${code} refused by Push Kit: .{15,}`));
      expect(asked()).toBe(1);
    },
  );

  it.each([1000900001, 1000900008, 1000900009, 1000900011])('%i is tried three times', async (code) => {
    for (let attempt = 1; attempt <= 3; attempt++) phone.tokens.push({ code, message: `attempt ${attempt}` });
    await open(stage.client, 20);
    await phone.run('register', {});
    const { errorCode, msg } = await phone.hears('registered');
    expect(errorCode).toBe(6000403);
    expect(msg).toContain(`${code} attempt 3`);
    expect(asked()).toBe(3);
  });

  it('a passing fault passes: the third attempt has the token', async () => {
    const fault = { code: 1000900008, message: 'not connected' };
    phone.tokens.push(fault, fault);
    await open(stage.client, 20);
    await phone.run('register', {});
    expect(await phone.hears('registered')).toMatchObject({ errorCode: 0, msg: 'success' });
    expect(asked()).toBe(3);
  });
});

describe('6000404', () => {
  it('the server refuses what is no token', async () => {
    phone.tokens.push('a token with blanks');
    await open();
    await phone.run('register', {});
    const { errorCode, msg } = await phone.hears('registered');
    expect(errorCode).toBe(6000404);
    expect(msg).not.toBe('success');
  });
});

describe('6000405', () => {
  it('without a client nothing can be unregistered', async () => {
    await phone.open();
    expect(await phone.run('unregister')).toMatchObject({ errorCode: 6000405 });
  });

  it('nor without the server', async () => {
    await open();
    await phone.run('register', {});
    await phone.hears('registered');
    await phone.network(false);
    expect(await phone.run('unregister')).toMatchObject({ errorCode: 6000405 });
    await phone.network(true);
    expect(await phone.run('unregister')).toEqual({ errorCode: 0, msg: 'success' });
  });
});

describe('creating a client', () => {
  it('before the first unlock says what is wrong', async () => {
    await phone.open({ config: { locked: true } });
    const made = phone.run('create', stage.client);
    await expect(made).rejects.toMatchObject({
      code: 6000002,
      message: expect.stringMatching(/unlocked/) as string,
    });
  });

  it('twice gives none; both modules have one version', async () => {
    await open();
    expect(await phone.run('create', stage.client)).toBe(false);
    const [zim, zpns] = await phone.run<string[]>('versions');
    expect(zim).toBe(zpns);
  });

  it('attaching twice registers for messages once', async () => {
    await open();
    expect(phone.all('receives')).toEqual(['VoIP', 'BACKGROUND', 'DEFAULT']);
    expect(phone.all('log')).toEqual([]);
  });
});
