/** The types are those of the server's document: whoever changes the one writes the other anew. */
import { expect, it } from 'vitest';
import { readDocument, readWritten, typesOf } from '../../scripts/types.mjs';

it('src/api/schema.ts is what `npm run types -w web/console` writes', async () => {
  expect(await readWritten()).toBe(typesOf(await readDocument()));
});
