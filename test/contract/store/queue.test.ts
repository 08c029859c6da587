import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admitRuns, type Pool } from '../../../shared/actions/admit-runs.ts';
import { changeRun } from '../../../shared/actions/change-run.ts';
import { requestStop } from '../../../shared/actions/request-stop.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { finish, hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { globalKeys, keys } from '../../../shared/store/keys.ts';
import { queueStore, releaseSlots, takeSlots } from '../../../shared/store/queue-store.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import { scopeTo, type WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { at, queuedRun } from '../../support/builders.ts';
import { createRun, freshScope, putDefinition } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
let core: Table;
beforeAll(async () => {
  emulated = await startTables();
  core = emulated.core;
});
afterAll(() => emulated.stop());

const engine = () => ({ core, now: () => at(100) });
const freshPool = (limit: number, workspaceLimit: number): Pool => ({
  id: newId('lease'),
  limit,
  workspaceLimit,
});
const startWorkflow = async (run: StoredRun) => ({ executionArn: `arn:execution:${run.id}` });
const admitIn = async (pool: Pool) => (await admitRuns(engine(), pool, startWorkflow)).started;

const fill = async (scope: WorkspaceScope, pool: Pool, count: number): Promise<StoredRun[]> => {
  const definitionId = await putDefinition(core, scope, `D-${newId('lease').slice(-8)}`);
  const runs = [];
  for (let n = 0; n < count; n += 1) {
    runs.push(await createRun(core, scope, definitionId, { pool: { kind: 'cloud', id: pool.id } }));
  }
  return runs;
};
const end = (run: StoredRun) => {
  const scope = scopeTo(run.workspaceId);
  return changeRun(core, scope, run.id, (current) =>
    hasEnded(current)
      ? undefined
      : {
          changes: finish(current, { outcome: 'succeeded' }, at(200)),
          options: { more: releaseSlots(current) },
        },
  );
};
const running = async (runs: StoredRun[]) => {
  const found = await Promise.all(runs.map((run) => runStore(core, scopeTo(run.workspaceId)).get(run.id)));
  return found.filter((run) => run?.status === 'Running').length;
};
const slotsIn = async (pool: Pool, scopes: WorkspaceScope[]) => ({
  pool: await queueStore(core, pool.id).takenOfPool(),
  workspaces: [
    ...(await queueStore(core, pool.id).takenOfWorkspaces(scopes.map((one) => one.workspaceId))).values(),
  ],
});

describe('dispatchers', () => {
  test('start a run that waits, and write down its slots and its execution (S57)', async () => {
    const [scope, pool] = [freshScope(), freshPool(2, 2)];
    const [run] = await fill(scope, pool, 1);
    const [started] = await admitIn(pool);
    expect(started).toMatchObject({
      id: run?.id,
      status: 'Running',
      slots: { workspace: 1, pool: 1 },
      executionArn: `arn:execution:${run?.id}`,
    });
    expect(await queueStore(core, pool.id).waiting()).toEqual([]);
    expect(await admitIn(pool)).toEqual([]);
  });

  test('five at once never exceed the limit of the pool', async () => {
    const [scope, pool] = [freshScope(), freshPool(3, 100)];
    const runs = await fill(scope, pool, 12);
    await Promise.all([1, 2, 3, 4, 5].map(() => admitIn(pool)));
    expect(await running(runs)).toBe(3);
    expect((await slotsIn(pool, [scope])).pool).toEqual([1, 2, 3]);
  });

  test('of two pools at once never exceed the limit of a workspace that uses both', async () => {
    const scope = freshScope();
    const pools = [freshPool(10, 2), freshPool(10, 2)];
    const runs = (await Promise.all(pools.map((pool) => fill(scope, pool, 5)))).flat();
    await Promise.all([...pools, ...pools].map(admitIn));
    await Promise.all(pools.map(admitIn));
    expect(await running(runs)).toBe(2);
  });

  test('go on as runs end, until all have run, in the order they came', async () => {
    const [scope, pool] = [freshScope(), freshPool(2, 2)];
    const runs = await fill(scope, pool, 5);
    const order: string[] = [];
    for (;;) {
      const started = await admitIn(pool);
      if (started.length === 0) break;
      order.push(...started.map((run) => run.id));
      for (const run of started) await end(run);
    }
    expect(order).toEqual(runs.map((run) => run.id));
    expect(await slotsIn(pool, [scope])).toEqual({ pool: [], workspaces: [[]] });
  });

  test('start no run again whose queue row came back', async () => {
    const [scope, pool] = [freshScope(), freshPool(2, 2)];
    const [run] = await fill(scope, pool, 1);
    await admitIn(pool);
    const entry = { manual: true, runId: run?.id ?? '' };
    const row = { poolId: pool.id, workspaceId: scope.workspaceId, ...entry };
    await core.write([{ put: { ...keys.queued(scope, pool.id, entry), row: 'queue', ...row } }]);
    expect(await admitIn(pool)).toEqual([]);
    expect((await slotsIn(pool, [scope])).pool).toEqual([1]);
  });

  test('do not start what is stopped at the same moment, or it runs and is told to stop (S64)', async () => {
    for (let round = 0; round < 8; round += 1) {
      const [scope, pool] = [freshScope(), freshPool(1, 1)];
      const [run] = await fill(scope, pool, 1);
      const request = { runId: run?.id ?? '', by: 'user-2' };
      await Promise.all([admitIn(pool), requestStop(engine(), scope, request)]);
      const now = await runStore(core, scope).get(request.runId);
      const slots = (await slotsIn(pool, [scope])).pool;
      expect([now?.status, now?.phase, slots.length]).toEqual(
        now?.status === 'Stopped' ? ['Stopped', 'finished', 0] : ['Running', 'stopping', 1],
      );
    }
  });
});

describe('slots', () => {
  test('are released once, although the run is ended by two at once', async () => {
    const [scope, pool] = [freshScope(), freshPool(1, 1)];
    await fill(scope, pool, 3);
    const [first = queuedRun()] = await admitIn(pool);
    await Promise.all([end(first), end(first), end(first)]);
    const [second] = await admitIn(pool);
    await end(first);
    expect((await slotsIn(pool, [scope])).pool).toEqual([1]);
    expect(second?.slots).toEqual({ workspace: 1, pool: 1 });
  });

  test('of another run are never freed', async () => {
    const [scope, pool] = [freshScope(), freshPool(1, 1)];
    const [run] = await fill(scope, pool, 1);
    await admitIn(pool);
    const stranger = { ...run, id: newId('run'), slots: { workspace: 1, pool: 1 } };
    const other = run === undefined ? [] : releaseSlots({ ...run, ...stranger });
    await expect(core.write(other)).rejects.toThrow(WriteRefused);
    expect(await core.get(globalKeys.poolSlot(pool.id, 1))).toMatchObject({ runId: run?.id });
  });

  test('cannot be taken by a run that has left the queue', async () => {
    const [scope, pool] = [freshScope(), freshPool(1, 1)];
    const [run] = await fill(scope, pool, 1);
    await requestStop(engine(), scope, { runId: run?.id ?? '', by: 'user-2' });
    const taking = run === undefined ? [] : takeSlots(run, { workspace: 1, pool: 1 });
    await expect(core.write(taking)).rejects.toThrow(WriteRefused);
    expect(await slotsIn(pool, [scope])).toEqual({ pool: [], workspaces: [[]] });
  });
});

describe('a stop while queued (S46, S64)', () => {
  test('ends the run at once, and again is once', async () => {
    const [scope, pool] = [freshScope(), freshPool(1, 1)];
    const [run] = await fill(scope, pool, 1);
    const request = { runId: run?.id ?? '', by: 'user-2' };
    const [one, two] = await Promise.all([
      requestStop(engine(), scope, request),
      requestStop(engine(), scope, request),
    ]);
    expect([one.status, two.status]).toEqual(['Stopped', 'Stopped']);
    expect(await admitIn(pool)).toEqual([]);
    expect(await runStore(core, scope).listActive()).toEqual([]);
  });
});
