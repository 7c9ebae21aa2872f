/** Cuts JSON text into pieces of one kind, so that a page can colour them without markup in strings. */

/** A piece of a JSON text. */
export interface Piece {
  kind: 'key' | 'text' | 'number' | 'word' | 'plain';
  text: string;
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

/** The pieces of a text in order; together they are the text. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  const add = (kind: Piece['kind'], part: string) => part !== '' && found.push({ kind, text: part });
  for (const match of text.matchAll(TOKEN)) {
    add('plain', text.slice(end, match.index));
    const [whole, quoted, colon, number, word] = match;
    if (quoted !== undefined) {
      add(colon === undefined ? 'text' : 'key', quoted);
      add('plain', colon ?? '');
    }
    if (number !== undefined) add('number', number);
    if (word !== undefined) add('word', word);
    end = match.index + whole.length;
  }
  add('plain', text.slice(end));
  return found;
}

/** A value as people read it. */
export function pretty(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
