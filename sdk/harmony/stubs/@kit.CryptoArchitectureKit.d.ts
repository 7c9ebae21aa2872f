/** Crypto Architecture Kit, as far as it is used here: random bytes. */

export namespace cryptoFramework {
  export interface DataBlob {
    data: Uint8Array;
  }
  export interface Random {
    generateRandomSync(len: number): DataBlob;
  }
  export function createRandom(): Random;
}
