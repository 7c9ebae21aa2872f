/** What a pasted text names: a message or call, a PushID, or a user; found by asking the server. */
import { ask, Refusal } from '../api/client';
import { linkTo } from '../lib/routes';

/** Longer than any ID. */
const TEXT_LENGTH_MAX = 200;

/** The link to what the text names; `null` when nothing is known by it. */
export async function find(text: string, app: number | undefined): Promise<string | null> {
  const name = text.trim();
  if (name === '' || name.length > TEXT_LENGTH_MAX) return null;
  const trace = /^\d{1,20}$/.test(name)
    ? await known(() => ask('GET /traces/{id}', { path: { id: name } }))
    : null;
  if (trace) return linkTo('trace', { app: trace.appID, id: name });
  if (app === undefined) return null;
  const pushID = await known(() => ask('GET /apps/{app}/push-ids/{pushID}', { path: { app, pushID: name } }));
  if (pushID) return linkTo('pushID', { app, pushID: name });
  const user = await known(() => ask('GET /apps/{app}/users/{user}', { path: { app, user: name } }));
  return user ? linkTo('user', { app, user: name }) : null;
}

/** An answer, or null when there is no such thing or the text cannot be an ID of that kind. */
async function known<T>(get: () => Promise<T>): Promise<T | null> {
  try {
    return await get();
  } catch (fault) {
    if (fault instanceof Refusal && (fault.status === 404 || fault.status === 400)) return null;
    throw fault;
  }
}
