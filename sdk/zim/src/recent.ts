/** Bounded memory: what was set longest ago is forgotten. */

import { badParameter } from './codes.js';

/** A map that forgets what was set longest ago. */
export class Recent<V> {
  readonly #map = new Map<string, V>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): V | undefined {
    return this.#map.get(key);
  }

  set(key: string, value: V): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    const [oldest] = this.#map.keys();
    if (this.#map.size > this.#most && oldest !== undefined) this.#map.delete(oldest);
  }
}

/** Pages of a list that can be continued: ZIM's flag is a number, the server's place is a text. */
export class Pages {
  readonly #places: Recent<string>;
  #lastFlag = 0;

  constructor(most: number) {
    this.#places = new Recent<string>(most);
  }

  /** Where a flag goes on; `undefined` for the first page. Throws 6000001 for one that was not given here. */
  place(flag: number | undefined): string | undefined {
    const place = flag ? this.#places.get(String(flag)) : undefined;
    if (flag && place === undefined) throw badParameter('nextFlag must be that of the page before');
    return place;
  }

  /** The flag for a place; 0 when there is no further page. */
  flag(place: string | undefined): number {
    if (place === undefined) return 0;
    this.#lastFlag += 1;
    this.#places.set(String(this.#lastFlag), place);
    return this.#lastFlag;
  }
}
