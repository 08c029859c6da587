import { expect, test } from 'vitest';
import { poolsToWake } from '../../../../functions/jobs/reconcile/pools-to-wake.ts';
import { reconcile } from '../../../../functions/jobs/reconcile/reconcile.ts';
import { at, ulid } from '../../../support/builders.ts';
import { cloud, dispatcherWorld } from '../../../support/dispatcher.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { reconciler } from './reconciler.ts';

const connectorId = `cnr_${ulid('C')}`;

test('pools are those of now, those of before and those of connectors for which somebody waits', async () => {
  const { core, queue, scope } = dispatcherWorld();
  await queue(scope, { kind: 'connector', id: connectorId }, 2, { createdAt: at(0) });
  await queue(scope, cloud('cloud'));
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
