import { describe, expect, test } from 'vitest';
import type { BusEvent } from '../../../../events/event.ts';
import { runLeftoversRemain } from '../../../../events/run-leftovers-remain.ts';
import { publishRun } from '../../../../functions/events/publish-changes/publish-run.ts';
import { tidyUp } from '../../../../functions/events/remove-leftovers/remove-leftovers.ts';
import { reconcile } from '../../../../functions/jobs/reconcile/reconcile.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { DUE_RUN, keys } from '../../../../shared/store/keys.ts';
import { recordLeftovers } from '../../../../shared/store/leftover-store.ts';
import { runStore } from '../../../../shared/store/run-store.ts';
import { at, runningRun } from '../../../support/builders.ts';
import { putRun, readRun, scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { bundle, customersAccount, onRecord } from '../../../support/tidying.ts';
import { reconciler } from '../jobs/reconciler.ts';

const HOUR = 3600;

/** A run that ended at second 60; from then on the reconciler, and whoever it calls, look at it every ten minutes. */
const world = async (fields: Partial<StoredRun>, kinds: string[]) => {
  const time = { second: 60 };
  const clock = { now: () => Date.parse(at(time.second)), pause: async () => {} };
  const core = memoryTable({ clock });
  const account = customersAccount(kinds);
  const events: { hour: number; kinds: Record<string, number> }[] = [];
  const now = () => at(time.second);
  const { repair, traffic, newId } = await parts();
  const tell = async (event: BusEvent | undefined): Promise<void> => {
    if (event?.DetailType !== 'run.leftovers-remain') return;
    const detail = runLeftoversRemain.parse(JSON.parse(event.Detail));
    events.push({ hour: Math.floor((time.second - 60) / HOUR), kinds: detail.kinds });
  };
  const run = await putRun(
    core,
    runningRun({ endedAt: at(60), bundle, leftoverCount: kinds.length, ...fields }),
  );
  await core.write(recordLeftovers(scope, run.id, onRecord(kinds)));
  await runStore(core, scope).change(run, {});
  const rowOf = (one: StoredRun) => ({ ...keys.run(scope, one.id), ...one, row: 'run' });
  const tidy = async (): Promise<void> => {
    const before = await readRun(core, run.id);
    await tidyUp(account.reach, { core, newId, now }, scope, before).catch(() => {});
    const change = { before: rowOf(before), after: rowOf(await readRun(core, run.id)) };
    const send = async () => 'sent' as const;
    await publishRun(change, { traffic, send }, { event: tell, sweep: () => {} });
  };
  const look = () =>
    reconcile({
      ...repair,
      core,
      now,
      sweep: tidy,
      loadBuilds: async () => {},
      poolIds: [],
      wakePool: async () => {},
      removeWorkspace: async () => {},
      sweepAccount: async () => {},
    });
  const passUntil = async (hour: number): Promise<void> => {
    for (; time.second < 60 + hour * HOUR; time.second += 600) await look();
  };
  const due = () => core.due(DUE_RUN, at(time.second + 365 * 24 * HOUR), 10);
  return { ...account, events, passUntil, due, read: () => readRun(core, run.id) };
};

const parts = async () => {
  const { repair, traffic } = await reconciler({ status: 'Succeeded', endedAt: at(60) });
  return { repair, traffic, newId: repair.newId };
};

describe('people hear each day of what a run left, until it is gone (S84)', () => {
  test('also when they delete it by hand, one thing after the other; then nobody looks any more', async () => {
    const { events, passUntil, there, due, read } = await world({ status: 'Stopped' }, [
      'ec2-instance',
      'ec2-volume',
    ]);
    await passUntil(60);
    expect(await due()).toHaveLength(1);
    there.delete('eu-west-1/ec2-instance');
    await passUntil(110);
    there.delete('eu-west-1/ec2-volume');
    await passUntil(10 * 24);
    const both = { 'ec2-instance': 1, 'ec2-volume': 1 };
    expect(events).toEqual([
      { hour: 24, kinds: both },
      { hour: 48, kinds: both },
      { hour: 72, kinds: { 'ec2-volume': 1 } },
      { hour: 96, kinds: { 'ec2-volume': 1 } },
    ]);
    expect((await read()).leftoverCount).toBe(0);
    expect(await due()).toEqual([]);
  });

  test('of a failed run that could not be cleaned up, from the day on which that was given up', async () => {
    const { events, passUntil, there, stuck, due } = await world({ status: 'Failed' }, ['ec2-volume']);
    stuck.add('ec2-volume');
    await passUntil(80);
    there.clear();
    await passUntil(10 * 24);
    expect(events.map(({ kinds }) => kinds)).toEqual(events.map(() => ({ 'ec2-volume': 1 })));
    const [first = 0, ...rest] = events.map(({ hour }) => hour);
    expect(first).toBeGreaterThanOrEqual(24);
    expect(rest.map((hour, n) => hour - first - 24 * (n + 1)).every((late) => late >= 0 && late <= 1)).toBe(
      true,
    );
    expect(events.length).toBeGreaterThanOrEqual(2);
    expect(await due()).toEqual([]);
  });

  test('while the platform does not answer, from what is on record', async () => {
    const { events, passUntil, world: site } = await world({ status: 'Stopped' }, ['ec2-instance']);
    await passUntil(23);
    site.isAway = true;
    await passUntil(75);
    expect(events.map(({ hour }) => hour)).toEqual([24, 48, 72]);
  });
});
