/** Asking the server: what is sent, and what refusals become. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ask, Refusal, whenLoginIsOver } from '../../src/api/client';

function answering(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const fetched = vi.fn(
    async (_address: string, _init: RequestInit) =>
      new Response(status === 204 ? null : text, { status, headers }),
  );
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

async function refusal(asked: Promise<unknown>): Promise<Refusal> {
  const fault = await asked.then(
    () => null,
    (fault: unknown) => fault,
  );
  if (!(fault instanceof Refusal)) throw new Error(`not refused: ${String(fault)}`);
  return fault;
}

afterEach(() => {
  vi.unstubAllGlobals();
  whenLoginIsOver(() => undefined);
});

describe('a request', () => {
  it('that writes carries the header that other sites cannot send', async () => {
    const fetched = answering(200, { appID: 7 });
    await ask('PATCH /apps/{app}', { path: { app: 7 }, body: { name: 'x' } });
    const [address, init] = fetched.mock.calls[0] ?? [];
    expect(address).toBe('/api/v1/apps/7');
    expect(init).toMatchObject({ method: 'PATCH', body: '{"name":"x"}', credentials: 'same-origin' });
    expect(init?.headers).toMatchObject({ 'X-Hongyan-Console': '1', 'Content-Type': 'application/json' });
  });

  it('that reads carries its query and no body', async () => {
    const fetched = answering(200, { users: [], next: null });
    await ask('GET /apps/{app}/users', { path: { app: 7 }, query: { prefix: 'a b', count: 5 } });
    const [address, init] = fetched.mock.calls[0] ?? [];
    expect(address).toBe('/api/v1/apps/7/users?prefix=a+b&count=5');
    expect(init).not.toHaveProperty('body');
    expect(init?.headers).toEqual({});
  });

  it('without content answers nothing', async () => {
    answering(204, '');
    expect(await ask('POST /logout')).toBeUndefined();
  });
});

describe('a refusal', () => {
  it('has code, hint, fields and the time to wait', async () => {
    const fields = [{ field: 'name', message: 'too long' }];
    const error = { code: 'too_many_attempts', message: 'wait', hint: 'later', fields };
    answering(429, { error }, { 'Retry-After': '30' });
    const refused = await refusal(ask('POST /login', { body: { name: 'a', password: 'b' } }));
    expect(refused).toMatchObject({ code: 'too_many_attempts', hint: 'later', status: 429, retryAfterS: 30 });
    expect(refused.fields).toEqual({ name: 'too long' });
  });

  it('of a proxy in between is called unreadable', async () => {
    answering(502, '<html>');
    expect(await refusal(ask('GET /me'))).toMatchObject({ code: 'unreadable', status: 502 });
  });

  it('of nobody at all is called unreachable', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
    expect((await refusal(ask('GET /me'))).code).toBe('unreachable');
  });

  it('for want of a login is told to the page', async () => {
    const over = vi.fn();
    whenLoginIsOver(over);
    answering(401, { error: { code: 'unauthorized', message: 'log in', hint: '' } });
    await refusal(ask('GET /apps'));
    answering(403, { error: { code: 'forbidden', message: 'no', hint: '' } });
    await refusal(ask('GET /apps'));
    expect(over).toHaveBeenCalledTimes(1);
  });
});
