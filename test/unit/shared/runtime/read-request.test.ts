import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { listQuery } from '../../../../shared/contracts/common.ts';
import { connectionInput } from '../../../../shared/contracts/entities/connection.ts';
import { provisionerInput } from '../../../../shared/contracts/entities/provisioner.ts';
import type { Problem } from '../../../../shared/contracts/problem.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import { checkBody, checkQuery, jsonBody } from '../../../../shared/runtime/api/read-request.ts';
import { connectionBody, shellBody } from '../../../support/bodies.ts';
import { httpEvent } from '../../../support/call-api.ts';

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

describe('the body', () => {
  test('is JSON', () => {
    expect(jsonBody(post('{"a":[1]}'))).toEqual({ a: [1] });
  });

  test('may be absent', () => {
    expect(jsonBody(post(undefined))).toBeUndefined();
    expect(jsonBody(post('', { 'content-type': 'text/plain' }))).toBeUndefined();
  });

  test('may come as base64', () => {
    const event = { ...post(Buffer.from('{"a":"é"}').toString('base64')), isBase64Encoded: true };
    expect(jsonBody(event)).toEqual({ a: 'é' });
  });

  test.each(['application/json', 'application/merge-patch+json', 'Application/JSON; charset=utf-8'])(
    'of the type %s is read',
    (type) => {
      expect(jsonBody(post('{}', { 'content-type': type }))).toEqual({});
    },
  );

  test.each([
    'text/plain',
    'application/xml',
    'application/jsonx',
    'application/json-seq',
    'multipart/form-data',
  ])('of the type %s is refused with 415', (type) => {
    expect(refusal(() => jsonBody(post('{}', { 'content-type': type }))).code).toBe('unsupported-media-type');
  });

  test.each(['{', 'nonsense', '{"a":1,}', "{'a':1}"])('%j is no JSON: 400', (text) => {
    expect(refusal(() => jsonBody(post(text))).code).toBe('not-json');
  });

  test('is refused by its bytes, not its characters: 413', () => {
    const json = (characters: number) => JSON.stringify('é'.repeat(characters));
    expect(refusal(() => jsonBody(post(json(499_999)))).code).toBe('accepted');
    expect(refusal(() => jsonBody(post(json(500_000)))).code).toBe('too-large');
  });

  test('is judged by its type before its size, by its size before its JSON', () => {
    const long = 'x'.repeat(1_000_001);
    expect(refusal(() => jsonBody(post(long, { 'content-type': 'text/plain' }))).code).toBe(
      'unsupported-media-type',
    );
    expect(refusal(() => jsonBody(post(long))).code).toBe('too-large');
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
  ])('%s is refused with 400 at %s', (query, pointer) => {
    const { code, errors } = refusal(() => checkQuery(listQuery, query));
    expect(code).toBe('bad-query');
    expect(errors.map((error) => error.pointer)).toEqual([pointer]);
  });
});
