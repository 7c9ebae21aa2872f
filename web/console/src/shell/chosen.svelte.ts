/** The app that pages are about: the one of the address, else the last one, else the first. */
import type { App } from '../api/schema';
import { here } from '../lib/place.svelte';
import { session } from '../lib/session.svelte';

const STORED = 'hongyan.console.app';
let last = $state(localStorage.getItem(STORED));

/** Remembers an app. */
export function choose(id: string): void {
  if (last === id) return;
  last = id;
  localStorage.setItem(STORED, id);
}

/** The app now; none when there is none. */
export function chosenApp(): App | undefined {
  return session.app(here().params.app) ?? session.app(last ?? undefined) ?? session.apps[0];
}
