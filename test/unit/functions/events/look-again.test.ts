import { describe, expect, test } from 'vitest';
import { deleteLeftovers } from '../../../../functions/api/runs/leftovers.ts';
import { nextLook } from '../../../../shared/domain/run/next-look.ts';
import { at } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { customersAccount, DAY, endedRun, onRecord } from '../../../support/tidying.ts';

const stopped = { status: 'Stopped' as const };
const looked = { ...stopped, lookedAgainAt: at(660) };
const principal = { kind: 'user' as const, id: 'user-1', name: 'ada' };

describe('the second look at what a stopped run left', () => {
  test('comes ten minutes after the end and puts what is new on record; nothing is deleted (S47, N1)', async () => {
    const { tidyAt, read, states } = await endedRun(stopped, onRecord(['ec2-instance']));
    const { reach, put, removed } = customersAccount(['ec2-instance']);
    // Packer was killed while it registered an image: that shows only now.
    put('ec2-image');
    await tidyAt(659, reach);
    expect(await states()).toEqual(['ec2-instance kept']);
    await tidyAt(660, reach);
    expect(await states()).toEqual(['ec2-instance kept', 'ec2-image kept']);
    expect(await read()).toMatchObject({ lookedAgainAt: at(660), leftoverCount: 2 });
    expect(removed).toEqual([]);
  });

  test('comes once, also when two functions look at the same moment', async () => {
    const { tidyAt, read, states } = await endedRun(stopped, onRecord(['ec2-instance']));
    const { reach } = customersAccount(['ec2-instance', 'ec2-image']);
    await Promise.all([tidyAt(660, reach), tidyAt(660, reach), tidyAt(660, reach)]);
    expect(await states()).toEqual(['ec2-instance kept', 'ec2-image kept']);
    const first = await read();
    expect(first.leftoverCount).toBe(2);
    await tidyAt(700, reach);
    expect(await read()).toEqual(first);
  });

  test('takes what is gone off the count: somebody deleted it by hand', async () => {
    const { tidyAt, read, states } = await endedRun(stopped, onRecord(['ec2-instance', 'ec2-key-pair']));
    const { reach } = customersAccount(['ec2-instance']);
    await tidyAt(660, reach);
    expect(await states()).toEqual(['ec2-instance kept', 'ec2-key-pair deleted']);
    expect((await read()).leftoverCount).toBe(1);
  });

  test('puts back what was deleted and is there all the same', async () => {
    const { tidyAt, states } = await endedRun(stopped, onRecord(['ec2-volume'], 'deleted'));
    const { reach } = customersAccount(['ec2-volume']);
    await tidyAt(660, reach);
    expect(await states()).toEqual(['ec2-volume kept']);
  });

  test('is not put off by a platform that is away, until it answers', async () => {
    const { tidyAt, read } = await endedRun(stopped);
    const { reach, world, put } = customersAccount();
    world.isAway = true;
    await expect(tidyAt(660, reach)).rejects.toThrow('Nobody answers');
    expect((await read()).lookedAgainAt).toBeUndefined();
    world.isAway = false;
    put('ec2-image');
    await tidyAt(1200, reach);
    expect(await read()).toMatchObject({ lookedAgainAt: at(1200), leftoverCount: 1 });
  });

  test('that nobody answers for a day leaves the tag on record, by which things are found', async () => {
    const { tidyAt, read, ledger } = await endedRun(stopped);
    const { reach, world } = customersAccount();
    world.isAway = true;
    await tidyAt(660 + DAY, reach);
    expect(await read()).toMatchObject({ lookedAgainAt: at(660 + DAY), leftoverCount: 1 });
    expect(await ledger()).toMatchObject([{ kind: 'unknown', state: 'kept' }]);
    // The day after it answers, and there is nothing.
    world.isAway = false;
    await tidyAt(660 + 3 * DAY, reach);
    expect((await read()).leftoverCount).toBe(0);
  });

  test('that meets a delete request leaves everything to that', async () => {
    const { core, run, tidyAt, states, read } = await endedRun(stopped, onRecord(['ec2-instance']));
    const { reach, world, there } = customersAccount(['ec2-instance', 'ec2-image']);
    world.beforeAnswer = async () => {
      world.beforeAnswer = async () => {};
      await deleteLeftovers(core, { scope, params: { runId: run.id }, principal, query: { dryRun: false } });
    };
    await tidyAt(660, reach);
    expect(await states()).toEqual(['ec2-instance deleting']);
    await tidyAt(661, reach);
    expect(await states()).toEqual(['ec2-instance deleted', 'ec2-image deleted']);
    expect([there.size, (await read()).leftoverCount]).toEqual([0, 0]);
  });

  test('does not take what was deleted since the platform was asked for something new', async () => {
    const { core, run, tidyAt, states } = await endedRun(stopped, onRecord(['ec2-instance']));
    const { reach, world } = customersAccount(['ec2-instance']);
    world.beforeAnswer = async () => {
      world.beforeAnswer = async () => {};
      await deleteLeftovers(core, { scope, params: { runId: run.id }, principal, query: { dryRun: false } });
      await tidyAt(662, reach);
      expect(await states()).toEqual(['ec2-instance deleted']);
    };
    await tidyAt(660, reach);
    expect(await states()).toEqual(['ec2-instance deleted']);
  });

  test('finds more than one transaction takes', async () => {
    const kinds = Array.from({ length: 250 }, (_, n) => `kind-${n}`);
    const { tidyAt, read, ledger } = await endedRun(stopped, onRecord(kinds.slice(0, 80)));
    const { reach } = customersAccount(kinds);
    await tidyAt(660, reach);
    expect(await ledger()).toHaveLength(250);
    expect(await read()).toMatchObject({ leftoverCount: 250, lookedAgainAt: at(660) });
  });

  test('is nothing for a run that was stopped before its build', async () => {
    const { tidyAt, read, run } = await endedRun({ ...stopped, bundle: undefined });
    const { reach } = customersAccount(['ec2-instance']);
    await tidyAt(9 * DAY, reach);
    expect(await read()).toEqual(run);
  });
});

describe('people are reminded of what a stopped run left (S84)', () => {
  test('a day after its end and each day from then on, with what is left', async () => {
    const { tidyAt, read } = await endedRun(looked, onRecord(['ec2-instance', 'ec2-volume', 'ec2-volume']));
    const { reach } = customersAccount(['ec2-instance', 'ec2-volume']);
    await tidyAt(60 + DAY - 1, reach);
    expect((await read()).remindedAt).toBeUndefined();
    for (const day of [1, 2, 3]) {
      await tidyAt(60 + day * DAY, reach);
      expect(await read()).toMatchObject({
        remindedAt: at(60 + day * DAY),
        leftoverKinds: { 'ec2-instance': 1, 'ec2-volume': 2 },
      });
      const { rev } = await read();
      await tidyAt(60 + day * DAY + 3600, reach);
      expect((await read()).rev).toBe(rev);
    }
  });

  test('once a day, also when two functions meet', async () => {
    const { tidyAt, read, run } = await endedRun(looked, onRecord(['ec2-instance']));
    const { reach } = customersAccount(['ec2-instance']);
    await Promise.all([1, 2, 3].map(() => tidyAt(60 + DAY, reach)));
    expect(await read()).toMatchObject({ remindedAt: at(60 + DAY), rev: run.rev + 1 });
  });

  test('no more when it is deleted, by us or by hand', async () => {
    const { tidyAt, read } = await endedRun(looked, onRecord(['ec2-instance']));
    const { reach } = customersAccount();
    await tidyAt(60 + DAY, reach);
    const run = await read();
    expect([run.leftoverCount, run.remindedAt]).toEqual([0, undefined]);
    expect(nextLook(run, at(60 + DAY))).toBeUndefined();
  });

  test('not of a number that is wrong: it is put right, and nobody asks again', async () => {
    const { tidyAt, read } = await endedRun(
      { ...looked, leftoverCount: 3 },
      onRecord(['ec2-volume'], 'deleted'),
    );
    const { reach } = customersAccount();
    await tidyAt(60 + DAY, reach);
    const ended = await read();
    expect([ended.leftoverCount, ended.remindedAt]).toEqual([0, undefined]);
    expect(nextLook(ended, at(60 + DAY))).toBeUndefined();
  });

  test('from what is on record when the platform does not answer, or only a connector reaches it', async () => {
    for (const isAway of [true, false]) {
      const { tidyAt, read } = await endedRun(looked, onRecord(['ec2-instance']));
      const { reach, world } = customersAccount();
      world.isAway = isAway;
      world.hasClient = isAway;
      await tidyAt(60 + DAY, reach);
      expect(await read()).toMatchObject({ remindedAt: at(60 + DAY), leftoverCount: 1 });
    }
  });

  test('not while it is being deleted', async () => {
    const asked = { ...looked, deletionAskedAt: at(60 + DAY - 10) };
    const { tidyAt, read } = await endedRun(asked, onRecord(['ec2-instance'], 'deleting'));
    const { reach, stuck } = customersAccount(['ec2-instance']);
    stuck.add('ec2-instance');
    await expect(tidyAt(60 + DAY, reach)).rejects.toThrow('could not be deleted');
    expect((await read()).remindedAt).toBeUndefined();
  });
});

describe('the reconciler looks at a run that has ended', () => {
  const due = (fields: object, second: number) =>
    endedRun({ ...stopped, ...fields }).then(({ run }) => nextLook(run, at(second)));

  test('ten minutes after a stop, then a day after it as long as something is left', async () => {
    expect(await due({}, 60)).toBe(at(660));
    expect(await due({ lookedAgainAt: at(660) }, 660)).toBeUndefined();
    expect(await due({ lookedAgainAt: at(660), leftoverCount: 1 }, 660)).toBe(at(60 + DAY));
    expect(await due({ lookedAgainAt: at(660), leftoverCount: 1, remindedAt: at(2 * DAY) }, 2 * DAY)).toBe(
      at(3 * DAY),
    );
  });

  test('ever less often while something cannot be done: some thirty times a day', async () => {
    const { run } = await endedRun({ ...stopped, lookedAgainAt: at(60), deletionAskedAt: at(60) });
    let looks = 0;
    for (let now = at(60); now < at(60 + DAY); now = nextLook(run, now) ?? '9') looks += 1;
    expect(looks).toBeGreaterThan(20);
    expect(looks).toBeLessThan(40);
  });
});
