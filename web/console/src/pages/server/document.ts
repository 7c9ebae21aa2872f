/** Reading an OpenAPI document for people: operations by area, and schemas as short TypeScript-like text. Pure. */

/** A JSON schema, as far as the document uses it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: (string | number | null)[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  description?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  additionalProperties?: boolean | Schema;
}

/** The document, as far as it is shown. */
export interface OpenApi {
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** One request. */
export interface Operation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  'x-role'?: string;
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema; description?: string }[];
  requestBody?: { content: Record<string, { schema?: Schema }> };
  responses: Record<string, { description?: string; content?: Record<string, { schema?: Schema }> }>;
}

/** A request with its method and path. */
export interface Listed {
  method: string;
  path: string;
  operation: Operation;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const JSON_TYPE = 'application/json';
/** Deeper than this a named schema is only named. */
const DEPTH_MAX = 3;

/** All requests whose method, path or summary holds the text, by their first tag. */
export function byTag(document: OpenApi, text: string): [tag: string, list: Listed[]][] {
  const found = new Map<string, Listed[]>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation || !holds(`${method} ${path} ${operation.summary ?? ''}`, text)) continue;
      const tag = operation.tags?.[0] ?? '';
      found.set(tag, [...(found.get(tag) ?? []), { method: method.toUpperCase(), path, operation }]);
    }
  }
  return [...found];
}

function holds(where: string, text: string): boolean {
  return where.toLowerCase().includes(text.trim().toLowerCase());
}

/** The body a request takes; null for none. */
export function bodyOf(operation: Operation): Schema | null {
  return operation.requestBody?.content[JSON_TYPE]?.schema ?? null;
}

/** What a request answers; null for nothing. */
export function answerOf(operation: Operation): Schema | null {
  return operation.responses['200']?.content?.[JSON_TYPE]?.schema ?? null;
}

/** A schema as text that people read: fields with their types, notes behind them. */
export function outline(document: OpenApi, schema: Schema, depth = 0): string {
  const named = schema.$ref?.split('/').at(-1);
  if (named !== undefined) {
    const target = document.components.schemas[named];
    return target && depth < DEPTH_MAX ? outline(document, target, depth) : named;
  }
  if (schema.anyOf) return schema.anyOf.map((one) => outline(document, one, depth)).join(' | ');
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  const kinds = Array.isArray(schema.type) ? schema.type : [schema.type ?? 'any'];
  return kinds.map((kind) => ofKind(document, schema, kind, depth)).join(' | ');
}

function ofKind(document: OpenApi, schema: Schema, kind: string, depth: number): string {
  if (kind === 'array') return `[${outline(document, schema.items ?? {}, depth)}, …]`;
  if (kind !== 'object') return kind + bounds(schema);
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return '{ … }';
  const needed = new Set(schema.required ?? []);
  const indent = '  '.repeat(depth + 1);
  const lines = fields.map(([name, field]) => {
    const about = field.description ? `  // ${field.description}` : '';
    return `${indent}${name}${needed.has(name) ? '' : '?'}: ${outline(document, field, depth + 1)}${about}`;
  });
  return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
}

function bounds(schema: Schema): string {
  const least = schema.minimum ?? schema.minLength;
  const most = schema.maximum ?? schema.maxLength;
  if (least === undefined && most === undefined) return '';
  return ` (${least ?? ''}–${most ?? ''})`;
}
