import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Progress, type Remover, removeWorkspace } from '../../../../shared/actions/remove-workspace.ts';
import { hasEnded } from '../../../../shared/domain/run/lifecycle.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { releaseSlots, takeSlots } from '../../../../shared/store/queue-store.ts';
import { removalStore } from '../../../../shared/store/removal-store.ts';
import { runStore } from '../../../../shared/store/run-store.ts';
import type { Item } from '../../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../../../shared/store/workspace-store.ts';
import { at, base, runningRun } from '../../../support/builders.ts';
import { addRun, type Filling, fillWorkspace, someOfAll } from '../../../support/filled-workspace.ts';
import { memoryTable } from '../../../support/memory-table.ts';

/** Seconds at which the removal goes on after it began at 0. */
const SETTLED = 901;
const IMPATIENT = 3601;

const world = () => {
  const core = memoryTable();
  const traffic = memoryTable();
  const files = new Set<string>();
  let second = 0;
  /** Counts every call that changes something; the one with this number fails. */
  let writes = 0;
  let failing = Infinity;
  const beforeWrite = () => {
    writes += 1;
    if (writes === failing) throw new Error(`write ${writes} fails`);
  };
  core.beforeWrite = beforeWrite;
  traffic.beforeWrite = beforeWrite;
  const remover: Remover = {
    core,
    traffic,
    now: () => at(second),
    files: {
      removeAll: async function* (scope) {
        for (const file of files) {
          if (!file.includes(scope.workspaceId)) continue;
          beforeWrite();
          files.delete(file);
          yield;
        }
      },
    },
  };
  const fillOne = async (filling: Filling = someOfAll) => {
    const scope = await fillWorkspace({ core, traffic }, filling);
    for (const kind of ['snapshots', 'jobs', 'files']) files.add(`${kind}/${scope.workspaceId}/1`);
    return scope;
  };
  return {
    core,
    traffic,
    files,
    fillOne,
    setSecond: (now: number) => {
      second = now;
    },
    failAt: (n: number) => {
      writes = 0;
      failing = n;
    },
    countWrites: () => writes,
    delete: async (scope: WorkspaceScope) => {
      const workspace = await workspaceStore(core).get(scope);
      if (workspace === undefined) throw new Error('there is no workspace');
      await workspaceStore(core).remove(workspace, at(0), at(0));
    },
    step: (scope: WorkspaceScope, hasTime = () => true): Promise<Progress> =>
      removeWorkspace(remover, scope, hasTime),
    /** Whatever speaks of a workspace, wherever it lies. */
    about: (scope: WorkspaceScope) => {
      const speaks = ([key, row]: [string, Item]) => JSON.stringify([key, row]).includes(scope.workspaceId);
      const rows = [...core.rows, ...traffic.rows].filter(speaks);
      return [...rows, ...[...files].filter((file) => file.includes(scope.workspaceId))];
    },
  };
};
type World = ReturnType<typeof world>;

/** As the queue and the reconciler call it, until nothing is left; answers how often. */
const removeAll = async (where: World, scope: WorkspaceScope, hasTime?: () => boolean): Promise<number> => {
  for (let steps = 1; steps < 1000; steps += 1) {
    const progress = await where.step(scope, hasTime);
    if (progress === 'done') return steps;
    if (progress === 'later') where.setSecond(SETTLED);
  }
  throw new Error('it does not come to an end');
};

describe('a deleted workspace', () => {
  test('leaves no row and no file, and another one as it was (S37, S41)', async () => {
    const where = world();
    const [gone, stays] = [await where.fillOne(), await where.fillOne()];
    const before = structuredClone(where.about(stays));
    expect(where.about(gone).length).toBeGreaterThan(60);
    await where.delete(gone);
    await removeAll(where, gone);
    expect(where.about(gone)).toEqual([]);
    expect(where.about(stays)).toEqual(before);
  });

  test('is removed whatever is in it and however often a step ends early, and nothing else is (S37)', async () => {
    const count = fc.integer({ min: 0, max: 3 });
    const filling = fc.record({
      members: count,
      tokens: count,
      definitions: count,
      runs: fc.integer({ min: 0, max: 2 }),
      codes: count,
    });
    await fc.assert(
      fc.asyncProperty(filling, filling, fc.infiniteStream(fc.boolean()), async (one, other, coins) => {
        const where = world();
        const [gone, stays] = [await where.fillOne(one), await where.fillOne(other)];
        const before = structuredClone(where.about(stays));
        await where.delete(gone);
        await removeAll(where, gone, () => coins.next().value === true);
        expect(where.about(gone)).toEqual([]);
        expect(where.about(stays)).toEqual(before);
      }),
      { numRuns: 30 },
    );
  });

  test('is removed in steps as small as one write', async () => {
    const where = world();
    const scope = await where.fillOne();
    await where.delete(scope);
    expect(await removeAll(where, scope, () => false)).toBeGreaterThan(15);
    expect(where.about(scope)).toEqual([]);
  });

  test('is removed after a crash at any write: what is left is always found again', async () => {
    const little = { ...someOfAll, definitions: 1, runs: 1 };
    const counted = world();
    const first = await counted.fillOne(little);
    await counted.delete(first);
    counted.failAt(Infinity);
    await removeAll(counted, first);
    const writes = counted.countWrites();
    expect(writes).toBeGreaterThan(10);
    for (let n = 1; n <= writes; n += 1) {
      const where = world();
      const [gone, stays] = [await where.fillOne(little), await where.fillOne()];
      const before = structuredClone(where.about(stays));
      await where.delete(gone);
      where.failAt(n);
      await expect(removeAll(where, gone)).rejects.toThrow(`write ${n} fails`);
      where.failAt(Infinity);
      where.setSecond(SETTLED);
      await removeAll(where, gone);
      expect([n, where.about(gone)]).toEqual([n, []]);
      expect(where.about(stays)).toEqual(before);
    }
  });

  test('is removed by two at once as by one', async () => {
    const where = world();
    const scope = await where.fillOne();
    await where.delete(scope);
    await Promise.all([where.step(scope), where.step(scope)]);
    await removeAll(where, scope);
    expect(where.about(scope)).toEqual([]);
    expect(await where.step(scope)).toBe('done');
  });

  test('is gone through again when every request that was let in before must have ended', async () => {
    const where = world();
    const scope = await where.fillOne();
    await where.delete(scope);
    expect(await where.step(scope)).toBe('later');
    // Written by a request that was let in a moment before the end.
    await where.core.write([{ put: { ...keys.member(scope, 'late'), row: 'member', userId: 'late' } }]);
    await where.core.write([
      { put: { ...keys.entity(scope, 'api-token', 'tok'), row: 'api-token', secretSha256: 'digest' } },
      { put: { pk: 'TOKEN#digest', sk: 'META', row: 'api-token-digest', workspaceId: scope.workspaceId } },
    ]);
    where.setSecond(60);
    expect(await where.step(scope)).toBe('later');
    expect(where.about(scope).length).toBeGreaterThan(1);
    where.setSecond(SETTLED);
    expect(await where.step(scope)).toBe('done');
    expect(where.about(scope)).toEqual([]);
  });

  test('is due again for the reconciler as long as something is left', async () => {
    const where = world();
    const scope = await where.fillOne();
    await where.delete(scope);
    const due = (second: number) => removalStore(where.core).due(at(second), 10);
    expect(await due(0)).toEqual([scope]);
    expect(await where.step(scope, () => false)).toBe('go-on');
    // A message is under way; when it is lost, the reconciler sends another one.
    expect(await due(599)).toEqual([]);
    expect(await due(600)).toEqual([scope]);
    await where.step(scope);
    expect(await due(899)).toEqual([]);
    expect(await due(900)).toEqual([scope]);
  });
});

describe('a run that got in as the workspace was deleted', () => {
  const accepted = async (where: World) => {
    const scope = await where.fillOne({ ...someOfAll, definitions: 1, runs: 0 });
    const [row] = await where.core.query(keys.entities(scope, 'image-definition'));
    const runId = await addRun(where.core, scope, String(row?.['id']));
    await where.delete(scope);
    return { scope, runId };
  };
  const read = (where: World, scope: WorkspaceScope, id: string) => runStore(where.core, scope).get(id);

  test('is stopped while it waits, and goes with the rest', async () => {
    const where = world();
    const { scope } = await accepted(where);
    await removeAll(where, scope);
    expect(where.about(scope)).toEqual([]);
  });

  test('is asked to stop while it runs, keeps its slots until it has ended, and goes then', async () => {
    const where = world();
    const { scope, runId } = await accepted(where);
    const queued = await read(where, scope, runId);
    if (queued === undefined) throw new Error('there is no run');
    const slots = { workspace: 1, pool: 1 };
    const admitted = { status: 'Running' as const, startedAt: at(0), slots };
    const running = await runStore(where.core, scope).change(queued, admitted, {
      more: takeSlots(queued, slots),
    });
    expect(await where.step(scope)).toBe('later');
    const asked = await read(where, scope, runId);
    expect(asked).toMatchObject({ status: 'Running', stopRequestedBy: 'removal of the workspace' });
    expect(await removalStore(where.core).due(at(60), 10)).toEqual([scope]);
    expect(where.files.size).toBe(3);
    if (asked === undefined) throw new Error('the run is gone');
    // As finishing a run does it: refused if a slot or the lease were gone.
    const ended = { status: 'Stopped' as const, endedAt: at(30) };
    const end = runStore(where.core, scope).change(asked, ended, { more: releaseSlots(running) });
    expect(hasEnded(await end)).toBe(true);
    await removeAll(where, scope);
    expect(where.about(scope)).toEqual([]);
  });

  test('after the active ones were looked for keeps the row by which it is found', async () => {
    const where = world();
    const { scope, runId } = await accepted(where);
    // Hidden from the first look: it is written right after.
    const activeKey = keys.activeRun(scope, runId);
    const { query } = where.core;
    let looks = 0;
    where.core.query = async (range) => {
      const rows = await query(range);
      if (range.prefix !== 'ACTIVE#') return rows;
      looks += 1;
      return looks === 1 ? [] : rows;
    };
    expect(await where.step(scope)).toBe('later');
    expect(await where.core.get(activeKey)).toBeDefined();
    expect(await read(where, scope, runId)).toMatchObject({ status: 'Queued' });
    await removeAll(where, scope);
    expect(where.about(scope)).toEqual([]);
  });
});

describe('what a failed run left in the customer’s account', () => {
  const failed = async (where: World, fields: object = {}) => {
    const scope = await where.fillOne({ ...someOfAll, definitions: 0 });
    const id = newId('run');
    const bundle = { key: 'k', sha256: 'f'.repeat(64) };
    const run = runningRun({ id, workspaceId: scope.workspaceId, status: 'Failed', endedAt: at(0), bundle });
    const row = { ...keys.run(scope, id), row: 'run' as const, ...run, slots: undefined, ...fields };
    await where.core.write([{ put: row }]);
    await where.delete(scope);
    return { scope, key: keys.run(scope, id) };
  };

  test('is deleted first: the run and its files stay until then', async () => {
    const where = world();
    const { scope, key } = await failed(where);
    expect(await where.step(scope)).toBe('later');
    expect(await where.core.get(key)).toBeDefined();
    expect(where.files.size).toBe(3);
    await where.core.write([{ update: key, set: { sweptAt: at(100) } }]);
    await removeAll(where, scope);
    expect(where.about(scope)).toEqual([]);
  });

  test('is waited for an hour, not for ever', async () => {
    const where = world();
    const { scope } = await failed(where);
    where.setSecond(SETTLED);
    expect(await where.step(scope)).toBe('later');
    where.setSecond(IMPATIENT);
    expect(await where.step(scope)).toBe('later');
    expect(await where.step(scope)).toBe('done');
    expect(where.about(scope)).toEqual([]);
  });

  test('and what somebody asked to delete is waited for as well; what was kept is not', async () => {
    const where = world();
    const { scope, key } = await failed(where, { status: 'Stopped' });
    const runId = key.sk.slice('RUN#'.length);
    const leftover = { ...base('lft', 'x'), runId, kind: 'ec2-instance', locator: 'i-1', state: 'deleting' };
    const row = keys.leftover(scope, runId, newId('leftover'));
    await where.core.write([{ put: { ...row, row: 'leftover', ...leftover, id: row.sk.slice(9) } }]);
    expect(await where.step(scope)).toBe('later');
    expect(await where.core.get(key)).toBeDefined();
    await where.core.write([{ update: row, set: { state: 'kept' } }]);
    await removeAll(where, scope);
    expect(where.about(scope)).toEqual([]);
  });
});
