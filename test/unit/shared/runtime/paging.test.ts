import { beforeEach, describe, expect, test } from 'vitest';
import { cursorFor, listOf, numberIn, pageOf, positionIn } from '../../../../shared/runtime/api/paging.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import { globalKeys } from '../../../../shared/store/keys.ts';
import type { Table } from '../../../../shared/store/table.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const code = async (act: Promise<unknown>): Promise<string> => {
  try {
    await act;
    return 'accepted';
  } catch (error) {
    return error instanceof ApiProblem ? error.code : 'another error';
  }
};

const list = listOf('/v1/a', { name: 'x', limit: 5 });
let table = memoryTable();
beforeEach(() => {
  table = memoryTable();
});

describe('a cursor', () => {
  test('leads back to its position in its own list, whatever the size of the page', async () => {
    const cursor = await cursorFor(table, list, 'position é');
    const nextPage = listOf('/v1/a', { limit: 99, cursor, name: 'x', tag: undefined });
    expect(await positionIn(table, nextPage, cursor)).toBe('position é');
    expect(await positionIn(table, list, undefined)).toBeUndefined();
  });

  test('is read by another instance of a function, and by no other deployment', async () => {
    const cursor = await cursorFor(table, list, 'p');
    const sameRows = { ...table };
    expect(await positionIn(sameRows, list, cursor)).toBe('p');
    expect(await code(positionIn(memoryTable(), list, cursor))).toBe('bad-query');
  });

  test('of two who make the key at once one wins and both read the same', async () => {
    const [one, other] = [{ ...table }, { ...table }];
    const cursors = await Promise.all([cursorFor(one, list, '1'), cursorFor(other, list, '2')]);
    const positions = await Promise.all(cursors.map((cursor) => positionIn(table, list, cursor)));
    expect(positions).toEqual(['1', '2']);
    expect([...table.rows.values()]).toHaveLength(1);
  });

  test('tells nobody what is in it', async () => {
    const cursor = await cursorFor(table, list, 'def_01ARZ3NDEKTSV4RRFFQ69G5FAV');
    expect(Buffer.from(cursor, 'base64url').toString('latin1')).not.toContain('def_');
    expect(await cursorFor(table, list, 'def_01ARZ3NDEKTSV4RRFFQ69G5FAV')).not.toBe(cursor);
  });

  test.each([
    ['another path', listOf('/v1/b', { name: 'x' })],
    ['another filter', listOf('/v1/a', { name: 'y' })],
    ['no filter', listOf('/v1/a')],
  ])('of %s is refused with 400', async (_case, other) => {
    const cursor = await cursorFor(table, other, 'x');
    expect(await code(positionIn(table, list, cursor))).toBe('bad-query');
  });

  test('that was altered in any byte is refused with 400', async () => {
    const bytes = Buffer.from(await cursorFor(table, list, 'x'), 'base64url');
    for (let place = 0; place < bytes.length; place += 1) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(place) ^ 1, place);
      expect(await code(positionIn(table, list, altered.toString('base64url')))).toBe('bad-query');
    }
  });

  test.each(['%%%', '', 'AAAA', Buffer.from('["/v1/a","x"]').toString('base64url'), 'A'.repeat(2000)])(
    'that reads "%s" is refused with 400',
    async (cursor) => {
      expect(await code(positionIn(table, list, cursor))).toBe('bad-query');
    },
  );

  test('is not lost to a key that could not be read once', async () => {
    const broken: Table = { ...table, get: () => Promise.reject(new Error('throttled')) };
    expect(await code(cursorFor(broken, list, 'x'))).toBe('another error');
    broken.get = table.get;
    expect(await positionIn(table, list, await cursorFor(broken, list, 'x'))).toBe('x');
  });

  test('has its key in one row of the deployment', async () => {
    await cursorFor(table, list, 'x');
    expect(await table.get(globalKeys.cursorKey)).toMatchObject({ row: 'cursor-key' });
  });
});

describe('a page', () => {
  const page = (items: number[]) => ({ items, limit: 2, position: (item: number) => String(item) });

  test('that is the last one has no cursor', async () => {
    expect(await pageOf(table, list, page([1, 2]))).toEqual({ items: [1, 2] });
    expect(await pageOf(table, list, page([]))).toEqual({ items: [] });
  });

  test('that is followed by another ends where its cursor points', async () => {
    const first = await pageOf(table, list, page([1, 2, 3]));
    expect(first.items).toEqual([1, 2]);
    expect(await numberIn(table, list, first.nextCursor)).toBe(2);
  });
});
