/** Crypto Architecture Kit, played. */

import { randomBytes } from 'node:crypto';

/** Random bytes. */
export const cryptoFramework = {
  createRandom: () => ({ generateRandomSync: (len: number) => ({ data: new Uint8Array(randomBytes(len)) }) }),
};
