import { describe, expect, test, vi } from 'vitest';
import {
  NewerItem,
  type Schemas,
  type StoredItem,
  upgraded,
  upgradedAs,
} from '../../../../shared/store/upgrade.ts';
import { versioned, type Write } from '../../../../shared/store/write.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const rename =
  (from: string, to: string) =>
  ({ [from]: value, ...others }: StoredItem): StoredItem => ({ ...others, [to]: value });

/** A release that writes version 3 of a kind, and can read the version 4 of the next release already. */
const release: Schemas = {
  versions: { thing: 3 },
  upgraders: { thing: { 1: rename('colour', 'color'), 2: rename('color', 'paint') } },
  readAhead: { thing: { 4: rename('coats', 'paint') } },
};
const key = { pk: 'P', sk: 'S' };
const thing = (fields: StoredItem): StoredItem => ({ ...key, row: 'thing', ...fields });
const now = thing({ schemaVersion: 3, paint: 'red' });

describe('a stored item', () => {
  test('of the current version is read as it is, the very same object', () => {
    expect(upgraded(now, release)).toBe(now);
  });

  test.each([
    ['1', thing({ schemaVersion: 1, colour: 'red' })],
    ['1, from before there were versions', thing({ colour: 'red' })],
    ['2', thing({ schemaVersion: 2, color: 'red' })],
    ['4, which the next release writes', thing({ schemaVersion: 4, coats: 'red' })],
  ])('of version %s is read in the current shape', (_version, item) => {
    const before = structuredClone(item);
    expect(upgraded(item, release)).toEqual(now);
    expect(item).toEqual(before);
  });

  test('goes through each step once, in order', () => {
    const one = vi.fn<(item: StoredItem) => StoredItem>((item) => item);
    const two = vi.fn<(item: StoredItem) => StoredItem>((item) => item);
    upgraded(thing({}), { ...release, upgraders: { thing: { 1: one, 2: two } } });
    expect([one.mock.calls, two.mock.calls]).toEqual([[[thing({})]], [[thing({ schemaVersion: 2 })]]]);
  });

  test('of a version that a newer release wrote is refused by name, not misread', () => {
    const read = () => upgraded(thing({ schemaVersion: 5, coats: 'red' }), release);
    expect(read).toThrow(NewerItem);
    expect(read).toThrow('a stored thing has schema version 5, this release knows 3');
  });

  test('without a step that upgrades it is refused', () => {
    expect(() => upgraded(thing({}), { ...release, upgraders: {} })).toThrow(
      'no step upgrades a stored thing from schema version 1',
    );
  });

  test.each([0, -1, 1.5, '2', null, Number.NaN])('with the version %j is refused', (schemaVersion) => {
    expect(() => upgraded(thing({ schemaVersion }), release)).toThrow('which is none');
  });

  test.each([{}, { row: 'other' }, { row: 'toString' }, { row: 7 }])(
    'that says %j is of no kind of ours',
    (fields) => {
      const item = { ...key, schemaVersion: 9, ...fields };
      expect(upgraded(item, release)).toBe(item);
    },
  );

  test('beside the table is read by the kind that its reader names', () => {
    expect(upgradedAs('thing', { colour: 'red' }, release)).toEqual({ paint: 'red', schemaVersion: 3 });
    expect(() => upgradedAs('other', {}, release)).toThrow('which is none');
  });
});

describe('a write', () => {
  test.each<[string, Write, object]>([
    [
      'puts its version',
      { put: { ...key, row: 'name' } },
      { put: { ...key, row: 'name', schemaVersion: 1 } },
    ],
    [
      'puts the version of this release over that of what was read',
      { put: { ...key, row: 'name', schemaVersion: 7 } },
      { put: { schemaVersion: 1 } },
    ],
    [
      'that may make a row by an update sets its version',
      { update: key, set: { row: 'log-head', complete: true } },
      { set: { row: 'log-head', complete: true, schemaVersion: 1 } },
    ],
  ])('%s', (_case, write, expected) => {
    expect(versioned(write)).toMatchObject(expected);
  });

  test.each<Write>([
    { update: key, set: { state: 'kept' } },
    { update: key, add: { users: ['x'] } },
    { delete: key },
    { check: key, if: { exists: true } },
  ])('%j is left as it is', (write) => {
    expect(versioned(write)).toBe(write);
  });

  test('of no kind of ours is refused before anything is written', async () => {
    const table = memoryTable();
    const write = { update: key, set: { row: 'nonsense' } };
    await expect(table.write([{ put: { ...key, row: 'name' } }, write])).rejects.toThrow(
      'nonsense is no kind of row',
    );
    expect(table.rows.size).toBe(0);
  });
});

test('a table reads rows of a newer release nowhere: not one, not many, not a range', async () => {
  const table = memoryTable();
  table.rows.set('P\nS', { ...key, row: 'name', schemaVersion: 2 });
  await expect(table.get(key)).rejects.toThrow(NewerItem);
  await expect(table.getAll([key])).rejects.toThrow(NewerItem);
  await expect(table.query({ pk: 'P', prefix: '' })).rejects.toThrow(NewerItem);
  expect(await table.query({ pk: 'P', prefix: '', only: ['sk'] })).toEqual([{ sk: 'S' }]);
});
