/**
 * The application that both modules run in. Either of them is told by the app's ability and tells the other,
 * without importing it: both look under one symbol of the process.
 */

/** Where in the process the application is known. */
const HOST: unique symbol = Symbol.for('hongyan.harmonyHost') as never;

interface Host {
  context: object | null;
  watchers: Set<(context: object) => void>;
}

function host(): Host {
  const process = globalThis as { [HOST]?: Host };
  return (process[HOST] ??= { context: null, watchers: new Set() });
}

/** Names the context of the app's ability; only the first one counts, they are of one application. */
export function publishContext(context: object): void {
  const known = host();
  if (known.context) return;
  known.context = context;
  for (const watcher of [...known.watchers]) watcher(context);
}

/** Calls back once with the context: now, or as soon as somebody names it. */
export function whenContext(watcher: (context: object) => void): void {
  const { context, watchers } = host();
  if (context) watcher(context);
  else watchers.add(watcher);
}
