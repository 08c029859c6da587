import { describe, expect, test } from 'vitest';
import { deleteLeftovers } from '../../../../functions/api/runs/leftovers.ts';
import { recordLeftovers } from '../../../../shared/store/leftover-store.ts';
import { at } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { containing } from '../../../support/matchers.ts';
import { customersAccount, DAY, endedRun, onRecord } from '../../../support/tidying.ts';

const kinds = ['ec2-instance', 'ec2-volume', 'ec2-key-pair', 'ec2-security-group'];
const asked = { status: 'Stopped' as const, deletionAskedAt: at(90), lookedAgainAt: at(80) };
const principal = { kind: 'user' as const, id: 'user-1', name: 'ada' };

describe('leftovers of a stopped run that somebody asked to delete', () => {
  test('are deleted in the order in which they were found, machines first (S84)', async () => {
    const { tidyAt, read, states } = await endedRun(asked, onRecord(kinds, 'deleting'));
    const { reach, removed } = customersAccount(kinds);
    await tidyAt(100, reach);
    expect(removed).toEqual(kinds);
    expect(await states()).toEqual(kinds.map((kind) => `${kind} deleted`));
    const run = await read();
    expect([run.leftoverCount, run.deletionAskedAt]).toEqual([0, undefined]);
  });

  test('are marked deleted as well when they were noted while the platform could not be asked', async () => {
    const noted = onRecord(kinds, 'deleting').map((one) => ({ ...one, locator: 'packer_name' }));
    const { tidyAt, ledger } = await endedRun(asked, noted);
    const { reach, removed } = customersAccount(kinds);
    await tidyAt(100, reach);
    expect(removed).toEqual(kinds);
    // What was really there is told, too.
    expect((await ledger()).map(({ locator, state }) => `${locator} ${state}`)).toEqual([
      ...kinds.map(() => 'packer_name deleted'),
      ...kinds.map((kind) => `eu-west-1/${kind} deleted`),
    ]);
  });

  test('of which one is in use: the rest goes, that one says why and is tried again', async () => {
    const { tidyAt, read, states, ledger } = await endedRun(asked, onRecord(kinds, 'deleting'));
    const { reach, stuck, removed } = customersAccount(kinds);
    stuck.add('ec2-key-pair');
    await expect(tidyAt(100, reach)).rejects.toThrow('could not be deleted');
    expect(await states()).toEqual([
      'ec2-instance deleted',
      'ec2-volume deleted',
      'ec2-key-pair deleting',
      'ec2-security-group deleted',
    ]);
    expect((await ledger())[2]?.detail).toBe('ec2-key-pair is in use');
    expect(await read()).toMatchObject({ leftoverCount: 1, deletionAskedAt: at(90) });
    stuck.clear();
    await tidyAt(300, reach);
    expect(removed.at(-1)).toBe('ec2-key-pair');
    expect(await states()).toEqual(kinds.map((kind) => `${kind} deleted`));
    expect((await ledger())[2]?.detail).toBeUndefined();
    expect((await read()).leftoverCount).toBe(0);
  });

  test('that stay in use for a day are kept again, with the reason, and people are told (N1)', async () => {
    const { tidyAt, read, states } = await endedRun(asked, onRecord(kinds, 'deleting'));
    const { reach, stuck } = customersAccount(kinds);
    stuck.add('ec2-volume');
    await expect(tidyAt(90 + DAY - 1, reach)).rejects.toThrow('could not be deleted');
    await tidyAt(90 + DAY, reach);
    expect(await states()).toContain('ec2-volume kept');
    const told = { remindedAt: at(90 + DAY), leftoverKinds: { 'ec2-volume': 1 }, leftoverCount: 1 };
    const run = await read();
    expect(run).toMatchObject(told);
    expect(run.deletionAskedAt).toBeUndefined();
  });

  test('are deleted once more when somebody asks again while it goes on', async () => {
    const { core, tidyAt, read, run, states } = await endedRun(asked, onRecord(kinds, 'deleting'));
    const { reach, world, put, there } = customersAccount(kinds);
    world.beforeAnswer = async () => {
      world.beforeAnswer = async () => {};
      const call = { scope, params: { runId: run.id }, principal, query: { dryRun: false } };
      await deleteLeftovers(core, call);
      put('ec2-image');
    };
    await tidyAt(100, reach);
    const again = await read();
    expect(again.deletionAskedAt).toBeDefined();
    expect([...there.values()]).toEqual(['ec2-image']);
    await tidyAt(200, reach);
    expect([...there.values()]).toEqual([]);
    expect((await read()).deletionAskedAt).toBeUndefined();
    expect(new Set((await states()).map((one) => one.split(' ')[1]))).toEqual(new Set(['deleted']));
  });

  test('by two messages at once end as by one', async () => {
    const { tidyAt, read, states } = await endedRun(asked, onRecord(kinds, 'deleting'));
    const { reach } = customersAccount(kinds);
    await Promise.all([tidyAt(100, reach), tidyAt(100, reach)]);
    expect(await states()).toEqual(kinds.map((kind) => `${kind} deleted`));
    expect((await read()).leftoverCount).toBe(0);
  });

  test('that go on record by a second look at the same moment are not taken for deleted', async () => {
    const { tidyAt, ledger, core, run } = await endedRun(
      { ...asked, lookedAgainAt: undefined },
      onRecord(['ec2-instance'], 'deleting'),
    );
    const { reach, world, put } = customersAccount(['ec2-instance']);
    world.beforeAnswer = async () => {
      // Another function found the image that was registered in this moment.
      const late = onRecord(['ec2-image'])[0];
      if (late === undefined) throw new Error('there is one');
      await core.write(recordLeftovers(scope, run.id, [{ ...late, id: `${late.id.slice(0, -1)}9` }]));
      put('ec2-image');
    };
    await tidyAt(100, reach);
    expect((await ledger()).map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'ec2-instance deleted',
      'ec2-image kept',
    ]);
  });

  test('where only a connector reaches the platform are kept, and the reason says who can delete them', async () => {
    const { tidyAt, ledger, read } = await endedRun(asked, onRecord(['proxmox-vm'], 'deleting'));
    const { reach, world } = customersAccount();
    world.hasClient = false;
    await tidyAt(100, reach);
    expect(await ledger()).toMatchObject([{ state: 'kept', detail: containing('at the site') }]);
    expect((await read()).deletionAskedAt).toBeUndefined();
  });
});

describe('what nobody asked to delete', () => {
  test('stays after a stop, whatever the platform shows (S47, S82)', async () => {
    const { tidyAt, states } = await endedRun({ status: 'Stopped' }, onRecord(kinds));
    const { reach, removed } = customersAccount(kinds);
    for (const second of [100, 700, DAY + 100, 9 * DAY]) await tidyAt(second, reach);
    expect(removed).toEqual([]);
    expect(await states()).toEqual(kinds.map((kind) => `${kind} kept`));
  });

  test.each(['Running', 'Queued', 'Succeeded'] as const)(
    'is never touched while or after it %s',
    async (status) => {
      const { tidyAt, read, run } = await endedRun({ status });
      const { reach, removed } = customersAccount(kinds);
      await tidyAt(2 * DAY, reach);
      expect(removed).toEqual([]);
      expect(await read()).toEqual(run);
    },
  );
});

describe('of a failed run', () => {
  const completion = {
    outcome: 'failed' as const,
    exitCode: 1,
    artifacts: [],
    errors: [],
    temporaries: [],
    lastSeq: 9,
  };

  test('everything that carries its tags is deleted without being asked, once (S48, S81)', async () => {
    const { tidyAt, read } = await endedRun({ status: 'Failed', completion });
    const { reach, removed } = customersAccount(kinds);
    await tidyAt(100, reach);
    expect(removed).toEqual(kinds);
    const swept = await read();
    expect(swept).toMatchObject({ sweptAt: at(100), leftoverCount: 0 });
    await tidyAt(700, reach);
    expect(await read()).toEqual(swept);
  });

  test('whose runner was lost what shows up late is deleted by a second look, ten minutes after its end (S48)', async () => {
    const { tidyAt, read } = await endedRun({ status: 'Failed' });
    const { reach, removed, put, there } = customersAccount(kinds);
    await tidyAt(100, reach);
    put('ec2-image');
    await tidyAt(659, reach);
    expect(there.size).toBe(1);
    await tidyAt(660, reach);
    expect(removed.at(-1)).toBe('ec2-image');
    expect(await read()).toMatchObject({ sweptAt: at(100), lookedAgainAt: at(660) });
    put('ec2-snapshot');
    await tidyAt(700, reach);
    expect(there.size).toBe(1);
  });

  test('what stays in use is visible at once, and kept on record after a day of trying (N1)', async () => {
    const { tidyAt, read, states } = await endedRun({ status: 'Failed' });
    const { reach, stuck } = customersAccount(kinds);
    stuck.add('ec2-volume');
    await expect(tidyAt(100, reach)).rejects.toThrow('could not be deleted');
    expect(await states()).toEqual(['ec2-volume deleting']);
    await expect(tidyAt(300, reach)).rejects.toThrow('could not be deleted');
    expect((await read()).remindedAt).toBeUndefined();
    await tidyAt(60 + DAY, reach);
    expect(await states()).toEqual(['ec2-volume kept']);
    const run = await read();
    expect(run).toMatchObject({ sweepGivenUpAt: at(60 + DAY), remindedAt: at(60 + DAY), leftoverCount: 1 });
    expect(run.sweptAt).toBeUndefined();
    // From now on it is looked at each day, and no longer deleted by itself.
    stuck.clear();
    await tidyAt(60 + 2 * DAY, reach);
    expect((await read()).remindedAt).toBe(at(60 + 2 * DAY));
    expect(await states()).toEqual(['ec2-volume kept']);
  });

  test('what was given up is deleted when somebody asks', async () => {
    const given = { status: 'Failed' as const, sweepGivenUpAt: at(60 + DAY), remindedAt: at(60 + DAY) };
    const { core, run, tidyAt, read, states } = await endedRun(given, onRecord(['ec2-volume']));
    const { reach } = customersAccount(['ec2-volume']);
    await deleteLeftovers(core, { scope, params: { runId: run.id }, principal, query: { dryRun: false } });
    await tidyAt(2 * DAY, reach);
    expect(await states()).toEqual(['ec2-volume deleted']);
    expect((await read()).leftoverCount).toBe(0);
  });

  test('on a platform that nobody could ask for a day the runner’s word is on record, or the tag (S48)', async () => {
    const told = await endedRun({
      status: 'Failed',
      temporaries: [{ kind: 'ec2-key-pair', id: 'packer_1' }],
    });
    const silent = await endedRun({ status: 'Failed' });
    const { reach, world } = customersAccount();
    world.isAway = true;
    for (const { tidyAt, read } of [told, silent]) {
      await expect(tidyAt(100, reach)).rejects.toThrow('Nobody answers');
      expect((await read()).leftoverCount).toBe(0);
      await tidyAt(60 + DAY, reach);
      expect(await read()).toMatchObject({ leftoverCount: 1, remindedAt: at(60 + DAY) });
    }
    expect(await told.ledger()).toMatchObject([
      { kind: 'ec2-key-pair', locator: 'packer_1', state: 'kept', detail: 'Nobody answers.' },
    ]);
    expect(await silent.ledger()).toMatchObject([
      { kind: 'unknown', locator: `goldsmith:run=${silent.run.id}`, state: 'kept' },
    ]);
  });

  test('on-premises, where Packer cleaned up by itself, nothing is left and nobody is asked again', async () => {
    const temporaries = [{ kind: 'proxmox-iso', id: 'local:iso/packer1.iso' }];
    const { tidyAt, read } = await endedRun({ status: 'Failed', completion, temporaries });
    const { reach, world } = customersAccount();
    world.hasClient = false;
    await tidyAt(100, reach);
    expect(await read()).toMatchObject({ leftoverCount: 0, sweepGivenUpAt: at(100) });
    expect((await read()).remindedAt).toBeUndefined();
  });

  test('on-premises, whose runner was lost, what the runner told of is kept on record', async () => {
    const temporaries = [{ kind: 'proxmox-iso', id: 'local:iso/packer1.iso' }];
    const buildVm = { kind: 'proxmox-vm', locator: '10.0.0.7' };
    const { tidyAt, states, read } = await endedRun({ status: 'Failed', temporaries, buildVm });
    const { reach, world } = customersAccount();
    world.hasClient = false;
    await tidyAt(100, reach);
    expect(await states()).toEqual(['proxmox-vm kept', 'proxmox-iso kept']);
    expect((await read()).leftoverKinds).toEqual({ 'proxmox-vm': 1, 'proxmox-iso': 1 });
  });
});
