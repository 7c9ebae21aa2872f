/** Randomness of hosts with Web Crypto. Apart from the rest, because HarmonyOS has another. */

import type { Random } from './index.js';

/** The host's own randomness; `crypto` is there in browsers, workers and Node ≥ 19. */
export const systemRandom: Random = {
  fraction: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};
