import { setImmediate as immediately } from 'node:timers/promises';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { queueStore } from '../../../../shared/store/queue-store.ts';
import { freshScope } from '../../../contract/store/fixtures.ts';
import { cloud, dispatcherWorld } from '../../../support/dispatcher.ts';

/** Lets calls of the table go on one at a time, in an order that `seed` decides; until then they go on at once. */
const interleaving = (seed: number) => {
  const waiting: (() => void)[] = [];
  let state = seed;
  let isOn = false;
  const next = (most: number): number => {
    // Numerical Recipes' linear congruential generator: any order will do that is the same each time.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // Its low bits only alternate.
    return Math.floor((state / 2 ** 32) * most);
  };
  const turn = (): Promise<void> =>
    isOn ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve();
  /** All of these at once. */
  const all = async (works: (() => Promise<unknown>)[]): Promise<void> => {
    isOn = true;
    const going = { count: works.length };
    const done = Promise.all(works.map((work) => work().finally(() => (going.count -= 1))));
    while (going.count > 0) {
      await immediately();
      waiting.splice(next(Math.max(1, waiting.length)), 1)[0]?.();
    }
    isOn = false;
    await done;
  };
  return { table: { turn, clock: { now: Date.now, pause: () => immediately() } }, all, next };
};

const situations = fc.record({
  seed: fc.nat(),
  dispatchers: fc.integer({ min: 2, max: 4 }),
  limit: fc.integer({ min: 1, max: 4 }),
  workspaceLimit: fc.integer({ min: 1, max: 3 }),
  counts: fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 }), fc.nat({ max: 3 })),
});

test('dispatchers at once, while runs end: no limit is exceeded, each run is started once, in its order (S57)', async () => {
  await fc.assert(
    fc.asyncProperty(situations, async ({ seed, dispatchers, limit, workspaceLimit, counts }) => {
      const { table, all, next } = interleaving(seed);
      const pools = [
        { id: 'cloud', maxConcurrentRuns: limit },
        { id: 'inside', maxConcurrentRuns: 2 },
      ];
      const world = dispatcherWorld({ table, pools, workspaceLimit });
      const { core, dispatching, executions, queue, read, wake, end } = world;
      const scopes = [freshScope(), freshScope()];
      const runs: StoredRun[] = [];
      for (const [at, scope] of scopes.entries())
        runs.push(...(await queue(scope, cloud('cloud'), counts[at])));
      runs.push(...(await queue(scopes[0] ?? world.scope, cloud('inside'), counts[2])));
      const overtaken: string[] = [];
      const { startWorkflow } = dispatching;
      dispatching.startWorkflow = (run) => {
        const ahead = runs.filter(
          ({ id, workspaceId, pool }) =>
            id < run.id && workspaceId === run.workspaceId && pool.id === run.pool.id,
        );
        const statusOf = ({ id, workspaceId }: StoredRun) =>
          core.rows.get(`WS#${workspaceId}\nRUN#${id}`)?.['status'];
        overtaken.push(...ahead.filter((one) => statusOf(one) === 'Queued').map(({ id }) => id));
        return startWorkflow(run);
      };
      for (let round = 0; round < 40; round += 1) {
        const going = (await Promise.all(runs.map(read))).filter(({ status }) => status === 'Running');
        const ended = going.filter(() => next(2) === 0);
        await all([
          ...Array.from(
            { length: dispatchers },
            (_, at) => () => (at % 2 === 0 ? wake('cloud', 'inside') : wake('inside', 'cloud')),
          ),
          ...ended.map((run) => () => end(run)),
        ]);
        const now = await Promise.all(runs.map(read));
        const running = now.filter(({ status }) => status === 'Running');
        for (const { id, maxConcurrentRuns } of pools)
          expect(running.filter(({ pool }) => pool.id === id).length).toBeLessThanOrEqual(maxConcurrentRuns);
        for (const { workspaceId } of scopes)
          expect(running.filter((run) => run.workspaceId === workspaceId).length).toBeLessThanOrEqual(
            workspaceLimit,
          );
        if (now.every(({ status }) => status === 'Succeeded')) break;
      }
      expect(overtaken).toEqual([]);
      expect(executions.toSorted()).toEqual(runs.map(({ id }) => id).toSorted());
      expect(await queueStore(core, 'cloud').takenOfPool()).toEqual([]);
      expect([...core.rows.keys()].filter((key) => /SLOT|LEASE|QUEUE|ACTIVE/.test(key))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
