/** Cursors of the pages seen so far: the server gives the next one, the way back is remembered here. */
export class Paging {
  #cursors = $state<(string | undefined)[]>([undefined]);
  /** The cursor of the page after this one. */
  next = $state<string | null>(null);

  /** Where this page begins; undefined for the first. */
  get cursor(): string | undefined {
    return this.#cursors.at(-1);
  }

  /** Which page this is, from 1. */
  get number(): number {
    return this.#cursors.length;
  }

  /** To the page after. */
  forward(): void {
    if (this.next !== null) this.#cursors.push(this.next);
  }

  /** To the page before. */
  back(): void {
    if (this.#cursors.length > 1) this.#cursors.pop();
  }

  /** To the first page: the question has changed. */
  reset(): void {
    if (this.#cursors.length > 1) this.#cursors = [undefined];
    this.next = null;
  }
}
