import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { listQuery } from '../../../../shared/contracts/common.ts';
import { connectionInput } from '../../../../shared/contracts/entities/connection.ts';
import { provisionerInput } from '../../../../shared/contracts/entities/provisioner.ts';
import { MAX_BODY_BYTES, MAX_ERRORS } from '../../../../shared/contracts/limits.ts';
import type { Problem } from '../../../../shared/contracts/problem.ts';
import { routes } from '../../../../shared/contracts/routes/index.ts';
import type { Route } from '../../../../shared/contracts/routes/route.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import { checkBody, checkQuery, jsonBody } from '../../../../shared/runtime/api/read-request.ts';
import { connectionBody, shellBody } from '../../../support/bodies.ts';
import { httpEvent } from '../../../support/call-api.ts';

/** The problem that `act` throws. */
const problemOf = (act: () => unknown): ApiProblem => {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiProblem) return error;
    throw error;
  }
  throw new Error('accepted');
};
/** The code and the wrong fields of the problem that `act` throws. */
const refusal = (act: () => unknown): { code: string; errors: NonNullable<Problem['errors']> } => {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiProblem) return { code: error.code, errors: error.extras.errors ?? [] };
    throw error;
  }
  return { code: 'accepted', errors: [] };
};
const wrongFields = (schema: z.ZodType, body: unknown) =>
  refusal(() => checkBody(schema, body)).errors.map(({ pointer, detail }) => [pointer, detail]);
const post = (body: string | undefined, headers: Record<string, string> = {}) =>
  httpEvent({ method: 'POST', path: '/', body, headers });
const bytes = (body: Buffer) => ({ ...post(body.toString('base64')), isBase64Encoded: true });
const created = { method: 'POST', area: 'definitions' } as const;
const changed = { method: 'PATCH', area: 'definitions' } as const;
const read = (...event: Parameters<typeof post>) => jsonBody(post(...event), created);
const refusalOf = (...event: Parameters<typeof post>) => refusal(() => read(...event)).code;

describe('the body', () => {
  test('is JSON', () => {
    expect(read('{"a":[1]}')).toEqual({ a: [1] });
  });

  test('may be absent', () => {
    expect(read(undefined)).toBeUndefined();
    expect(read('', { 'content-type': 'text/plain' })).toBeUndefined();
  });

  test('may come as base64', () => {
    expect(jsonBody(bytes(Buffer.from('{"a":"é"}')), created)).toEqual({ a: 'é' });
  });

  test.each([
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json ; profile=x',
  ])('of the type %s is read', (type) => {
    expect(read('{}', { 'content-type': type })).toEqual({});
  });

  test('without a type is taken for JSON', () => {
    const event = { ...post('{"a":1}'), headers: {} };
    expect(jsonBody(event, created)).toEqual({ a: 1 });
    expect(refusal(() => jsonBody({ ...event, body: 'a=1' }, created)).code).toBe('not-json');
  });

  test.each([
    'text/plain',
    'application/xml',
    'application/jsonx',
    'application/json-seq',
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/json, text/plain',
    'json',
    '',
    'application/json; charset=utf-16',
    'application/json; charset=iso-8859-1',
  ])('of the type %j is refused with 415', (type) => {
    expect(refusalOf('{}', { 'content-type': type })).toBe('unsupported-media-type');
  });

  test('of a change may be a merge patch by its own type, and no JSON Patch', () => {
    const as = (type: string) => () => jsonBody(post('{}', { 'content-type': type }), changed);
    expect(as('application/merge-patch+json')()).toEqual({});
    expect(as('application/json')()).toEqual({});
    expect(refusal(as('application/json-patch+json')).code).toBe('unsupported-media-type');
  });

  test('that is compressed is refused with 415', () => {
    expect(refusalOf('{}', { 'content-encoding': 'gzip' })).toBe('unsupported-media-type');
    expect(read('{}', { 'Content-Encoding': 'identity' })).toEqual({});
  });

  test.each([
    '{',
    'nonsense',
    '{"a":1,}',
    "{'a':1}",
    '{"a":\u0000}',
    ' ',
    '{"a":"\u0000"}',
    '{"a":NaN}',
    '{"a":01}',
  ])('%j is no JSON: 400', (text) => {
    expect(refusalOf(text)).toBe('not-json');
  });

  test.each([
    ['half a character', [0x22, 0xc3, 0x22]],
    ['an overlong form', [0x22, 0xc0, 0x80, 0x22]],
    ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['Latin-1', [0x22, 0xe4, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])('that is no UTF-8 (%s) is refused with 400', (_what, octets) => {
    expect(refusal(() => jsonBody(bytes(Buffer.from(octets)), created)).code).toBe('not-json');
  });

  test('may begin with a byte order mark, as PowerShell writes it', () => {
    expect(read('\ufeff{"a":1}')).toEqual({ a: 1 });
  });

  test('with a key twice has the last one, as JSON has it', () => {
    expect(read('{"a":1,"a":2}')).toEqual({ a: 2 });
  });

  test('is refused by its bytes, not its characters: 413', () => {
    const json = (characters: number) => JSON.stringify('é'.repeat(characters));
    const most = MAX_BODY_BYTES / 2 - 1;
    expect(refusalOf(json(most))).toBe('accepted');
    expect(refusalOf(json(most + 1))).toBe('too-large');
  });

  test('of a runner may hold a whole chunk of the log', () => {
    const chunk = post(JSON.stringify('\u0001'.repeat(100_000)));
    expect(refusal(() => jsonBody(chunk, { method: 'POST', area: 'agent' })).code).toBe('accepted');
    expect(refusal(() => jsonBody(chunk, created)).code).toBe('too-large');
  });

  test('is judged by its type before its size, by its size before its JSON', () => {
    const long = 'x'.repeat(MAX_BODY_BYTES + 1);
    expect(refusalOf(long, { 'content-type': 'text/plain' })).toBe('unsupported-media-type');
    expect(refusalOf(long)).toBe('too-large');
  });
});

describe('every wrong field is named (S4)', () => {
  test('missing, wrong and unknown ones together', () => {
    const schema = z.strictObject({
      name: z.string(),
      size: z.int(),
      more: z.strictObject({ a: z.string() }),
    });
    const fields = wrongFields(schema, { size: 'x', more: { a: 'b', 'c/~d': 1 }, id: 'y', rev: 2 });
    expect(new Set(fields.map(([pointer]) => pointer))).toEqual(
      new Set(['/id', '/more/c~1~0d', '/name', '/rev', '/size']),
    );
    expect(fields).toContainEqual(['/rev', 'is unknown or read-only']);
  });

  test('no body at all is an error of the whole document', () => {
    expect(wrongFields(connectionInput, undefined)).toEqual([['', expect.stringMatching(/expected object/)]]);
  });

  test('an unknown type of a union names its field and the types there are', () => {
    const body = connectionBody({ settings: { region: 'eu-west-1', auth: { type: 'password' } } });
    expect(wrongFields(connectionInput, body)).toEqual([
      ['/settings/auth/type', expect.stringMatching(/role.*access-key/)],
    ]);
    expect(wrongFields(provisionerInput, shellBody({ type: 'bash' }))).toEqual([
      ['/type', expect.stringMatching(/shell.*powershell.*file/)],
    ]);
  });

  test('within a union the wrong field itself is named', () => {
    const auth = { type: 'role', roleArn: 'arn:nonsense', externalId: 'mine' };
    const body = connectionBody({ settings: { region: 'eu-west-1', auth } });
    expect(wrongFields(connectionInput, body)).toEqual([
      ['/settings/auth/roleArn', 'is no role ARN'],
      ['/settings/auth/externalId', 'is unknown or read-only'],
    ]);
  });

  test.each([['the bare text'], [{}], [{ valu: 'misspelt' }], [{ set: false }], [null]])(
    'a secret written as %j is told how to be written',
    (secret) => {
      const body = shellBody({ secretEnvironment: { KEY: secret } });
      expect(wrongFields(provisionerInput, body)).toEqual([
        ['/secretEnvironment/KEY', 'must read {"value": "…"} or {"set": true}'],
      ]);
    },
  );

  test('no message repeats the value of a secret', () => {
    const body = shellBody({ secretEnvironment: { KEY: { value: 'planted {{ secret' } } });
    const told = JSON.stringify(refusal(() => checkBody(provisionerInput, body)));
    expect(told).toContain('/secretEnvironment/KEY/value');
    expect(told).not.toContain('planted');
  });

  test('a wrong key tells what is wrong with it', () => {
    const body = connectionBody({ tags: { 'a:b': 'c' } });
    expect(wrongFields(connectionInput, body)).toEqual([['/tags/a:b', 'a tag key holds no colon']]);
  });
});

describe('a hostile body', () => {
  const parsed = (json: string) => jsonBody(post(json), created);
  const nested = (levels: number) => `{"name":"x","tags":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`;
  const named = (json: string) => wrongFields(connectionInput, parsed(json)).map(([pointer]) => pointer);

  test('of 40,000 levels names where it is too deep, and no stack overflows', () => {
    const deep = `{"tags":${'['.repeat(40_000)}${']'.repeat(40_000)}}`;
    const fields = wrongFields(z.strictObject({ tags: z.unknown() }), parsed(deep));
    expect(fields).toEqual([[`/tags${'/0'.repeat(31)}`, 'is nested deeper than 32 levels']]);
  });

  test('names the field of the schema as well as the depth', () => {
    expect(named(nested(40))).toEqual(expect.arrayContaining(['/tags/a', '/platform', '/settings']));
  });

  test.each([
    ['{"__proto__":{"admin":true}}', '/__proto__'],
    ['{"tags":{"__proto__":"x"}}', '/tags/__proto__'],
    ['{"settings":{"auth":{"__proto__":{"type":"role"}}}}', '/settings/auth/__proto__'],
  ])('%s is refused and named', (json, pointer) => {
    expect(named(json)).toContain(pointer);
    expect(named(json).filter((one) => one === pointer)).toHaveLength(1);
    expect({}).not.toHaveProperty('admin');
  });

  test('is refused for its __proto__ also where everything else is right', () => {
    const body = JSON.stringify(connectionBody({ tags: { a: 'b' } })).replace(
      '"a":"b"',
      '"a":"b","__proto__":"c"',
    );
    expect(wrongFields(connectionInput, parsed(body))).toEqual([
      ['/tags/__proto__', 'is a name that no field may have'],
    ]);
  });

  test.each([
    ['{"n":1e400}', '/n'],
    ['{"n":-1e400}', '/n'],
    ['{"n":"5"}', '/n'],
    ['{"n":5.5}', '/n'],
    ['{"n":9007199254740993}', '/n'],
    ['{"n":null}', '/n'],
    ['{"n":5,"more":[1e999]}', '/more/0'],
    ['{"n":5,"more":"\\ud800"}', '/more'],
    ['{"n":5,"more":{"\\udfff":1}}', '/more/\udfff'],
    ['{"n":5,"more":["a\\u0000"]}', '/more/0'],
  ])('%s is wrong at %j', (json, pointer) => {
    const schema = z.strictObject({ n: z.int(), more: z.unknown().optional() });
    expect(wrongFields(schema, parsed(json)).map(([place]) => place)).toEqual([pointer]);
  });

  test('with a list beyond all measure is told the limit of that very list, and what else is wrong', () => {
    const schema = z.strictObject({ ids: z.array(z.string()).max(30), name: z.string() });
    const fields = wrongFields(schema, { ids: Array.from({ length: 60_000 }, () => 'x') });
    expect(fields).toEqual([
      ['/ids', expect.stringMatching(/<=30/)],
      ['/name', expect.stringMatching(/expected string/)],
    ]);
  });

  test('with a list or an object beyond all measure is refused where no schema looks', () => {
    const schema = z.strictObject({ any: z.unknown() });
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`k${n}`, n]));
    expect(wrongFields(schema, { any: Object.keys(many) })).toEqual([
      ['/any', 'has 1001 elements; no list may have more than 1000'],
    ]);
    expect(wrongFields(schema, { any: many })).toEqual([
      ['/any', 'has 1001 fields; no object may have more than 1000'],
    ]);
  });

  test('has 100 wrong fields named, the outer ones first, and is told how many there are', () => {
    const tags = Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`k${n}`, n]));
    const problem = problemOf(() => checkBody(connectionInput, { ...connectionBody({ tags }), extra: 1 }));
    expect(problem.message).toBe('902 fields are wrong; the first 100 are named.');
    expect(problem.extras.errors).toHaveLength(MAX_ERRORS);
    const pointers = problem.extras.errors?.map(({ pointer }) => pointer);
    expect(pointers?.slice(0, 3)).toEqual(expect.arrayContaining(['/extra', '/tags']));
  });

  test('gets an answer that is much smaller than itself', () => {
    const key = 'k'.repeat(250_000);
    const told = JSON.stringify(problemOf(() => checkBody(connectionInput, { [key]: 1 })).extras);
    expect(told.length).toBeLessThan(2000);
  });

  test.each([
    ['lists in lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['empty objects', `[${'{},'.repeat(80_000)}{}]`],
    ['fields', `{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":1`).join(',')}}`],
    ['one long text', JSON.stringify('a-'.repeat(120_000))],
  ])('of %s as the value of all fields is refused for each kind of entity', (_what, json) => {
    const garbage: unknown = JSON.parse(json);
    for (const { body } of Object.values<Route>(routes)) {
      if (!(body instanceof z.ZodObject)) continue;
      const everywhere = Object.fromEntries(Object.keys(body.shape).map((field) => [field, garbage]));
      expect(refusal(() => checkBody(body, { ...everywhere, unknown: garbage })).code).toBe('invalid-body');
    }
  });
});

describe('the query', () => {
  test('has defaults, and a repeated parameter is a list', () => {
    expect(checkQuery(listQuery, '')).toEqual({ limit: 50 });
    expect(checkQuery(listQuery, 'tag=a:1&tag=b:2&limit=7')).toEqual({ limit: 7, tag: ['a:1', 'b:2'] });
    expect(checkQuery(listQuery, 'tag=a%3Ab%3Ac&name=%C3%84')).toEqual({
      limit: 50,
      tag: ['a:b:c'],
      name: 'Ä',
    });
  });

  test.each([
    ['limit=0', 'query/limit'],
    ['limit=201', 'query/limit'],
    ['limit=1.5', 'query/limit'],
    ['limit=ten', 'query/limit'],
    ['limit=1&limit=2', 'query/limit'],
    ['tag=nocolon', 'query/tag/0'],
    ['tag=:v', 'query/tag/0'],
    ['colour=red', 'query/colour'],
    ['__proto__=x', 'query/__proto__'],
    [`tag=a:${'v'.repeat(400)}`, 'query/tag/0'],
  ])('%s is refused with 400 at %s', (query, pointer) => {
    const { code, errors } = refusal(() => checkQuery(listQuery, query));
    expect(code).toBe('bad-query');
    expect(errors.map((error) => error.pointer)).toEqual([pointer]);
  });
});
