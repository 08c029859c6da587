import { expect, test } from 'vitest';
import { removeWorkspace } from '../../../../shared/actions/remove-workspace.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { globalKeys, keys } from '../../../../shared/store/keys.ts';
import { runStore } from '../../../../shared/store/run-store.ts';
import type { Item } from '../../../../shared/store/table.ts';
import { workspaceStore } from '../../../../shared/store/workspace-store.ts';
import { at } from '../../../support/builders.ts';
import { writeEveryRow } from '../../../support/every-row.ts';
import { memoryTable } from '../../../support/memory-table.ts';

test('a workspace goes with every kind of row there is, also those of the first release (S37, S41)', async () => {
  const [core, traffic] = [memoryTable(), memoryTable()];
  const scope = await writeEveryRow({ core, traffic });
  const connection = { kind: 'connection' as const, id: newId('connection') };
  const builder = { kind: 'builder-configuration' as const, id: newId('builder-configuration') };
  await core.write([
    { put: { ...keys.agent(scope, newId('connector'), newId('agent')), row: 'agent' } },
    { put: { ...keys.firing(scope, newId('schedule'), at(1)), row: 'firing' } },
    { put: { ...keys.reference(scope, connection, builder), row: 'users' } },
  ]);
  const runs = runStore(core, scope);
  for (const run of await runs.listActive())
    await runs.change(run, { status: 'Stopped', phase: 'finished', endedAt: at(2) });
  const workspace = await workspaceStore(core).get(scope);
  if (workspace === undefined) throw new Error('there is no workspace');
  await workspaceStore(core).remove(workspace, at(0), at(0));

  let second = 0;
  // oxlint-disable-next-line no-empty-function -- there are no files
  const files = { removeAll: async function* () {} };
  const remover = { core, traffic, files, now: () => at(second) };
  for (const hours of [0, 2, 2, 2]) {
    second = hours * 3600;
    await removeWorkspace(remover, scope, () => true);
  }
  const mentions = (item: Item) =>
    JSON.stringify(item).includes(scope.workspaceId) || String(item['pk']).includes(scope.workspaceId);
  const left = [...core.rows.values(), ...traffic.rows.values()].filter(mentions);
  // A ticket that nobody used and the log of a run that there never was: both expire by themselves.
  expect(left.map(({ row }) => String(row)).toSorted()).toEqual(['log-head', 'socket-ticket']);
  expect(left.every(({ expiresAt }) => typeof expiresAt === 'number')).toBe(true);
  // What cursors are sealed with is everybody's.
  expect(await core.get(globalKeys.cursorKey)).toBeDefined();
});
