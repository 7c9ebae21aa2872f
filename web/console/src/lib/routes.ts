/** Where the page is: the fragment of the address, read into a place of the console. Pure. */

/** Every place of the console; `:name` is filled from the address. */
const PATTERNS = {
  home: '/',
  setup: '/setup/:token',
  login: '/login',
  apps: '/apps',
  overview: '/apps/:app',
  traces: '/apps/:app/traces',
  trace: '/apps/:app/traces/:id',
  users: '/apps/:app/users',
  user: '/apps/:app/users/:user',
  pushID: '/apps/:app/push-ids/:pushID',
  debug: '/apps/:app/debug',
  settings: '/apps/:app/settings',
  credentials: '/apps/:app/credentials',
  strategies: '/apps/:app/strategies',
  help: '/apps/:app/help',
  account: '/account',
  administrators: '/administrators',
  audit: '/audit',
  reference: '/reference',
} as const;

/** The name of a place. */
export type PlaceName = keyof typeof PATTERNS | 'nowhere';

/** A place with what its address says. */
export interface Place {
  name: PlaceName;
  params: Record<string, string>;
  query: URLSearchParams;
}

/** Reads a fragment such as `#/apps/1/traces?userID=ann`. */
export function readPlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
  const parts = split(path);
  for (const [name, pattern] of Object.entries(PATTERNS) as [keyof typeof PATTERNS, string][]) {
    const params = match(split(pattern), parts);
    if (params) return { name, params, query: new URLSearchParams(query) };
  }
  return { name: 'nowhere', params: {}, query: new URLSearchParams(query) };
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function match(pattern: string[], parts: string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [index, piece] of pattern.entries()) {
    const part = decoded(parts[index] ?? '');
    if (piece.startsWith(':')) params[piece.slice(1)] = part;
    else if (piece !== part) return null;
  }
  return params;
}

/** What stands in the address; a part that is not well encoded stays as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The fragment of a place; empty values of the query are left out. */
export function linkTo(
  name: keyof typeof PATTERNS,
  params: Record<string, string | number> = {},
  query: Record<string, string | number | undefined | null> = {},
): string {
  const path = PATTERNS[name].replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(params[key] ?? ''));
  const kept = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  const asked = new URLSearchParams(kept.map(([key, value]) => [key, String(value)])).toString();
  return `#${path}${asked === '' ? '' : `?${asked}`}`;
}
