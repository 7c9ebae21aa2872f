/** Asks /api/v1: one function, typed by the server's document. What is refused is thrown as `Refusal`. */
import type { Operations } from './schema';

/** A request by method and path. */
export type Asked = keyof Operations;
/** What a request answers. */
export type Answer<K extends Asked> = Operations[K]['answer'];
/** What a request takes as its body. */
export type Body<K extends Asked> = Operations[K]['body'];

/** Only what a request really takes can, and must, be given. */
type Given<K extends Asked> = (Operations[K]['path'] extends undefined
  ? object
  : { path: Operations[K]['path'] }) &
  (Operations[K]['body'] extends undefined ? object : { body: Operations[K]['body'] }) &
  (Operations[K]['query'] extends undefined ? object : { query?: Operations[K]['query'] }) & {
    signal?: AbortSignal;
  };

/** The server said no, or could not be reached (code `unreachable`). */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint = '',
    readonly fields: Record<string, string> = {},
    readonly status = 0,
    /** How long to wait, in s, if the server said so. */
    readonly retryAfterS: number | null = null,
    /** Which rule a field breaks, for those that pages say in their own words. */
    readonly codes: Record<string, string> = {},
  ) {
    super(message);
  }
}

const ROOT = '/api/v1';
const WAIT_MS_MAX = 30_000;
/** A page of another site cannot send this header, so a write with it comes from here. */
const OWN_HEADER = { 'X-Hongyan-Console': '1' };

let onLoginOver: () => void = () => undefined;

/** Says what happens when an answer tells that the login is over. */
export function whenLoginIsOver(then: () => void): void {
  onLoginOver = then;
}

/** Asks the server. */
export async function ask<K extends Asked>(
  asked: K,
  ...[given]: object extends Given<K> ? [Given<K>?] : [Given<K>]
): Promise<Answer<K>> {
  const [method = 'GET', path = ''] = asked.split(' ');
  const { path: places, query, body, signal } = (given ?? {}) as Loose;
  const init: RequestInit = {
    method,
    headers: method === 'GET' ? {} : { ...OWN_HEADER },
    signal: limit(signal),
  };
  if (body !== undefined) {
    init.headers = { ...init.headers, 'Content-Type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  const response = await reach(ROOT + addressOf(path, places, query), init);
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as Answer<K>;
  const refusal = await refusalOf(response);
  if (refusal.code === 'unauthorized') onLoginOver();
  throw refusal;
}

interface Loose {
  path?: Record<string, string | number>;
  query?: Record<string, string | number | undefined | null>;
  body?: unknown;
  signal?: AbortSignal;
}

/** A path with its places filled and its query, without what is empty. */
export function addressOf(path: string, places: Loose['path'] = {}, query: Loose['query'] = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(places[name] ?? ''));
  const kept = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  const asked = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
  return asked === '' ? filled : `${filled}?${asked}`;
}

function limit(signal: AbortSignal | undefined): AbortSignal {
  const own = AbortSignal.timeout(WAIT_MS_MAX);
  return signal ? AbortSignal.any([signal, own]) : own;
}

async function reach(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, { ...init, credentials: 'same-origin', cache: 'no-store' });
  } catch (fault) {
    // Given up by the page itself: the one who gave up knows.
    if (fault instanceof DOMException && fault.name === 'AbortError') throw fault;
    throw new Refusal('unreachable', String(fault));
  }
}

async function refusalOf(response: Response): Promise<Refusal> {
  const wait = Number(response.headers.get('Retry-After'));
  const after = Number.isFinite(wait) && wait > 0 ? wait : null;
  try {
    const { error } = (await response.json()) as { error: Said };
    const fields = Object.fromEntries((error.fields ?? []).map((one) => [one.field, one.message]));
    const codes = Object.fromEntries(
      (error.fields ?? []).flatMap(({ field, code }) => (code ? [[field, code] as const] : [])),
    );
    return new Refusal(error.code, error.message, error.hint, fields, response.status, after, codes);
  } catch {
    return new Refusal('unreadable', `HTTP ${response.status}`, '', {}, response.status, after);
  }
}

interface Said {
  code: string;
  message: string;
  hint: string;
  fields?: { field: string; message: string; code?: string }[];
}
