/**
 * The client of `@hongyan/zim` in the same page, found without importing it: it shows its link under a
 * symbol, and the one that `ZIM.create` made is named in a registry of the page.
 */

/**
 * Where an invitation to this user is on this device: it rings (`callInvitationReceived` was told), was
 * accepted here, or rings no more (rejected, cancelled, timed out, answered elsewhere).
 */
export type CallChange = 'ringing' | 'answered' | 'over';

/** What a client tells. `pushBound`: a PushID of this device is bound to the user. */
export type PushLinkEvent =
  | { kind: 'login'; pushBound: boolean }
  | { kind: 'logout' }
  | { kind: 'destroyed' }
  | { kind: 'call'; callID: string; change: CallChange };

/** What a tapped notice was about. */
export type ClickedNotice = { messageID: string } | { callID: string };

/** What is needed of a client. */
export interface PushLink {
  readonly isReady: boolean;
  register(token: { vendor: string; token: string; appType: number }): Promise<string>;
  unregister(pushID?: string): Promise<void>;
  /** Rejects with 6000121 while nobody is logged in. An older client has none. */
  clicked?(notice: ClickedNotice): Promise<void>;
  watch(listener: (event: PushLinkEvent) => void): () => void;
}

interface Registry {
  link: PushLink | null;
  watchers: Set<(link: PushLink | null) => void>;
}

const PUSH_LINK = Symbol.for('hongyan.pushLink');
const REGISTRY = Symbol.for('hongyan.pushRegistry');

/** The link of a given client. Throws for an object that is none. */
export function linkOf(client: object): PushLink {
  const link = (client as Record<symbol, unknown>)[PUSH_LINK] as PushLink | undefined;
  if (!link) throw new TypeError('zim must be a client of @hongyan/zim');
  return link;
}

/** The link of the page's client, now and whenever it changes, until the returned function is called. */
export function watchLink(listener: (link: PushLink | null) => void): () => void {
  const page = globalThis as { [REGISTRY]?: Registry };
  const registry = (page[REGISTRY] ??= { link: null, watchers: new Set() });
  registry.watchers.add(listener);
  listener(registry.link);
  return () => void registry.watchers.delete(listener);
}
