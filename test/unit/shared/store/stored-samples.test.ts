import { describe, expect, test } from 'vitest';
import type { Item } from '../../../../shared/store/table.ts';
import { schemas } from '../../../../shared/store/upgrade.ts';
import { writeEveryRow } from '../../../support/every-row.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { storedReaders } from '../../../support/stored-readers.ts';
import { storedSamples } from '../../../support/stored-samples.ts';

const files = storedSamples();

const tableOf = (rows: Item[]) => {
  const table = memoryTable();
  // As another release left them there: nothing of this one touches them.
  for (const row of rows) table.rows.set(`${String(row['pk'])}\n${String(row['sk'])}`, structuredClone(row));
  return table;
};
const readers = new Map(Object.entries(storedReaders));

describe('what any release has stored', () => {
  test.each(files)('$file is read as it was meant', async ({ kind, rows: [row = {}, ...besides], read }) => {
    const found = await readers.get(kind ?? '')?.({ table: tableOf([row, ...besides]), row });
    // Fields may be added to what is read; none may be lost or change.
    expect({ read: found }).toMatchObject({ read });
  });

  test.each(files)(
    '$file is a sample of the version that it is named after',
    ({ kind, version, rows: [row] }) => {
      expect(row?.['row'] ?? 'snapshot').toBe(kind);
      expect(row?.['schemaVersion'] ?? 1).toBe(version);
    },
  );

  test('has a sample for each version of each kind', () => {
    const expected = Object.entries(schemas.versions).flatMap(([kind, version]) =>
      Array.from({ length: version }, (_, before) => `${kind} ${before + 1}`),
    );
    const there = new Set(files.map(({ kind, version }) => `${kind} ${version}`));
    expect(expected.filter((one) => !there.has(one))).toEqual([]);
    expect([...there].filter((one) => !expected.includes(one))).toEqual([]);
  });
});

describe('what this release stores', () => {
  /** Nothing writes them yet: agents come with the agent's own interface, firings with the scheduler. */
  const notWritten = ['agent', 'firing'];

  test('carries the version of its kind, whatever wrote it', async () => {
    const tables = { core: memoryTable(), traffic: memoryTable() };
    await writeEveryRow(tables);
    const rows = [...tables.core.rows.values(), ...tables.traffic.rows.values()];
    const kinds = new Set(rows.map(({ row }) => String(row)));
    const expected = Object.keys(schemas.versions).filter((kind) => kind !== 'snapshot');
    expect(expected.filter((kind) => !kinds.has(kind))).toEqual(notWritten);
    const wrong = rows.filter((row) => row['schemaVersion'] !== schemas.versions[String(row['row'])]);
    expect(wrong).toEqual([]);
  });
});
