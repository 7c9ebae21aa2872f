/** Writes src/api/schema.ts from the server's OpenAPI document: `npm run types -w web/console`. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const DOCUMENT = new URL('../../../crates/server/src/admin/openapi.json', import.meta.url);
const WRITTEN = new URL('../src/api/schema.ts', import.meta.url);
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const LINE_MAX = 96;
const HEAD =
  '/** Types of /api/v1, made from the server’s OpenAPI document by scripts/types.mjs. Not written by hand. */\n';

/** The document as the server serves it. */
export async function readDocument() {
  return JSON.parse(await readFile(DOCUMENT, 'utf8'));
}

/** What is written now. */
export function readWritten() {
  return readFile(WRITTEN, 'utf8');
}

/** The TypeScript text of a document. */
export function typesOf(document) {
  const schemas = Object.entries(document.components.schemas);
  const interfaces = schemas.map(([name, schema]) => `export type ${name} = ${type(schema, 0)};\n`);
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => operation(path, method, item[method])),
  );
  const all = `/** Every request by method and path. */\nexport interface Operations {\n${operations.join('')}}\n`;
  return [HEAD, ...interfaces, all].join('\n').replace(/ +\n/g, '\n');
}

function operation(path, method, spec) {
  const of = (place) => (spec.parameters ?? []).filter((parameter) => parameter.in === place);
  const body = spec.requestBody?.content['application/json'].schema;
  const answer = spec.responses['200']?.content?.['application/json'].schema;
  const lines = [
    `path: ${parameters(of('path'))};`,
    `query: ${parameters(of('query'))};`,
    `body: ${body ? type(body, 2) : 'undefined'};`,
    `answer: ${answer ? type(answer, 2) : 'undefined'};`,
  ];
  const about = spec.summary ? comment('  ', spec.summary) : '';
  return `${about}  '${method.toUpperCase()} ${path}': {\n${lines.map((line) => `    ${line}\n`).join('')}  };\n`;
}

function parameters(list) {
  if (list.length === 0) return 'undefined';
  const one = (it) => `      ${it.name}${it.required ? '' : '?'}: ${type(it.schema, 3)};\n`;
  return `{\n${list.map(one).join('')}    }`;
}

/** A comment, over several lines when it is long. */
function comment(indent, text) {
  if (indent.length + text.length <= LINE_MAX) return `${indent}/** ${text} */\n`;
  const lines = [''];
  for (const word of text.split(' ')) {
    if (lines.at(-1).length + word.length + indent.length > LINE_MAX) lines.push('');
    lines.push(`${lines.pop()} ${word}`);
  }
  return `${indent}/**\n${lines.map((line) => `${indent} *${line}\n`).join('')}${indent} */\n`;
}

/** The type of a schema; `depth` is the indentation of the line it begins on, in steps. */
function type(schema, depth) {
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if (schema.anyOf) return schema.anyOf.map((one) => type(one, depth)).join(' | ');
  if (schema.enum) return union(schema.enum, depth);
  const kinds = Array.isArray(schema.type) ? schema.type : [schema.type];
  return kinds.map((kind) => simple(kind, schema, depth)).join(' | ');
}

/** The values of an enumeration, one a line when they are many. */
function union(values, depth) {
  const words = values.map((one) => (typeof one === 'string' ? `'${one}'` : String(one)));
  const line = words.join(' | ');
  if (line.length <= LINE_MAX) return line;
  return words.map((word) => `\n${'  '.repeat(depth + 1)}| ${word}`).join('');
}

function simple(kind, schema, depth) {
  switch (kind) {
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
    case 'null':
      return kind;
    case 'array':
      return `Array<${type(schema.items, depth)}>`;
    case 'object':
      return object(schema, depth);
    default:
      return 'unknown';
  }
}

function object(schema, depth) {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) {
    const values = schema.additionalProperties;
    return `Record<string, ${values && values !== true ? type(values, depth) : 'unknown'}>`;
  }
  const indent = '  '.repeat(depth + 1);
  const needed = new Set(schema.required ?? []);
  const lines = fields.map(([name, field]) => {
    const about = field.description ? comment(indent, field.description) : '';
    return `${about}${indent}${name}${needed.has(name) ? '' : '?'}: ${type(field, depth + 1)};\n`;
  });
  return `{\n${lines.join('')}${'  '.repeat(depth)}}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(WRITTEN, typesOf(await readDocument()));
}
