/**
 * Names that a release build must not shorten: DevEco's obfuscation renames properties, but those of frames
 * and of the objects the two modules hand each other are read by somebody who was not renamed with them.
 */

const HEAD = `# Names of what travels to the server and between the two modules: a release build keeps them.
-keep-property-name
`;

/** Where names stand: before a colon, behind a dot, in quotes. */
const PLACES = [/(?<![#\w.])([A-Za-z_]\w*)\??\s*:/g, /\.([A-Za-z_]\w*)/g, /'([A-Za-z_]\w*)'/g];

/** The rules for the sources of one module: every property that they declare or write. */
export function reservedNames(texts) {
  const names = new Set();
  for (const text of texts) {
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
    for (const [, name] of PLACES.flatMap((place) => [...code.matchAll(place)])) names.add(name);
  }
  return `${HEAD}${[...names].sort().join('\n')}\n`;
}
