import { describe, expect, test } from 'vitest';
import { removeThrough } from '../../../../functions/events/remove-leftovers/remove-leftovers.ts';
import type { Leftover } from '../../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import type { FoundLeftover } from '../../../../shared/platforms/platform.ts';
import { leftoverStore, recordLeftovers } from '../../../../shared/store/leftover-store.ts';
import { at, runningRun, ulid } from '../../../support/builders.ts';
import { memoryEngine, putRun, readRun, scope } from '../../../support/engine.ts';

const kinds = ['ec2-instance', 'ec2-volume', 'ec2-key-pair', 'ec2-security-group'];
const leftovers = (state: Leftover['state']): Leftover[] =>
  kinds.map((kind, n) => ({
    id: `lft_${ulid(n)}`,
    kind,
    locator: `eu-west-1/${kind}`,
    createdAt: at(0),
    state,
  }));

const account = (
  found: FoundLeftover[] = [],
  isStuck: (leftover: FoundLeftover) => boolean = () => false,
) => {
  const removed: string[] = [];
  return {
    removed,
    findLeftovers: async () => found,
    removeLeftover: async (leftover: FoundLeftover) => {
      if (isStuck(leftover)) throw new Error('still in use');
      removed.push(leftover.kind);
    },
  };
};

const stored = async (fields: Partial<StoredRun>, recorded: Leftover[] = []) => {
  const { engine, core } = memoryEngine();
  const run = await putRun(core, runningRun({ endedAt: at(60), leftoverCount: recorded.length, ...fields }));
  if (recorded.length > 0) await core.write(recordLeftovers(scope, run.id, recorded));
  const states = async () => (await leftoverStore(core, scope).list(run.id)).map((one) => one.state);
  return { engine, core, run, states };
};

describe('leftovers of a stopped run', () => {
  test('are deleted on request in the order in which they were found, machines first (S84)', async () => {
    const { engine, core, run, states } = await stored({ status: 'Stopped' }, leftovers('deleting'));
    const client = account(leftovers('deleting'));
    await removeThrough(client, engine, scope, run);
    expect(client.removed).toEqual(kinds);
    expect(await states()).toEqual(kinds.map(() => 'deleted'));
    expect((await readRun(core, run.id)).leftoverCount).toBe(0);
  });

  test('stay when nobody asked, whatever the platform shows (S47, S82)', async () => {
    const { engine, run, states } = await stored({ status: 'Stopped' }, leftovers('kept'));
    const client = account(leftovers('kept'));
    await removeThrough(client, engine, scope, run);
    expect(client.removed).toEqual([]);
    expect(await states()).toEqual(kinds.map(() => 'kept'));
  });

  test('that cannot be deleted yet keep their mark and hold up no other', async () => {
    const { engine, run, states } = await stored({ status: 'Stopped' }, leftovers('deleting'));
    const stuck = account(leftovers('deleting'), (one) => one.kind === 'ec2-key-pair');
    await expect(removeThrough(stuck, engine, scope, run)).rejects.toThrow('could not be deleted');
    expect(await states()).toEqual(['deleted', 'deleted', 'deleting', 'deleted']);
    const client = account(leftovers('deleting').filter((one) => one.kind === 'ec2-key-pair'));
    await removeThrough(client, engine, scope, run);
    expect(client.removed).toEqual(['ec2-key-pair']);
    expect(await states()).toEqual(kinds.map(() => 'deleted'));
  });

  test('noted while the platform could not be asked are found again and gone afterwards', async () => {
    const noted = leftovers('deleting').map((one) => ({ ...one, locator: 'packer_name' }));
    const { engine, run, states } = await stored({ status: 'Stopped' }, noted);
    const client = account(leftovers('deleting'));
    await removeThrough(client, engine, scope, run);
    expect(client.removed).toEqual(kinds);
    expect(await states()).toEqual(kinds.map(() => 'deleted'));
  });
});

test('of a failed run everything that carries its tags is deleted without being asked (S48, S81)', async () => {
  const { engine, run } = await stored({ status: 'Failed' });
  const found = kinds.map((kind) => ({ kind, locator: `eu-west-1/${kind}` }));
  const client = account(found);
  await removeThrough(client, engine, scope, run);
  expect(client.removed).toEqual(kinds);
});
