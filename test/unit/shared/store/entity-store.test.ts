import { expect, test } from 'vitest';
import { newId } from '../../../../shared/runtime/ids.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import { WriteRefused } from '../../../../shared/store/write-refused.ts';
import { TooContended } from '../../../../shared/store/too-contended.ts';
import { base } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';

test('a create that other transactions are in the way of for too long is too contended, no unknown error', async () => {
  const table = memoryTable();
  table.beforeWrite = () => {
    throw new WriteRefused([]);
  };
  const entity = base(newId('connection'), 'One');
  await expect(entityStore(table, scope).create('connection', entity, [], [])).rejects.toBeInstanceOf(
    TooContended,
  );
  const change = { before: entity, after: { ...entity, rev: 2 }, references: [], more: [] };
  // Whoever changes decides anew.
  await expect(entityStore(table, scope).change('connection', change)).rejects.toEqual(new WriteRefused([]));
});
