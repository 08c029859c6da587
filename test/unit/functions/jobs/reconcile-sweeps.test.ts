import { expect, test } from 'vitest';
import { reconcile } from '../../../../functions/jobs/reconcile/reconcile.ts';
import { planSweep } from '../../../../functions/workflow/prepare/plan-sweep.ts';
import { sweepStore } from '../../../../shared/store/sweep-store.ts';
import { at, ulid, workspaceId } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { snapshot, withSettings } from '../../shared/packer/fixtures.ts';
import { reconciler } from './reconciler.ts';

const DAY = 86_400;
const connectionId = snapshot().connection.id;
const { region } = snapshot().connection.settings;

/** A reconciler at some second that tells which accounts it asks to sweep. */
const world = async () => {
  const { repair, core } = await reconciler({ status: 'Succeeded', endedAt: at(60) });
  const asked: string[] = [];
  const runAt = (second: number) =>
    reconcile({
      ...repair,
      now: () => at(second),
      loadBuilds: async () => {},
      poolIds: [],
      wakePool: async () => {},
      removeWorkspace: async () => {},
      sweepAccount: async (request) => asked.push(`${request.workspaceId} ${request.connectionId}`),
    });
  return { core, asked, runAt, planAt: (second: number) => ({ core, now: () => at(second) }) };
};

test('an account is swept a day after a run was first prepared for its connection, and not by each run anew', async () => {
  const { core, asked, runAt, planAt } = await world();
  await planSweep(planAt(0), scope, snapshot());
  await planSweep(planAt(500), scope, snapshot());
  await runAt(DAY - 1);
  expect(asked).toEqual([]);
  await runAt(DAY);
  expect(asked).toEqual([`${workspaceId} ${connectionId}`]);
  // Nothing is heard of it: it is asked for again after an hour.
  await runAt(DAY + 60);
  expect(asked).toHaveLength(1);
  await runAt(DAY + 3600);
  expect(asked).toHaveLength(2);
  expect((await sweepStore(core).get(scope, connectionId))?.dueAt).toBe(at(DAY + 7200));
});

test('regions of later runs are swept as well', async () => {
  const { core, planAt } = await world();
  await Promise.all([0, 1].map((second) => planSweep(planAt(second), scope, snapshot())));
  await planSweep(planAt(9), scope, withSettings(snapshot(), { region, amiRegions: ['ap-south-1', region] }));
  const sweep = await sweepStore(core).get(scope, connectionId);
  expect(sweep?.regions.toSorted((a, b) => a.localeCompare(b))).toEqual(
    ['ap-south-1', region].toSorted((a, b) => a.localeCompare(b)),
  );
});

test('a table that refuses the plan fails no run', async () => {
  const { core, planAt } = await world();
  core.beforeWrite = () => Promise.reject(new Error('throttled'));
  await planSweep(planAt(0), scope, snapshot());
  core.beforeWrite = () => {};
  expect(await sweepStore(core).get(scope, connectionId)).toBeUndefined();
});

test('one account that cannot be put off holds up no run', async () => {
  const { core, asked, runAt, planAt } = await world();
  await planSweep(planAt(0), scope, snapshot());
  await sweepStore(core).plan(scope, { connectionId: `con_${ulid('Z')}`, regions: [], dueAt: at(DAY + 9) });
  core.beforeWrite = () => Promise.reject(new Error('throttled'));
  await runAt(2 * DAY);
  core.beforeWrite = () => {};
  expect(asked).toEqual([]);
  await runAt(2 * DAY);
  expect(asked).toHaveLength(2);
});
