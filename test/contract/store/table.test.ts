import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { contended } from '../../../shared/store/retry.ts';
import type { Range, Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import type { Write } from '../../../shared/store/write.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { type Emulated, startTables } from './tables.ts';

/** The verbs of a table, proven for the real one and for the one in memory that unit tests stand on. */

let emulated: Emulated;
beforeAll(async () => {
  emulated = await startTables();
});
afterAll(() => emulated.stop());

const places = async (attempt: Promise<void>): Promise<number[] | 'written'> => {
  try {
    await attempt;
    return 'written';
  } catch (error) {
    if (error instanceof WriteRefused) return error.failed;
    throw error;
  }
};
/** Any kind of row, and what the table adds to it. */
const row = 'name' as const;
const kind = { row, schemaVersion: 1 };
/** The very object, to change it. */
const withList = z.custom<{ map: { list: number[] } }>((value) => typeof value === 'object');
const sks = (items: Record<string, unknown>[]) => items.map((item) => String(item['sk']));

describe.each([
  ['DynamoDB', () => emulated.core],
  ['in memory', memoryTable],
] as const)('a table (%s)', (_name, open: () => Table) => {
  let table: Table;
  let count = 0;
  let pk = '';
  beforeAll(() => {
    table = open();
  });
  const fresh = async (rows: string[] = []) => {
    count += 1;
    pk = `P#${count}`;
    for (const sk of rows) await table.write([{ put: { pk, sk, row, n: sk } }]);
    return { pk, sk: 'A' };
  };

  test('keeps a row as it was put, without what is undefined', async () => {
    const key = await fresh();
    await table.write([
      { put: { ...key, row, text: 'é\u0000', list: [1, { a: [] }], no: undefined, flag: false } },
    ]);
    const kept = { ...kind, text: 'é\u0000', list: [1, { a: [] }], flag: false };
    expect(await table.get(key)).toEqual({ ...key, ...kept });
    expect(await table.get({ pk, sk: 'B' })).toBeUndefined();
  });

  test('keeps rows to itself: who changes what was put or what was read changes none', async () => {
    const key = await fresh();
    const put = { ...key, row, map: { list: [1] } };
    await table.write([{ put }]);
    put.map.list.push(2);
    const read = [
      await table.get(key),
      ...(await table.getAll([key])),
      ...(await table.query({ pk, prefix: '' })),
    ];
    for (const one of read) withList.parse(one).map.list.push(3);
    expect(read).toHaveLength(3);
    expect(await table.get(key)).toEqual({ ...key, ...kind, map: { list: [1] } });
  });

  test('takes no instance of a class for an attribute', async () => {
    const key = await fresh();
    await expect(table.write([{ put: { ...key, row, when: new Date(0) } }])).rejects.toThrow(
      /Unsupported type/,
    );
    expect(await table.get(key)).toBeUndefined();
  });

  test('updates and removes attributes, and makes the row when there is none', async () => {
    const key = await fresh();
    await table.write([{ update: key, set: { status: 'a', size: 1, name: 'n', skip: undefined } }]);
    await table.write([{ update: key, set: { status: 'b' }, remove: ['size'] }]);
    expect(await table.get(key)).toEqual({ ...key, status: 'b', name: 'n' });
  });

  test.each<[string, Write['if'], boolean]>([
    ['must exist', { exists: true }, true],
    ['must not exist', { exists: false }, false],
    ['must have a value', { equals: { n: 'A' } }, true],
    ['must have another value', { equals: { n: 'B' } }, false],
    ['must have two values', { equals: { n: 'A', sk: 'A' } }, true],
    ['must have a value, where it has any', { equalsIfThere: { n: 'A', m: 'B' } }, true],
    ['must have another value, where it has any', { equalsIfThere: { n: 'B' } }, false],
    ['must lack an attribute', { absent: ['m'] }, true],
    ['must lack one that it has', { absent: ['n'] }, false],
    ['must do several at once', { exists: true, equals: { n: 'A' }, absent: ['m', 'n'] }, false],
    ['must do nothing', {}, true],
  ])('a row that %s guards puts, updates and deletes alike', async (_case, guard, isWritten) => {
    const expected = isWritten ? 'written' : [0];
    const key = await fresh(['A']);
    expect(await places(table.write([{ put: { ...key, row, n: 'A' }, if: guard }]))).toEqual(expected);
    expect(await places(table.write([{ update: key, set: { extra: 1 }, if: guard }]))).toEqual(expected);
    expect(await places(table.write([{ delete: key, if: guard }]))).toEqual(expected);
    expect((await table.get(key)) === undefined).toBe(isWritten);
  });

  test('an update may name the attributes of its guard', async () => {
    const key = await fresh(['A']);
    expect(await places(table.write([{ update: key, set: { n: 'B' }, if: { equals: { n: 'A' } } }]))).toBe(
      'written',
    );
    expect(await places(table.write([{ update: key, set: { n: 'C' }, if: { equals: { n: 'A' } } }]))).toEqual(
      [0],
    );
    expect(await table.get(key)).toMatchObject({ n: 'B' });
  });

  test.each<[string, (key: { pk: string; sk: string }) => Write]>([
    ['put', (key) => ({ put: { ...key, row, n: 'B' }, if: { equals: { n: 'A' } } })],
    ['update', (key) => ({ update: key, set: { n: 'B' }, if: { equals: { n: 'A' } } })],
    ['delete', (key) => ({ delete: key, if: { equals: { n: 'A' } } })],
    ['check', (key) => ({ check: key, if: { equals: { n: 'A' } } })],
  ])('a lone %s of who looks again is guarded as any other', async (verb, writeOf) => {
    const key = await fresh(['A']);
    const again = { looksAgain: true };
    expect(await places(table.write([writeOf({ pk, sk: 'none' })], again))).toEqual([0]);
    expect(await places(table.write([writeOf(key)], again))).toBe('written');
    const after = { put: { n: 'B' }, update: { n: 'B' }, check: { n: 'A' }, delete: undefined };
    expect(await table.get(key)).toEqual(
      Object.entries(after).flatMap(([name, fields]) =>
        name === verb && fields !== undefined ? [{ ...key, ...kind, ...fields }] : [],
      )[0],
    );
    expect(sks(await table.query({ pk, prefix: '' }))).toEqual(verb === 'delete' ? [] : ['A']);
  });

  test('of thirty lone writes at once, with transactions among them, one after the other is made', async () => {
    const key = await fresh();
    await table.write([{ put: { ...key, row, n: 0 } }]);
    const raise = (alone: boolean): Promise<void> =>
      contended(async () => {
        const n = Number((await table.get(key))?.['n']);
        const update = { update: key, set: { n: n + 1 }, if: { equals: { n } } };
        const more = alone ? [] : [{ update: { pk, sk: 'other' }, set: { n } }];
        await table.write([update, ...more], { looksAgain: true });
      });
    await Promise.all(Array.from({ length: 30 }, (_, by) => raise(by % 3 > 0)));
    expect(await table.get(key)).toMatchObject({ n: 30 });
  });

  test('bytes come back as they were put', async () => {
    const key = await fresh();
    const bytes = new Uint8Array([0, 1, 127, 128, 255]);
    await table.write([{ put: { ...key, row, bytes } }]);
    expect(new Uint8Array(z.instanceof(Uint8Array).parse((await table.get(key))?.['bytes']))).toEqual(bytes);
  });

  test('a transaction is written as a whole or not at all, and says which guards did not hold', async () => {
    const key = await fresh(['A']);
    const writes: Write[] = [
      { put: { pk, sk: 'B', row }, if: { exists: false } },
      { check: key, if: { equals: { n: 'other' } } },
      { update: { pk, sk: 'C' }, set: { n: 1 } },
      { delete: { pk, sk: 'D' }, if: { exists: true } },
    ];
    expect(await places(table.write(writes))).toEqual([1, 3]);
    expect(sks(await table.query({ pk, prefix: '' }))).toEqual(['A']);
  });

  test('a check alone guards a transaction without changing its row', async () => {
    const key = await fresh(['A']);
    const put = { put: { pk, sk: 'B', row } };
    expect(await places(table.write([{ check: key, if: { exists: true } }, put]))).toBe('written');
    expect(await table.get(key)).toEqual({ ...key, ...kind, n: 'A' });
  });

  test('a set grows and shrinks, each text once, and is gone when it is empty', async () => {
    const key = await fresh(['A']);
    await table.write([{ update: key, add: { users: ['x', 'y'] }, set: { n: 'B' }, if: { exists: true } }]);
    await table.write([{ update: key, add: { users: ['y', 'z'] }, take: { others: ['q'] } }]);
    expect(await table.get(key)).toEqual({ ...key, ...kind, n: 'B', users: new Set(['x', 'y', 'z']) });
    const gone = { delete: key, if: { absent: ['users'] } };
    expect(await places(table.write([gone]))).toEqual([0]);
    await table.write([{ update: key, take: { users: ['x', 'y', 'z', 'never there'] } }]);
    expect(await table.get(key)).toEqual({ ...key, ...kind, n: 'B' });
    expect(await places(table.write([gone]))).toBe('written');
  });

  test('of twenty who write the same row at once one wins', async () => {
    const key = await fresh();
    const tries = Array.from({ length: 20 }, (_, by) =>
      places(table.write([{ put: { ...key, row, by }, if: { exists: false } }])),
    );
    expect((await Promise.all(tries)).filter((one) => one === 'written')).toHaveLength(1);
  });

  describe('a range', () => {
    const rows = ['A', 'R#1', 'R#2', 'R#3', 'R#4', 'S'];
    test.each<[string, object, string[]]>([
      ['holds the keys with its prefix', {}, ['R#1', 'R#2', 'R#3', 'R#4']],
      ['can be read backwards', { newestFirst: true }, ['R#4', 'R#3', 'R#2', 'R#1']],
      ['begins after a key', { after: 'R#2' }, ['R#3', 'R#4']],
      ['ends before a key', { before: 'R#3' }, ['R#1', 'R#2']],
      ['has bounds that need not be there', { after: 'R#11', before: 'R#35' }, ['R#2', 'R#3']],
      ['is empty when its bounds cross', { after: 'R#3', before: 'R#2' }, []],
      ['is empty between neighbours', { after: 'R#2', before: 'R#3' }, []],
      ['has its first few', { limit: 2 }, ['R#1', 'R#2']],
      ['has its last few', { limit: 2, newestFirst: true, before: 'R#4' }, ['R#3', 'R#2']],
      ['has all when there are fewer than asked for', { limit: 9, after: 'R#3' }, ['R#4']],
    ])('%s', async (_case, range, expected) => {
      await fresh(rows);
      expect(sks(await table.query({ pk, prefix: 'R#', ...range }))).toEqual(expected);
    });

    test('of the whole partition holds everything', async () => {
      await fresh(rows);
      expect(sks(await table.query({ pk, prefix: '' }))).toEqual(rows);
    });

    test('is read over the pages of the service', async () => {
      await fresh();
      const text = 'x'.repeat(300_000);
      for (let n = 0; n < 8; n += 1) await table.write([{ put: { pk, sk: `R#${n}`, row, text } }]);
      expect(await table.query({ pk, prefix: 'R#' })).toHaveLength(8);
      expect(sks(await table.query({ pk, prefix: 'R#', limit: 7, newestFirst: true })).at(-1)).toBe('R#1');
    });
  });

  test('keys are in the order of UTF-8, and a prefix holds those that begin with an emoji', async () => {
    // JavaScript would put U+1F680 before U+FF21.
    const rows = ['N#a', 'N#ä', 'N#\uff21', 'N#🚀', 'N#🚀b', 'O#'];
    await fresh(rows);
    expect(sks(await table.query({ pk, prefix: '' }))).toEqual(rows);
    expect(sks(await table.query({ pk, prefix: 'N#' }))).toEqual(rows.slice(0, 5));
    expect(sks(await table.query({ pk, prefix: 'N#', after: 'N#\uff21', before: 'N#🚀b' }))).toEqual([
      'N#🚀',
    ]);
  });

  describe('pages', () => {
    const pagesOf = async (range: Omit<Range, 'pk'>) => {
      const found: string[][] = [];
      for await (const page of table.pages({ ...range, pk })) found.push(sks(page));
      return found;
    };

    test('end at 1 MB', async () => {
      await fresh();
      const text = 'x'.repeat(300_000);
      for (let n = 0; n < 8; n += 1) await table.write([{ put: { pk, sk: `R#${n}`, row, text } }]);
      const found = await pagesOf({ prefix: 'R#' });
      expect(found.flat()).toHaveLength(8);
      expect(Math.max(...found.map((page) => page.length))).toBeLessThan(5);
    });

    test('have as many rows as asked for, all together no more than the limit', async () => {
      await fresh(['R#1', 'R#2', 'R#3', 'R#4', 'R#5']);
      const some = { prefix: 'R#', newestFirst: true, rowsAPage: 2 };
      expect((await pagesOf(some)).flat()).toEqual(['R#5', 'R#4', 'R#3', 'R#2', 'R#1']);
      expect((await pagesOf(some))[0]).toEqual(['R#5', 'R#4']);
      expect((await pagesOf({ ...some, limit: 3 })).flat()).toEqual(['R#5', 'R#4', 'R#3']);
      expect((await pagesOf({ ...some, before: 'R#4' })).flat()).toEqual(['R#3', 'R#2', 'R#1']);
    });
  });

  describe('refuses as a whole', () => {
    const put = (values: object): Write => ({ put: { pk, sk: 'A', row, ...values } });
    test.each<[string, () => Write[]]>([
      ['an empty transaction', () => []],
      [
        'more than 100 writes',
        () => Array.from({ length: 101 }, (_, n) => ({ put: { pk, sk: `${n}`, row } })),
      ],
      ['two writes of one row', () => [put({}), { delete: { pk, sk: 'A' } }]],
      ['a row over 400 KB', () => [put({ text: 'x'.repeat(410_000) })]],
      ['a number that is too large', () => [put({ n: 1e126 })]],
      ['a number that is too small', () => [put({ n: 1e-131 })]],
      ['an integer that a double does not hold exactly', () => [put({ n: 2 ** 53 })]],
      ['what is no number', () => [put({ n: Number.NaN })]],
      ['a set of nothing', () => [put({ users: new Set() })]],
      ['an empty key', () => [put({ sk: '' })]],
      ['a sort key over 1,024 bytes', () => [put({ sk: 'ä'.repeat(513) })]],
      ['a partition key over 2,048 bytes', () => [put({ pk: 'ä'.repeat(1025) })]],
    ])('%s', async (_case, writes) => {
      await fresh();
      await expect(table.write(writes())).rejects.not.toBeInstanceOf(WriteRefused);
      expect(await table.query({ pk, prefix: '' })).toEqual([]);
    });

    test('a change that makes a row too large', async () => {
      const key = await fresh(['A']);
      await table.write([{ update: key, set: { a: 'x'.repeat(300_000) } }]);
      const more = table.write([{ update: key, set: { b: 'x'.repeat(200_000) } }]);
      await expect(more).rejects.not.toBeInstanceOf(WriteRefused);
      expect(await table.get(key)).not.toHaveProperty('b');
    });

    test.each([0, -1.5, 1e-130, 0.1, Number.MAX_SAFE_INTEGER])('but not the number %d', async (n) => {
      const key = await fresh();
      await table.write([put({ n })]);
      expect(await table.get(key)).toMatchObject({ n });
    });
  });

  test('many rows come in the order asked for, without those that are not there', async () => {
    await fresh();
    const all = Array.from({ length: 150 }, (_, n) => ({ pk, sk: String(n) }));
    await table.write(all.slice(0, 100).map((key) => ({ put: { ...key, row } })));
    await table.write(all.slice(100).map((key) => ({ put: { ...key, row } })));
    const wanted = [...all.toReversed(), { pk, sk: 'none' }];
    expect(sks(await table.getAll(wanted))).toEqual(sks(all.toReversed()));
    expect(await table.getAll([])).toEqual([]);
    const [one = { pk, sk: '' }] = all;
    expect(sks(await table.getAll([one, ...all, one]))).toEqual(['0', ...sks(all), '0']);
  });

  test('of many rows some attributes can be read only, whatever they are called', async () => {
    await fresh();
    const all = Array.from({ length: 110 }, (_, n) => ({ pk, sk: `S#${n}` }));
    const fields = { row, status: 'new', name: 'x', script: 'long' };
    await table.write(all.slice(0, 90).map((key) => ({ put: { ...key, ...fields } })));
    await table.write(all.slice(90).map((key) => ({ put: { ...key, ...fields } })));
    const expected = all.map(() => ({ status: 'new', name: 'x' }));
    expect(await table.getAll([...all, { pk, sk: 'none' }], ['status', 'name', 'none'])).toEqual(expected);
    expect(await table.getAll(all.slice(0, 1), ['sk'])).toEqual([{ sk: 'S#0' }]);
  });

  test('many rows are removed at once, those that are not there as well, and no other', async () => {
    await fresh(['other']);
    const all = Array.from({ length: 60 }, (_, n) => ({ pk, sk: `R#${n}` }));
    await table.write(all.map((key) => ({ put: { ...key, row } })));
    const [one = { pk, sk: '' }] = all;
    await table.removeAll([one, ...all, { pk, sk: 'none' }]);
    expect(sks(await table.query({ pk, prefix: '' }))).toEqual(['other']);
    await table.removeAll([]);
  });

  test('a range can answer some attributes only, whatever they are called', async () => {
    const key = await fresh();
    await table.write([{ put: { ...key, row, status: 'x', name: 'y', size: 1 } }]);
    const only = ['sk', 'status', 'none'];
    expect(await table.query({ pk, prefix: '', only })).toEqual([{ sk: 'A', status: 'x' }]);
    expect(await table.query({ pk, prefix: '', only: ['name'] })).toEqual([{ name: 'y' }]);
  });

  test('the index knows what is due by now, the oldest first', async () => {
    await fresh();
    const due = `DUE#${pk}`;
    const put = (sk: string, dueAt?: string) =>
      table.write([{ put: { pk, sk, row, ...(dueAt && { due, dueAt }) } }]);
    await put('late', '2026-01-03');
    await put('early', '2026-01-01');
    await put('future', '2026-02-01');
    await put('never');
    expect(await table.due(due, '2026-01-04', 10)).toEqual([
      { pk, sk: 'early' },
      { pk, sk: 'late' },
    ]);
    expect(await table.due(due, '2026-01-04', 1)).toEqual([{ pk, sk: 'early' }]);
    await table.write([{ update: { pk, sk: 'early' }, remove: ['due', 'dueAt'] }]);
    expect(await table.due(due, '2026-01-04', 10)).toEqual([{ pk, sk: 'late' }]);
  });
});
