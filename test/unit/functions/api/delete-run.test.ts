import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createRun } from '../../../../functions/api/runs/create-run.ts';
import { deleteRun } from '../../../../functions/api/runs/delete-run.ts';
import { listImageVersions } from '../../../../functions/api/runs/image-versions.ts';
import { deleteLeftovers } from '../../../../functions/api/runs/leftovers.ts';
import { readLatestLog } from '../../../../functions/api/runs/read-log.ts';
import { listDefinitionRuns } from '../../../../functions/api/runs/read-runs.ts';
import { stopRun } from '../../../../functions/api/runs/stop-run.ts';
import { cleanUpDeleted } from '../../../../functions/events/remove-leftovers/clean-up.ts';
import { auditEventSchema } from '../../../../shared/contracts/entities/audit-event.ts';
import { logQuery } from '../../../../shared/contracts/entities/log.ts';
import type { Leftover } from '../../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import { imageVersionStore, recordImageVersion } from '../../../../shared/store/image-version-store.ts';
import { leftoverStore, recordLeftovers } from '../../../../shared/store/leftover-store.ts';
import { logStore } from '../../../../shared/store/log-store.ts';
import { runRemoval } from '../../../../shared/store/run-removal.ts';
import { runStore } from '../../../../shared/store/run-store.ts';
import { at, base, logLines, queuedRun, ulid } from '../../../support/builders.ts';
import { memoryEngine, scope } from '../../../support/engine.ts';

const definitionId = `def_${ulid('D')}`;
const principal = { kind: 'user' as const, id: 'user-1', name: 'ada' };

let { engine, core, traffic } = memoryEngine();
let bundles: string[] = [];
beforeEach(async () => {
  ({ engine, core, traffic } = memoryEngine());
  bundles = [];
  await entityStore(core, scope).create('image-definition', base(definitionId, 'Web-Base'), [], []);
});
const removeBundle = async (key: string) => void bundles.push(key);

const start = async (fields: Partial<StoredRun> = {}): Promise<StoredRun> => {
  const { number: _, ...run } = queuedRun({ id: newId('run') });
  const created = await runStore(core, scope).create({ run }, () => []);
  return runStore(core, scope).change(created, fields);
};
const ended = (fields: Partial<StoredRun> = {}) =>
  start({ status: 'Succeeded', phase: 'finished', startedAt: at(1), endedAt: at(60), ...fields });
const remove = (runId: string, headers = {}) =>
  deleteRun({ core, traffic, files: { removeBundle } }, { scope, principal, params: { runId }, headers });
const leftover = (n: number, state: Leftover['state']): Leftover => ({
  id: `lft_${ulid(n)}`,
  kind: 'ec2-instance',
  locator: `eu-west-1/i-${n}`,
  createdAt: at(50),
  state,
});
const latest = async () => (await runStore(core, scope).latest(definitionId))?.number;
const rowsNaming = (text: string) =>
  [...core.rows.keys(), ...traffic.rows.keys()].filter((key) => key.includes(text));
const lastEvent = () => {
  const rows = [...core.rows]
    .filter(([key]) => key.includes('\nAUDIT#'))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return auditEventSchema.optional().parse(rows.at(-1)?.[1]);
};

describe('the delete of a run', () => {
  test('takes its log, its bundle and its place under the definition; nothing of it can be found', async () => {
    const run = await ended({ bundle: { key: 'jobs/w/r.json', sha256: 'f'.repeat(64) } });
    const other = await ended();
    await core.write(recordLeftovers(scope, run.id, [leftover(1, 'deleted')]));
    for (let chunk = 0; chunk < 25; chunk += 1)
      await logStore(traffic, scope, run.id).append(logLines(chunk * 4 + 1, chunk * 4 + 4));
    await logStore(traffic, scope, other.id).append(logLines(1, 3));
    expect(await remove(run.id)).toEqual({});
    expect(rowsNaming(run.id).filter((key) => !key.includes('ACTIVE') && !key.includes('QUEUE'))).toEqual([]);
    expect(bundles).toEqual(['jobs/w/r.json']);
    const runs = await runStore(core, scope).listOfDefinition(definitionId, { limit: 10 });
    expect(runs.map(({ id }) => id)).toEqual([other.id]);
    expect((await logStore(traffic, scope, other.id).head()).lastSeq).toBe(3);
    await expect(remove(run.id)).rejects.toMatchObject({ code: 'not-found' });
  });

  test.each(['Queued', 'Running'] as const)(
    'is refused while it is %s, and changes nothing',
    async (status) => {
      const run = await start({ status });
      const rows = structuredClone(core.rows);
      await expect(remove(run.id)).rejects.toMatchObject({ code: 'still-active' });
      expect(core.rows).toEqual(rows);
    },
  );

  test('is refused for another revision than the one that was asked for', async () => {
    const run = await ended();
    await expect(remove(run.id, { 'if-match': '"1"' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(await remove(run.id, { 'if-match': `"${run.rev}"` })).toEqual({});
  });

  test('moves the latest run to the newest that remains, then to none', async () => {
    const [one, two, three] = [await ended(), await ended(), await ended()];
    await remove(two.id);
    expect(await latest()).toBe(3);
    await remove(three.id);
    expect(await latest()).toBe(1);
    await remove(one.id);
    expect(await latest()).toBeUndefined();
  });

  test('while a page of runs is read does not make that page the last', async () => {
    const runs = [await ended(), await ended(), await ended(), await ended()];
    const { getAll } = core;
    core.getAll = async (keys) => {
      core.getAll = getAll;
      await remove(runs[2]?.id ?? '');
      return getAll(keys);
    };
    const call = { scope, params: { imageDefinitionId: definitionId }, path: '/v1/p' };
    const { body } = await listDefinitionRuns(core, { ...call, query: { limit: 2 } });
    expect(body).toMatchObject({ items: [{ number: 4 }, { number: 2 }] });
    expect(z.looseObject({ nextCursor: z.string() }).safeParse(body).success).toBe(true);
  });

  test('gives no number twice (S127)', async () => {
    const runs = [await ended(), await ended()];
    for (const { id } of runs) await remove(id);
    expect((await start()).number).toBe(3);
  });

  test('leaves the latest run exact while others are deleted and created at the same moment', async () => {
    for (let round = 0; round < 50; round += 1) {
      const [one, two, three] = [await ended(), await ended(), await ended()];
      await Promise.all([remove(three.id), remove(two.id), start(), remove(one.id)]);
      const [newest] = await runStore(core, scope).listOfDefinition(definitionId, { limit: 1 });
      expect(await latest()).toBe(newest?.number);
      if (newest !== undefined)
        await runStore(core, scope).change(newest, { status: 'Stopped', endedAt: at(60) });
    }
    await Promise.all((await runStore(core, scope).list({ limit: 100 })).map(({ id }) => remove(id)));
    expect(await latest()).toBeUndefined();
    expect(rowsNaming('LATEST#')).toEqual([]);
  });

  test('leaves the image version, which still names it (S16)', async () => {
    const run = await ended();
    const version = {
      id: newId('image-version'),
      number: run.number,
      name: 'Web-Base-v1',
      imageDefinitionId: definitionId,
      runId: run.id,
      state: 'available' as const,
      locators: [],
      toolchain: {},
      createdAt: at(60),
    };
    await core.write(recordImageVersion(scope, version));
    await remove(run.id);
    expect(await imageVersionStore(core, scope).latestUsable(definitionId)).toEqual(version);
  });

  test('tells who did it and what stays in the account, and no token', async () => {
    const lease = {
      tokenSha256: 'TOKENSHA',
      runnerId: 'r',
      runnerVersion: '1',
      packerVersion: '1',
      claimedAt: at(2),
      lastHeardAt: at(3),
    };
    const run = await ended({ status: 'Stopped', taskToken: 'TASKTOKEN', lease, snapshotSha256: 'SNAPSHOT' });
    await core.write(recordLeftovers(scope, run.id, [leftover(1, 'kept'), leftover(2, 'deleted')]));
    await remove(run.id);
    expect(lastEvent()).toMatchObject({
      actor: { kind: 'user', id: 'user-1', name: 'ada' },
      action: 'delete',
      entity: { kind: 'run', id: run.id, name: 'Web-Base-v1' },
      before: {
        status: 'Stopped',
        imageDefinitionId: definitionId,
        leftovers: [{ kind: 'ec2-instance', locator: 'eu-west-1/i-1', state: 'kept' }],
      },
    });
    expect(JSON.stringify(lastEvent())).not.toMatch(/TOKEN|SNAPSHOT/);
  });
});

describe('what a deleted run left behind', () => {
  const bundle = { key: 'jobs/w/r.json', sha256: 'f'.repeat(64) };
  const account = () => {
    const removed: string[] = [];
    return {
      removed,
      findLeftovers: async () => [{ kind: 'ec2-instance', locator: 'eu-west-1/i-1' }],
      removeLeftover: async ({ locator }: { locator: string }) => void removed.push(locator),
    };
  };
  const cleanUp = async (runId: string) => {
    const run = await runRemoval(core, scope).deleted(runId);
    const client = account();
    if (run !== undefined) await cleanUpDeleted(async () => client, engine, scope, run);
    return client.removed;
  };

  test('is still deleted after it failed, and then the run is forgotten (S47)', async () => {
    const run = await ended({ status: 'Failed', bundle, temporaries: [{ kind: 'ec2-instance', id: 'i-1' }] });
    await remove(run.id);
    expect(await runStore(core, scope).get(run.id)).toBeUndefined();
    expect(lastEvent()?.before).toMatchObject({ temporaries: [{ kind: 'ec2-instance', id: 'i-1' }] });
    expect(await cleanUp(run.id)).toEqual(['eu-west-1/i-1']);
    expect(rowsNaming(`DELETED-RUN#${run.id}`)).toEqual([]);
    expect(await cleanUp(run.id)).toEqual([]);
  });

  test('is still deleted when that was asked for, and the marks go with it', async () => {
    const run = await ended({ status: 'Stopped', bundle });
    await core.write(recordLeftovers(scope, run.id, [leftover(1, 'kept'), leftover(2, 'kept')]));
    await deleteLeftovers(core, { scope, principal, params: { runId: run.id }, query: { dryRun: false } });
    await remove(run.id);
    expect(await leftoverStore(core, scope).list(run.id)).toHaveLength(2);
    expect(await cleanUp(run.id)).toEqual(['eu-west-1/i-1']);
    expect(rowsNaming(`#RUN#${run.id}`)).toEqual([]);
  });

  test.each([
    { status: 'Succeeded' as const, bundle },
    { status: 'Stopped' as const, bundle },
    { status: 'Failed' as const, bundle, sweptAt: at(70) },
    { status: 'Failed' as const },
  ])('is nobody’s to delete: %j', async (fields) => {
    const run = await ended(fields);
    await core.write(recordLeftovers(scope, run.id, [leftover(1, 'kept')]));
    await remove(run.id);
    expect(rowsNaming(`DELETED-RUN#${run.id}`)).toEqual([]);
    expect(await leftoverStore(core, scope).list(run.id)).toEqual([]);
  });
});

describe('audit events of runs', () => {
  test('tell of the first stop, in the write that stops it, and of no other', async () => {
    const run = await start();
    const call = { scope, principal, params: { runId: run.id } };
    await stopRun({ core, now: () => at(5), wake: async () => undefined }, call);
    expect(lastEvent()).toMatchObject({
      action: 'stop',
      entity: { kind: 'run', id: run.id, name: 'Web-Base-v1' },
      before: { status: 'Queued' },
    });
    await expect(
      stopRun({ core, now: () => at(6), wake: async () => undefined }, call),
    ).rejects.toMatchObject({
      code: 'already-finished',
    });
    const running = await start({ status: 'Running' });
    const again = { ...call, params: { runId: running.id } };
    await Promise.all(
      [1, 2, 3].map(() => stopRun({ core, now: () => at(7), wake: async () => undefined }, again)),
    );
    expect(rowsNaming('\nAUDIT#')).toHaveLength(2);
  });

  test('tell of leftovers that are deleted, not of a dry run', async () => {
    const run = await ended({ status: 'Stopped' });
    await core.write(recordLeftovers(scope, run.id, [leftover(1, 'kept'), leftover(2, 'deleted')]));
    const call = { scope, principal, params: { runId: run.id } };
    await deleteLeftovers(core, { ...call, query: { dryRun: true } });
    expect(lastEvent()).toBeUndefined();
    await deleteLeftovers(core, { ...call, query: { dryRun: false } });
    expect(lastEvent()).toMatchObject({
      action: 'delete',
      entity: { kind: 'leftovers', id: run.id, name: 'Web-Base-v1' },
      before: { leftovers: [{ kind: 'ec2-instance', locator: 'eu-west-1/i-1' }] },
    });
  });

  test('tell of no run that did not start', async () => {
    const call = { scope, principal, params: { imageDefinitionId: `def_${ulid('X')}` }, remember: () => [] };
    await expect(createRun({ ...engine, newId, poolIds: ['cloud'] }, call)).rejects.toMatchObject({
      code: 'not-found',
    });
    expect(lastEvent()).toBeUndefined();
  });
});

describe('of a deleted definition', () => {
  const forget = async () => {
    const entities = entityStore(core, scope);
    const item = await entities.get('image-definition', definitionId);
    const writes = await runStore(core, scope).releaseDefinition(definitionId);
    const entity = z.looseObject({ id: z.string(), name: z.string(), rev: z.int() }).parse(item);
    await entities.remove('image-definition', entity, writes ?? []);
  };
  const call = { scope, params: { imageDefinitionId: definitionId }, path: '/v1/p', headers: {} };
  const log = () => readLatestLog({ core, traffic }, { ...call, query: logQuery.parse({}) });

  test('runs, versions and the log of its last run stay readable (S16, S17)', async () => {
    for (const text of ['one', 'two']) {
      const run = await ended();
      await core.write([{ delete: { pk: `WS#${scope.workspaceId}`, sk: `ACTIVE#${run.id}` } }]);
      const [line] = logLines(1, 1);
      if (line !== undefined) await logStore(traffic, scope, run.id).append([{ ...line, text }]);
    }
    await forget();
    expect((await log()).body).toMatchObject({ lines: [{ text: 'two' }], complete: true });
    const runs = await listDefinitionRuns(core, { ...call, query: { limit: 10 } });
    expect(runs.body).toMatchObject({ items: [{ number: 2 }, { number: 1 }] });
    const [newest] = await runStore(core, scope).listOfDefinition(definitionId, { limit: 1 });
    await remove(newest?.id ?? '');
    expect((await log()).body).toMatchObject({ lines: [{ text: 'one' }] });
    expect(rowsNaming('LATEST#')).toEqual([]);
  });

  test('without runs nothing is left to read', async () => {
    await forget();
    await expect(log()).rejects.toMatchObject({ code: 'not-found' });
    await expect(listImageVersions(core, { ...call, query: { limit: 5 } })).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});
