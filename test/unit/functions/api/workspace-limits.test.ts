import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { putMember } from '../../../../functions/api/access/members.ts';
import { createWorkspace, getMe } from '../../../../functions/api/access/workspaces.ts';
import { meSchema } from '../../../../shared/contracts/entities/workspace.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { globalKeys, keys } from '../../../../shared/store/keys.ts';
import { scopeTo } from '../../../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../../../shared/store/workspace-store.ts';
import { base } from '../../../support/builders.ts';
import { type MemoryTable, memoryTable, writeInParts } from '../../../support/memory-table.ts';

const ada = { kind: 'user' as const, id: 'ada-sub', name: 'ada' };
let table: MemoryTable;
beforeEach(() => {
  table = memoryTable();
});

const make = async (): Promise<string> => {
  const body = { name: 'Team', description: '', tags: {} };
  const answer = await createWorkspace(table, 3, { principal: ada, body, remember: () => [] });
  return z.object({ id: z.string() }).parse(answer.body).id;
};
/** Workspaces as their creates leave them, without what is in them. */
const found = async (count: number) => {
  for (let n = 0; n < count; n += 1) {
    const workspace = { ...base(newId('workspace'), `w ${n}`), createdBy: ada.id, maxConcurrentRuns: 3 };
    await workspaceStore(table).create(workspace, { id: ada.id }, []);
  }
};
const join = (count: number, fields: object = {}) =>
  writeInParts(
    table,
    Array.from({ length: count }, () => {
      const workspaceId = newId('workspace');
      const member = { userId: ada.id, workspaceId, role: 'viewer', ...fields };
      return { put: { ...globalKeys.membership(ada.id, workspaceId), row: 'member' as const, ...member } };
    }),
  );

describe('a person', () => {
  test('makes a hundred workspaces at most, and one more when one is deleted', async () => {
    await found(99);
    const last = scopeTo(await make());
    await expect(make()).rejects.toMatchObject({ code: 'limit-reached' });
    const store = workspaceStore(table);
    const workspace = await store.get(last);
    if (workspace === undefined) throw new Error('it was just made');
    await store.remove(workspace, workspace.createdAt, workspace.createdAt);
    // The membership is still there: it goes with the removal, by and by.
    expect(await table.get(globalKeys.membership(ada.id, last.workspaceId))).toBeDefined();
    await expect(make()).resolves.toMatch(/^ws_/);
  });

  test('is not kept from making one by those that others made', async () => {
    await join(300, { createdBy: 'somebody else' });
    await expect(make()).resolves.toMatch(/^ws_/);
  });

  test('belongs to a thousand workspaces at most, whoever adds them', async () => {
    const own = scopeTo(await make());
    await join(999, { createdBy: 'somebody else' });
    await expect(make()).rejects.toMatchObject({ code: 'limit-reached' });
    const put = (userId: string) =>
      putMember(table, {
        scope: own,
        params: { userId },
        headers: {},
        principal: ada,
        body: { role: 'viewer' },
      });
    await put('bob-sub');
    await table.write([{ delete: keys.member(own, ada.id) }]);
    await expect(put(ada.id)).rejects.toMatchObject({ code: 'limit-reached' });
  });

  test('of more of them, from before there was a limit, is told a thousand', async () => {
    await join(1005);
    let most = 0;
    const { getAll } = table;
    table.getAll = async (asked) => {
      most = Math.max(most, asked.length);
      return getAll(asked);
    };
    expect(meSchema.parse((await getMe(table, ada)).body).workspaces).toEqual([]);
    expect(most).toBe(1000);
  });
});
