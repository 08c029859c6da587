import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createRun } from '../../../../functions/api/runs/create-run.ts';
import { readRun } from '../../../../functions/api/runs/read-runs.ts';
import { runSchema } from '../../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { poolOf } from '../../../../shared/domain/run/pool.ts';
import { newId, now } from '../../../../shared/runtime/ids.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { restPool } from '../../../../shared/store/queue-store.ts';
import { scopeTo } from '../../../../shared/store/workspace-scope.ts';
import { freshScope } from '../../../contract/store/fixtures.ts';
import { base, queuedRun, ulid } from '../../../support/builders.ts';
import { oneOfEachKind, openDefinitionsApi } from '../../../support/definitions-api.ts';
import { cloud, dispatcherWorld } from '../../../support/dispatcher.ts';
import { memoryEngine } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { storedBuilder } from '../../../support/stored-entities.ts';

const principal = { kind: 'user' as const, id: 'user-1', name: 'ada' };
const connectorId = `cnr_${ulid('C')}`;

describe('the pool of a run', () => {
  const definition = {
    ...base(`def_${ulid('D')}`, 'Web-Base'),
    operatingSystemId: `os_${ulid('S')}`,
    builderConfigurationId: `bld_${ulid('B')}`,
    provisionerRoleId: `rol_${ulid('R')}`,
  };
  const builder = storedBuilder('amazon-ebs');
  const choose = (fields: object, ofDefinition: object = {}) =>
    poolOf({ definition: { ...definition, ...ofDefinition }, builder: { ...builder, ...fields } }, [
      'cloud',
      'inside',
    ]);

  test('is the one that its builder names, else the first of the deployment (S34)', () => {
    expect(choose({})).toEqual({ pool: { kind: 'cloud', id: 'cloud' } });
    expect(choose({ runnerPoolId: 'inside' })).toEqual({ pool: { kind: 'cloud', id: 'inside' } });
  });

  test('is its connector, if it has one: the definition’s own wins (S35)', () => {
    const other = `cnr_${ulid('D')}`;
    expect(choose({ connectorId, runnerPoolId: 'inside' })).toEqual({
      pool: { kind: 'connector', id: connectorId },
    });
    expect(choose({ connectorId }, { connectorId: other })).toEqual({
      pool: { kind: 'connector', id: other },
    });
  });

  test('is none, if the deployment has it no more', () => {
    expect(choose({ runnerPoolId: 'gone' })).toMatchObject({
      obstacle: { pointer: '/builderConfigurationId', code: 'missing-reference' },
    });
  });
});

describe('a run that is created', () => {
  const world = async (fields: object = {}, ofDefinition: object = {}) => {
    const core = memoryTable();
    const api = await openDefinitionsApi(core);
    const made = await oneOfEachKind(api);
    const idOf = (path: string) => made.get(path)?.id ?? '';
    const set = (kind: 'builder-configuration' | 'image-definition', path: string, values: object) =>
      core.write([
        {
          update: keys.entity(api.scope, kind, idOf(path)),
          set: { description: '', ...values },
          if: { exists: true },
        },
      ]);
    await set('builder-configuration', '/builder-configurations', fields);
    await set('image-definition', '/image-definitions', ofDefinition);
    const { files } = memoryEngine().engine;
    const engine = {
      core,
      now,
      newId,
      files: { ...files, putSnapshot: async () => 'f'.repeat(64) },
      poolIds: ['cloud', 'inside'],
    };
    const params = { imageDefinitionId: idOf('/image-definitions') };
    const create = () => createRun(engine, { scope: api.scope, params, principal, remember: () => [] });
    return { core, create };
  };
  const queuesOf = (core: ReturnType<typeof memoryTable>) =>
    [...core.rows.values()].filter(({ row }) => row === 'queue').map(({ poolId }) => poolId);

  test('waits in the pool of its builder (S56)', async () => {
    const { core, create } = await world({ runnerPoolId: 'inside' });
    expect(runSchema.parse((await create()).body).pool).toEqual({ kind: 'cloud', id: 'inside' });
    expect(queuesOf(core)).toEqual(['inside']);
  });

  test('is refused when the pool of its builder is gone, and takes no number', async () => {
    const { core, create } = await world({ runnerPoolId: 'gone' });
    await expect(create()).rejects.toMatchObject({
      code: 'cannot-start',
      extras: { errors: [{ pointer: '/builderConfigurationId', code: 'missing-reference' }] },
    });
    expect([...core.rows.keys()].filter((key) => /COUNTER|RUN#|QUEUE/.test(key))).toEqual([]);
  });

  test('is refused with a connector, as nothing carries it out yet (S32, S33)', async () => {
    const { create } = await world({}, { connectorId });
    await expect(create()).rejects.toMatchObject({
      extras: { errors: [{ pointer: '/connectorId', code: 'not-runnable-yet' }] },
    });
    const inBuilder = await world({ connectorId });
    await expect(inBuilder.create()).rejects.toMatchObject({
      extras: { errors: [{ pointer: '/builderConfigurationId', code: 'not-runnable-yet' }] },
    });
    const secure = await world({ network: 'private' });
    await expect(secure.create()).rejects.toMatchObject({
      extras: { errors: [{ code: 'connector-needed' }] },
    });
  });
});

const shownSchema = z.object({ queue: z.object({ position: z.int(), reason: z.string() }).optional() });

/** A deployment with one pool for so many runs, and what a client reads of a run. */
const poolOfSome = (maxConcurrentRuns: number) => {
  const world = dispatcherWorld({ pools: [{ id: 'cloud', maxConcurrentRuns }] });
  const { core, dispatching } = world;
  const ask = async (run: StoredRun) => {
    const RUNNER_POOLS = dispatching.pools.map((pool) => ({ ...pool, project: 'project' }));
    const limits = { RUNNER_POOLS, WORKSPACE_LIMIT: dispatching.workspaceLimit };
    const call = { scope: scopeTo(run.workspaceId), params: { runId: run.id } };
    return shownSchema.parse((await readRun(core, limits, call)).body).queue;
  };
  const raise = (limit: number) => (dispatching.pools = [{ id: 'cloud', maxConcurrentRuns: limit }]);
  return { ...world, ask, raise };
};

describe('a queued run tells its place and what it waits for (S56)', () => {
  test('in a long queue: the place of each is when it starts (S57)', async () => {
    const { queue, ask, wake, raise, executions, scope } = poolOfSome(1);
    const other = freshScope();
    const trigger = { type: 'schedule' as const, by: 'sch_1' };
    const runs = [
      ...(await queue(scope, cloud('cloud'), 30)),
      ...(await queue(other, cloud('cloud'), 5, { trigger })),
      ...(await queue(freshScope(), cloud('cloud'), 3)),
      ...(await queue(other, cloud('cloud'), 6)),
    ];
    await wake('cloud');
    const waiting = runs.filter(({ id }) => !executions.includes(id));
    const told: string[] = [];
    for (const run of waiting) told[((await ask(run))?.position ?? 0) - 1] = run.id;
    expect(new Set(told).size).toBe(waiting.length);
    for (let limit = 2; limit <= runs.length; limit += 1) {
      raise(limit);
      await wake('cloud');
    }
    expect(executions.slice(1)).toEqual(told);
    expect((await ask(waiting[0] ?? runs[0] ?? queuedRun()))?.position).toBeUndefined();
  });

  test('the limit that is in its way, and the rest of the pool (F13)', async () => {
    const { core, dispatching, queue, ask, wake, raise, scope } = poolOfSome(1);
    const [, second = queuedRun(), third = queuedRun()] = await queue(scope, cloud('cloud'), 3);
    await wake('cloud');
    const reasons = async () => [await ask(second), await ask(third)].map((one) => one?.reason);
    expect(await reasons()).toEqual(Array(2).fill('the runner pool runs 1 of at most 1'));
    dispatching.workspaceLimit = 1;
    expect(await reasons()).toEqual(Array(2).fill('the workspace runs 1 of at most 1'));
    [dispatching.workspaceLimit] = [2];
    raise(9);
    expect(await reasons()).toEqual([
      'about to start',
      'others start first: the workspace runs 1 of at most 2',
    ]);
    const until = new Date(Date.now() + 60_000).toISOString();
    await core.write([restPool('cloud', { until })]);
    expect(await reasons()).toEqual(
      Array(2).fill(`the runner pool found no room for builds and starts none before ${until}`),
    );
    const refusedAt = new Date().toISOString();
    await core.write([restPool('cloud', { until, allows: 1, refusedAt })]);
    expect(await reasons()).toEqual(
      Array(2).fill(
        `CodeBuild allows 1 build at the moment; the runner pool found no room for builds and starts none before ${until}`,
      ),
    );
    await core.write([restPool('cloud', { until: refusedAt, allows: 1, refusedAt })]);
    expect(await reasons()).toEqual(
      Array(2).fill('CodeBuild allows 1 build at the moment, and the runner pool runs 1'),
    );
    dispatching.pools = [];
    expect(await reasons()).toEqual(Array(2).fill('its runner pool or connector is gone'));
  });

  test('of a connector: its own limit', async () => {
    const { core, queue, ask, wake, scope } = poolOfSome(1);
    const id = newId('connector');
    await entityStore(core, scope).create('connector', { ...base(id, 'Site'), maxConcurrentRuns: 1 }, [], []);
    const [, waiting = queuedRun()] = await queue(scope, { kind: 'connector', id }, 2);
    await wake(id);
    expect(await ask(waiting)).toEqual({ position: 1, reason: 'the runner pool runs 1 of at most 1' });
  });
});
