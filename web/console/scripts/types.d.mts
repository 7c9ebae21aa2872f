/** Types of scripts/types.mjs, for the tests. */

/** The document as the server serves it; as loosely typed as JSON is. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function readDocument(): Promise<any>;

/** What is written now. */
export function readWritten(): Promise<string>;

/** The TypeScript text of a document. */
export function typesOf(document: unknown): string;
