import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admitRuns, type Pool } from '../../../shared/actions/admit-runs.ts';
import { changeRun } from '../../../shared/actions/change-run.ts';
import { requestStop } from '../../../shared/actions/request-stop.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { finish, hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { globalKeys, keys } from '../../../shared/store/keys.ts';
import {
  dropEntry,
  duePools,
  knownPools,
  markWaiting,
  queueStore,
  releaseSlots,
  restPool,
  takeSlots,
} from '../../../shared/store/queue-store.ts';
import type { QueueEntry } from '../../../shared/domain/run/admission.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import { scopeTo, type WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { at as moment, queuedRun } from '../../support/builders.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { createRun, freshScope, putDefinition } from './fixtures.ts';
import { type Emulated, startTables } from './tables.ts';

let emulated: Emulated;
let core: Table;
beforeAll(async () => {
  emulated = await startTables();
});
afterAll(() => emulated.stop());

const tables = [
  ['DynamoDB', () => emulated.core],
  ['in memory', () => memory],
] as const satisfies [string, () => Table][];
const memory = memoryTable();

const engine = () => ({ core, now: () => moment(100) });
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
          changes: finish(current, { outcome: 'succeeded' }, moment(200)),
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

describe.each(tables)('in %s', (_name, open) => {
  beforeAll(() => {
    core = open();
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

  describe('a queue', () => {
    const at = (workspace: WorkspaceScope, n: number, manual: boolean) => {
      const runId = `run_${String(n).padStart(26, '0')}`;
      return { workspaceId: workspace.workspaceId, runId, manual };
    };
    const put = async (poolId: string, entries: QueueEntry[]) => {
      for (let start = 0; start < entries.length; start += 50)
        await core.write(
          entries.slice(start, start + 50).map(({ workspaceId, ...entry }) => ({
            put: {
              ...keys.queued(scopeTo(workspaceId), poolId, entry),
              row: 'queue',
              poolId,
              workspaceId,
              ...entry,
            },
          })),
        );
    };
    const scopes = [1, 2, 3].map((n) => scopeTo(`ws_${'0'.repeat(25)}${n}`));
    const [first = freshScope(), second = first, third = first] = scopes;
    const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, n) => from + n);

    test('shows the first of each workspace, those that people asked for before those of schedules', async () => {
      const pool = freshPool(1, 1);
      const scheduled = numbers(40).map((n) => at(first, n, false));
      const asked = numbers(3, 100).map((n) => at(first, n, true));
      const others = [...numbers(60, 200).map((n) => at(second, n, true)), at(third, 300, false)];
      await put(pool.id, [...scheduled, ...asked, ...others]);
      const whole = [...asked, ...scheduled, ...others];
      expect(await queueStore(core, pool.id).waiting()).toEqual(whole);
      for (const depth of [1, 2, 16, 17, 45, 200]) {
        const heads = await queueStore(core, pool.id).heads(depth);
        const groups = Map.groupBy(heads, ({ workspaceId }) => workspaceId);
        for (const { workspaceId } of scopes) {
          const own = whole.filter((one) => one.workspaceId === workspaceId);
          const shown = groups.get(workspaceId) ?? [];
          expect(shown).toEqual(own.slice(0, shown.length));
          expect(shown.length).toBeGreaterThanOrEqual(Math.min(depth, own.length));
        }
      }
    });

    test('that is empty shows nothing, and forgets what does not wait any more', async () => {
      const store = queueStore(core, freshPool(1, 1).id);
      expect([await store.heads(3), await store.waiting(), await store.takenOfPool()]).toEqual([[], [], []]);
      const pool = freshPool(1, 1);
      const entry = at(first, 1, true);
      await put(pool.id, [entry, at(first, 2, true)]);
      await core.write([dropEntry(pool.id, entry)]);
      await core.write([dropEntry(pool.id, entry)]);
      expect(await queueStore(core, pool.id).waiting()).toEqual([at(first, 2, true)]);
    });

    test('of a pool that rests admits nobody until then (F13)', async () => {
      const [scope, pool] = [freshScope(), freshPool(1, 1)];
      await fill(scope, pool, 1);
      const store = queueStore(core, pool.id);
      expect(await store.room()).toBeUndefined();
      await core.write([restPool(pool.id, { until: moment(160) })]);
      expect(await store.room()).toEqual({ until: moment(160) });
      expect(await admitIn(pool)).toEqual([]);
      await core.write([restPool(pool.id, { until: moment(100) })]);
      expect(await admitIn(pool)).toHaveLength(1);
    });

    test('whose runs wait for room for their builds knows how many do not (F13)', async () => {
      const [scope, pool] = [freshScope(), freshPool(3, 3)];
      await fill(scope, pool, 3);
      const [first = queuedRun(), second = queuedRun()] = await admitIn(pool);
      const store = queueStore(core, pool.id);
      expect(await store.underWayBeside(first.id)).toBe(2);
      await core.write(markWaiting(second, true));
      expect(await store.underWayBeside(first.id)).toBe(1);
      expect(await store.takenOfPool()).toEqual([1, 2, 3]);
      await core.write(markWaiting(second, false));
      expect(await store.underWayBeside(first.id)).toBe(2);
      await expect(core.write(markWaiting({ ...first, slots: second.slots }, true))).rejects.toThrow(
        WriteRefused,
      );
    });

    test('of a connector is led to by the index of what is due, until its last run has started or was stopped', async () => {
      const scope = freshScope();
      const [pool, other] = [newId('connector'), newId('connector')];
      const definitionId = await putDefinition(core, scope, 'Connectors');
      const queueIn = (id: string, createdAt: string) =>
        createRun(core, scope, definitionId, { pool: { kind: 'connector', id }, createdAt });
      const [one, two] = [await queueIn(pool, moment(1)), await queueIn(pool, moment(2))];
      await queueIn(other, moment(500));
      await fill(scope, freshPool(1, 1), 1);
      const due = async (now: string) =>
        (await duePools(core, now)).filter((id) => id === pool || id === other);
      expect(await due(moment(0))).toEqual([]);
      expect(await due(moment(3))).toEqual([pool]);
      expect((await due(moment(500))).toSorted()).toEqual([pool, other].toSorted());
      await admitIn({ id: pool, limit: 1, workspaceLimit: 9 });
      expect((await runStore(core, scope).get(one.id))?.status).toBe('Running');
      expect(await due(moment(3))).toEqual([pool]);
      await requestStop(engine(), scope, { runId: two.id, by: 'user-2' });
      expect(await due(moment(3))).toEqual([]);
    });

    test('that the deployment once had stays known', async () => {
      await core.write([{ delete: globalKeys.knownPools }]);
      expect(await knownPools(core).remember(['inside'])).toEqual(['cloud', 'inside']);
      expect(await knownPools(core).remember(['other'])).toEqual(['cloud', 'inside', 'other']);
      expect(await knownPools(core).remember([])).toEqual(['cloud', 'inside', 'other']);
    });

    test('tells in which pools a workspace has runs, as long as they are active', async () => {
      const [scope, pools] = [freshScope(), [freshPool(1, 9), freshPool(1, 9)]];
      const runs = (await Promise.all(pools.map((pool) => fill(scope, pool, 1)))).flat();
      const active = async () => (await runStore(core, scope).activePools()).toSorted();
      expect(await active()).toEqual(pools.map(({ id }) => id).toSorted());
      for (const pool of pools)
        for (const run of await admitIn(pool)) if (run.id === runs[0]?.id) await end(run);
      expect(await active()).toEqual([runs[1]?.pool.id]);
    });
  });
});
