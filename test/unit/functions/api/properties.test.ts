import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { problemSchema } from '../../../../shared/contracts/problem.ts';
import { type DefinitionsApi, oneOfEachKind, openDefinitionsApi } from '../../../support/definitions-api.ts';
import { memoryTable } from '../../../support/memory-table.ts';

/** Every kind of entity through the whole API: bodies that are right but for one thing, of any kind, anywhere in them. */

let api: DefinitionsApi;
let bodies: Awaited<ReturnType<typeof oneOfEachKind>>;
/** Writes that came to be; a refusal must not add to them. */
let written = 0;
beforeAll(async () => {
  const table = memoryTable();
  const { write } = table;
  table.write = async (writes) => {
    await write(writes);
    written += writes.length;
  };
  api = await openDefinitionsApi(table);
  bodies = await oneOfEachKind(api);
});

const KINDS = [
  '/connections',
  '/operating-systems',
  '/builder-configurations',
  '/resources',
  '/provisioners',
  '/provisioner-groups',
  '/provisioner-roles',
  '/image-definitions',
  '/schedules',
  '/connectors',
];

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    '{{ user `x` }}',
    '5',
    -1,
    1.5,
    Number.MAX_SAFE_INTEGER,
    '\u0000',
    '\u202e',
    'a\u200bb',
    'x'.repeat(300),
    [],
    {},
    { value: 'x' },
    { set: true },
    '0000-00-00T00:00:00Z',
    '999999-01-01T00:00:00Z',
  ),
);
const fault = fc.record({ where: fc.nat(), deed: fc.constantFrom('replace', 'delete', 'add'), value: odd });
type Fault = { where: number; deed: string; value: unknown };

/** Every place in a body. */
const placesIn = (value: unknown, path: string[] = []): string[][] => {
  const inside =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, key]))
      : [];
  return path.length === 0 ? inside : [path, ...inside];
};

const alter = (value: unknown, [key, ...rest]: string[], { deed, value: put }: Fault): unknown => {
  if (key === undefined || typeof value !== 'object' || value === null) return put;
  const entries = Object.entries(value).flatMap(([name, inner]): [string, unknown][] => {
    if (name !== key) return [[name, inner]];
    if (rest.length > 0) return [[name, alter(inner, rest, { where: 0, deed, value: put })]];
    if (deed === 'delete') return [];
    return deed === 'add'
      ? [
          [name, inner],
          [`${name}x`, put],
        ]
      : [[name, put]];
  });
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
};

const withFault = (body: object, it: Fault): unknown => {
  const places = placesIn(body);
  return alter(body, places[it.where % places.length] ?? [], it);
};

const readBack = z.looseObject({ id: z.string(), rev: z.int() });
/** What a refusal must be: a problem that names what is wrong, after which nothing was written. */
const expectRefusal = (answer: { status: number; body: unknown }, before: number) => {
  const problem = problemSchema.parse(answer.body);
  expect([409, 413, 422]).toContain(answer.status);
  if (answer.status === 422) expect(problem.errors?.length).toBeGreaterThan(0);
  expect(written).toBe(before);
};

describe.each(KINDS)('%s', (path) => {
  test('a create with one thing wrong stores nothing or is read back as it was answered (S3, S4, S5)', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fault, async (it) => {
        const right = { ...bodies.get(path)?.body, name: `Name-${path.length}-${(n += 1)}` };
        const before = written;
        const answer = await api.ask('POST', path, { body: withFault(right, it) });
        if (answer.status !== 201) return expectRefusal(answer, before);
        const { upload: _, ...made } = readBack.parse(answer.body);
        const read = await api.ask('GET', `${path}/${made.id}`);
        expect(read.body).toEqual(made);
        expect((await api.ask('DELETE', `${path}/${made.id}`)).status).toBe(204);
      }),
      { numRuns: 100, seed: 4 },
    );
  });

  test('a change with one thing wrong alters nothing; a good one made twice is made once (S9, S10)', async () => {
    const { id = '', body = {} } = bodies.get(path) ?? {};
    await fc.assert(
      fc.asyncProperty(fault, async (it) => {
        const before = written;
        const patch = withFault(body, it);
        const answer = await api.ask('PATCH', `${path}/${id}`, { body: patch });
        if (answer.status !== 200) return expectRefusal(answer, before);
        const isSealedAnew = JSON.stringify(patch).includes('"value"');
        const once = readBack.parse(answer.body);
        const again = readBack.parse((await api.ask('PATCH', `${path}/${id}`, { body: patch })).body);
        // A secret that is written again is sealed again.
        expect(isSealedAnew || isDeepStrictEqual(again, once)).toBe(true);
        expect((await api.ask('GET', `${path}/${id}`)).body).toEqual(again);
      }),
      { numRuns: 100, seed: 5 },
    );
  });
});
