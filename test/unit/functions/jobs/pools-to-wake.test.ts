import { expect, test } from 'vitest';
import { poolsToWake } from '../../../../functions/jobs/reconcile/pools-to-wake.ts';
import { reconcile } from '../../../../functions/jobs/reconcile/reconcile.ts';
import { DUE_RUN, keys } from '../../../../shared/store/keys.ts';
import { at, runningRun, ulid } from '../../../support/builders.ts';
import { cloud, dispatcherWorld } from '../../../support/dispatcher.ts';
import { putRun, scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { building, reconciler } from './reconciler.ts';

const connectorId = `cnr_${ulid('C')}`;

test('pools are those of now, those of before and those of connectors for which somebody waits', async () => {
  const { core, queue, scope: own } = dispatcherWorld();
  await queue(own, { kind: 'connector', id: connectorId }, 2, { createdAt: at(0) });
  await queue(own, cloud('cloud'));
  expect(await poolsToWake(core, ['inside', 'other'], at(60))).toEqual([
    'inside',
    'other',
    'cloud',
    connectorId,
  ]);
  // Once it had others.
  expect((await poolsToWake(core, ['new'], at(60))).toSorted()).toEqual(
    [connectorId, 'cloud', 'inside', 'new', 'other'].toSorted(),
  );
  expect(await poolsToWake(core, ['new'], at(-60))).not.toContain(connectorId);
});

test("the deployment's own pools are woken whatever the table answers", async () => {
  const core = {
    ...memoryTable(),
    get: () => Promise.reject(new Error('away')),
    due: () => Promise.reject(new Error('away')),
  };
  expect(await poolsToWake(core, ['cloud', 'inside'], at(60))).toEqual(['cloud', 'inside']);
});

test('a lost wake-up costs no more than the minute until the reconciler wakes every pool; one that fails stops no other', async () => {
  const { repair } = await reconciler({});
  const woken: string[] = [];
  await reconcile({
    ...repair,
    loadBuilds: async () => {},
    poolIds: ['broken', 'cloud', 'inside'],
    wakePool: async (id) => {
      if (id === 'broken') throw new Error('the queue is away');
      woken.push(id);
    },
    removeWorkspace: async () => {},
    sweepAccount: async () => {},
  });
  expect(woken.toSorted()).toEqual(['cloud', 'inside']);
});

test('builds are asked for of the pools of now only: one of a project that is gone would refuse the answer for all', async () => {
  const { repair, core } = await reconciler({ ...building, buildId: 'gone:1', pool: cloud('gone') });
  const id = `run_${ulid('2')}`;
  const run = runningRun({ ...building, id, buildId: 'cloud:1', pool: cloud('cloud') });
  await putRun(core, run);
  for (const one of [run.id, runningRun().id])
    await core.write([
      { update: keys.run(scope, one), set: { due: DUE_RUN, dueAt: at(50) }, if: { exists: true } },
    ]);
  const asked: string[] = [];
  await reconcile({
    ...repair,
    loadBuilds: async (ids) => void asked.push(...ids),
    poolIds: ['cloud'],
    wakePool: async () => {},
    removeWorkspace: async () => {},
    sweepAccount: async () => {},
  });
  expect(asked).toEqual(['cloud:1']);
});
