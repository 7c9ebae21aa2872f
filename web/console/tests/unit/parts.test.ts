/** Pure parts: addresses, filters, policies, options, snippets, JSON pieces, and the reading of the document. */
import { describe, expect, it } from 'vitest';
import { addressOf } from '../../src/api/client';
import { pieces } from '../../src/lib/json';
import { linkTo, readPlace } from '../../src/lib/routes';
import { changes, readTyped } from '../../src/pages/apps/policies';
import { snippets } from '../../src/pages/apps/snippets';
import { askedFor, isFiltered, readFilters } from '../../src/pages/look/filters';
import {
  optionText,
  readOptions,
  VENDOR_OPTIONS,
  withOption,
  type Option,
} from '../../src/pages/push/options';
import { byTag, outline, type OpenApi } from '../../src/pages/server/document';
import { finished } from '../../src/pages/look/series';
import type { Policy, Series } from '../../src/api/schema';
import { isText } from '../../src/i18n/text';

describe('an address of the console', () => {
  it.each([
    ['', 'home', {}],
    ['#/', 'home', {}],
    ['#/apps/7', 'overview', { app: '7' }],
    ['#/apps/7/traces/25', 'trace', { app: '7', id: '25' }],
    ['#/apps/7/users/a%2Fb', 'user', { app: '7', user: 'a/b' }],
    ['#/setup/abc', 'setup', { token: 'abc' }],
    ['#/apps/7/users/%E0%A4%A', 'user', { app: '7', user: '%E0%A4%A' }],
    ['#/who/knows', 'nowhere', {}],
  ])('%s is %s', (hash, name, params) => expect(readPlace(hash)).toMatchObject({ name, params }));

  it('comes back as it was written', () => {
    const link = linkTo('user', { app: 7, user: '小安/?#' }, { q: 'a&b=c?', none: '' });
    const place = readPlace(link);
    expect(place.params.user).toBe('小安/?#');
    expect(place.query.get('q')).toBe('a&b=c?');
    expect(place.query.has('none')).toBe(false);
  });
});

describe('an address of the server', () => {
  it('is encoded, and leaves out what is empty', () => {
    expect(addressOf('/apps/{app}/users/{user}', { app: 7, user: 'a/b' }, { count: 5, after: '' })).toBe(
      '/apps/7/users/a%2Fb?count=5',
    );
  });
});

describe('filters of the explorer', () => {
  it('are read from the address; what makes no sense is any', () => {
    const filters = readFilters(
      new URLSearchParams('userID=ann&outcome=lost&kind=fax&from=2026-11-24T08:00'),
    );
    expect(filters).toMatchObject({ userID: 'ann', outcome: '', kind: '' });
    expect(isFiltered(filters)).toBe(true);
    expect(askedFor(filters, undefined, 50)).toEqual({
      count: 50,
      userID: 'ann',
      from: new Date(2026, 10, 24, 8).getTime(),
    });
  });

  it('ask nothing when there are none', () => {
    const none = readFilters(new URLSearchParams());
    expect(isFiltered(none)).toBe(false);
    expect(askedFor(none, 'x', 20)).toEqual({ count: 20, before: 'x' });
  });
});

describe('a policy', () => {
  const words = { en: '', zh: '' };
  const policy = (over: Partial<Policy>): Policy => ({
    name: 'ack_deadline_ms',
    group: 'delivery',
    kind: 'integer',
    unit: 'ms',
    default: 5000,
    least: 500,
    most: 60_000,
    choices: null,
    title: words,
    meaning: words,
    ...over,
  });

  it.each([
    ['500', { value: 500 }],
    ['60001', { fault: 'out_of_range' }],
    ['499', { fault: 'out_of_range' }],
    ['', { fault: 'not_number' }],
    ['5e3', { fault: 'not_number' }],
    ['-1', { fault: 'not_number' }],
  ])('typed as %j is %j', (typed, read) => expect(readTyped(policy({}), typed)).toEqual(read));

  it('is saved only when it differs', () => {
    const flag = policy({ name: 'push_to_kicked', kind: 'boolean', default: true });
    const settings = { ack_deadline_ms: 5000, push_to_kicked: true };
    expect(
      changes([policy({}), flag], settings, { ack_deadline_ms: '5000', push_to_kicked: 'false' }),
    ).toEqual({
      push_to_kicked: false,
    });
    expect(changes([policy({})], settings, { ack_deadline_ms: '1' })).toEqual({});
  });
});

describe('options of a strategy', () => {
  const option = (name: string) => VENDOR_OPTIONS.harmony?.find((one) => one.name === name) as Option;

  it('keep the kind of value that the vendor’s adapter reads', () => {
    let options = withOption({}, 'harmony', option('push_type'), '6');
    options = withOption(options, 'harmony', option('foreground_show'), 'off');
    options = withOption(options, 'harmony', option('sound_duration_s'), '30');
    options = withOption(options, 'harmony', option('category'), 'VOIP');
    expect(options).toEqual({
      harmony: { push_type: 6, foreground_show: false, sound_duration_s: 30, category: 'VOIP' },
    });
    expect(optionText(options, 'harmony', 'foreground_show')).toBe('off');
    expect(withOption(options, 'harmony', option('push_type'), '')).not.toHaveProperty('harmony.push_type');
  });

  it('of other vendors are left alone', () => {
    const options = withOption({ other: { a: 1 } }, 'harmony', option('uri'), 'app://chat');
    expect(options).toEqual({ other: { a: 1 }, harmony: { uri: 'app://chat' } });
  });

  it('as JSON must be an object', () => {
    expect(readOptions('{"harmony":{}}')).toEqual({ harmony: {} });
    for (const text of ['', '[]', '7', 'null', '{']) expect(readOptions(text)).toBeNull();
  });

  it('have a text for each option and each spoken choice', () => {
    const needed = (VENDOR_OPTIONS.harmony ?? []).flatMap((one) => [
      `option.${one.name}`,
      `option.${one.name}.hint`,
      ...(one.spoken ? (one.choices ?? []).map((choice) => `option.${one.name}.${choice}`) : []),
    ]);
    expect(needed.filter((key) => !isText(key))).toEqual([]);
  });
});

describe('code to paste', () => {
  const filling = {
    appID: 7,
    origin: 'https://im.example.com',
    appSign: null,
    serverSecret: null,
    userID: "o'neil",
  };

  it('holds the app’s values, and no key that was not shown', () => {
    const shown = snippets({ ...filling, appSign: 'abc', serverSecret: 's'.repeat(32) });
    expect(shown.harmony).toContain("appSign: 'abc'");
    expect(shown.server).toContain('s'.repeat(32));
    const hidden = snippets(filling);
    expect(hidden.harmony).toContain('APP-SIGN');
    expect(hidden.server).toContain('process.env.SERVER_SECRET');
    expect(hidden.web).toContain("server: 'https://im.example.com'");
  });

  it('survives a quote in a name', () => {
    const { web, curl } = snippets(filling);
    expect(web).toContain("'o\\'neil'");
    expect(curl).toContain("o'\\''neil");
    expect(curl).toContain('/users/o%27neil');
  });
});

describe('JSON in pieces', () => {
  it('is the same text, coloured', () => {
    const text = '{\n  "a": [1.5e3, "x: \\"1\\"", true, null]\n}';
    const found = pieces(text);
    expect(found.map((piece) => piece.text).join('')).toBe(text);
    expect(found.filter((piece) => piece.kind !== 'plain').map((piece) => [piece.kind, piece.text])).toEqual([
      ['key', '"a"'],
      ['number', '1.5e3'],
      ['text', '"x: \\"1\\""'],
      ['word', 'true'],
      ['word', 'null'],
    ]);
  });
});

describe('a series', () => {
  const column = [1, 2, 3];
  const series: Series = {
    span: 'minute',
    at: [60, 120, 180],
    messages: column,
    pushed: column,
    failed: column,
    suppressed: column,
    acked: column,
    expired: column,
    retracted: column,
    requests: column,
    errors: column,
    sessions: column,
    latencyMsMean: column,
    backlogAgeMs: column,
  };

  it.each([
    [255_000, 3],
    [254_999, 2],
    [190_000, 1],
  ])('at %d ms has %d finished spans in every column', (now, length) => {
    const { span, ...columns } = finished(series, now);
    expect(span).toBe('minute');
    expect(new Set(Object.values(columns).map((values) => values.length))).toEqual(new Set([length]));
  });
});

describe('the document of the API', () => {
  const document: OpenApi = {
    info: { title: '', version: '1' },
    paths: {
      '/a': { get: { tags: ['x'], summary: 'Reads it.', responses: {} } },
      '/b': { post: { tags: ['y'], summary: 'Makes it.', responses: {} }, parameters: [] as never },
    },
    components: {
      schemas: {
        Loop: {
          type: 'object',
          properties: { next: { $ref: '#/components/schemas/Loop' } },
          required: ['next'],
        },
      },
    },
  };

  it('is found by method, path and summary', () => {
    expect(byTag(document, '').map(([tag]) => tag)).toEqual(['x', 'y']);
    expect(byTag(document, 'POST').map(([tag]) => tag)).toEqual(['y']);
    expect(byTag(document, 'reads')[0]?.[1][0]?.path).toBe('/a');
  });

  it('shows a schema that holds itself, and ends', () => {
    const text = outline(document, { $ref: '#/components/schemas/Loop' });
    expect(text).toContain('next: Loop');
    expect(outline(document, { type: ['string', 'null'] })).toBe('string | null');
    expect(outline(document, { type: 'integer', minimum: 1, maximum: 9 })).toBe('integer (1–9)');
  });
});
