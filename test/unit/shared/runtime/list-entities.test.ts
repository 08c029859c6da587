import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { listQuery } from '../../../../shared/contracts/common.ts';
import { listEntities } from '../../../../shared/runtime/entities/list.ts';
import { keys } from '../../../../shared/store/keys.ts';
import type { Item } from '../../../../shared/store/table.ts';
import { base, ulid } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { type MemoryTable, memoryTable } from '../../../support/memory-table.ts';

const MB = 1_000_000;
const pageSchema = z.object({
  items: z.array(z.object({ name: z.string() })),
  nextCursor: z.string().optional(),
});

let table: MemoryTable;
let read: { pages: number; bytes: number };
beforeEach(() => {
  table = memoryTable();
  read = { pages: 0, bytes: 0 };
  const { pages } = table;
  table.pages = async function* (range) {
    for await (const page of pages(range)) {
      read.pages += 1;
      read.bytes += Buffer.byteLength(JSON.stringify(page));
      yield page;
    }
  };
});

const fill = async (count: number, fields: Item = {}) => {
  for (let n = 0; n < count; n += 1) {
    const id = `prv_${ulid(1000 + n)}`;
    const row = { ...base(id, `step ${n}`), ...fields };
    await table.write([{ put: { ...row, ...keys.entity(scope, 'provisioner', id), row: 'provisioner' } }]);
  }
};
const secrets = { seal: () => Promise.reject(new Error('nothing is written')) };
const list = async (query: Record<string, unknown>) => {
  const module = { kind: 'provisioner' as const, present: (item: Item) => item };
  const call = { query: listQuery.parse(query), path: '/v1/steps' };
  return pageSchema.parse((await listEntities(module, { table, scope, secrets }, call)).body);
};

describe('a list of entities', () => {
  test('of usual ones is one read, whether it is filtered or not', async () => {
    await fill(120);
    expect((await list({ limit: '50' })).items).toHaveLength(50);
    expect((await list({ limit: '50', name: 'STEP 1' })).items).toHaveLength(31);
    expect(read.pages).toBe(2);
  });

  test('of large ones reads little more than the page that it answers', async () => {
    await fill(40, { script: 'x'.repeat(380_000) });
    const page = await list({ limit: '200' });
    expect(page.items).toHaveLength(10);
    expect(page.nextCursor).toBeDefined();
    expect(read.bytes).toBeLessThan(6 * MB);
  });

  test('of large ones that no filter fits stops reading and leads on, until all were looked at', async () => {
    await fill(100, { script: 'x'.repeat(380_000) });
    let cursor: string | undefined;
    let rounds = 0;
    do {
      read.bytes = 0;
      const page = await list({ name: 'none', ...(cursor !== undefined && { cursor }) });
      expect(page.items).toEqual([]);
      expect(read.bytes).toBeLessThan(18 * MB);
      ({ nextCursor: cursor } = page);
      rounds += 1;
    } while (cursor !== undefined);
    expect(rounds).toBe(3);
  });

  test('leads from page to page over each one once, filtered or not', async () => {
    await fill(130);
    for (const query of [{ limit: '20' }, { limit: '7', name: 'step' }]) {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list({ ...query, ...(cursor !== undefined && { cursor }) });
        names.push(...page.items.map(({ name }) => name));
        ({ nextCursor: cursor } = page);
      } while (cursor !== undefined);
      expect(names).toEqual(Array.from({ length: 130 }, (_, n) => `step ${129 - n}`));
    }
  });
});
