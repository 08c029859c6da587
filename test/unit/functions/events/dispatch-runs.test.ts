import { describe, expect, test } from 'vitest';
import { dispatch } from '../../../../functions/events/dispatch-runs/dispatch.ts';
import { recordExecution } from '../../../../shared/actions/admit-runs.ts';
import { requestStop } from '../../../../shared/actions/request-stop.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import { DUE_RUN, keys } from '../../../../shared/store/keys.ts';
import { duePools, queueStore, restPool } from '../../../../shared/store/queue-store.ts';
import type { WorkspaceScope } from '../../../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../../../shared/store/workspace-store.ts';
import { freshScope } from '../../../contract/store/fixtures.ts';
import { base } from '../../../support/builders.ts';
import { cloud, dispatcherWorld } from '../../../support/dispatcher.ts';
import { readLog } from '../../../support/engine.ts';

const MINUTE = 60_000;
const inMinutes = (minutes: number) => () => new Date(Date.now() + minutes * MINUTE).toISOString();
const throttled = () =>
  Promise.reject(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));

describe('wake-ups', () => {
  test('of several pools in one batch are one look at each (S57)', async () => {
    const { queue, statuses, wake, scope } = dispatcherWorld();
    const runs = [...(await queue(scope, cloud('cloud'), 3)), ...(await queue(scope, cloud('inside')))];
    expect(await wake('cloud', 'inside', 'cloud', 'nobody')).toEqual([]);
    expect(await statuses(runs)).toEqual(['Running', 'Running', 'Queued', 'Running']);
  });

  test.each([
    ['no JSON', '{'],
    ['another message', '{"pool":"cloud"}'],
    ['nothing', '""'],
  ])('that are %s come again alone and hold up no other (F6)', async (_what, body) => {
    const { dispatching, queue, statuses, scope } = dispatcherWorld();
    const runs = await queue(scope, cloud('cloud'));
    const wakeUp = JSON.stringify({ poolId: 'cloud' });
    const again = await dispatch(dispatching, [
      { id: 'poison', body },
      { id: 'good', body: wakeUp },
    ]);
    expect(again).toEqual(['poison']);
    expect(await statuses(runs)).toEqual(['Running']);
  });

  test('of a pool whose rows cannot be read come again, those of the others do not (F6, F38)', async () => {
    const { dispatching, core, queue, statuses, wake, scope } = dispatcherWorld();
    const runs = [...(await queue(scope, cloud('cloud'))), ...(await queue(scope, cloud('inside')))];
    const { query } = core;
    dispatching.core.query = (range) => (range.pk === 'POOL#cloud' ? throttled() : query(range));
    expect(await wake('cloud', 'inside', 'cloud')).toEqual(['message-0', 'message-2']);
    expect(await statuses(runs)).toEqual(['Queued', 'Running']);
  });

  test('of a workspace are those of all pools in which its runs are, but for the excepted', async () => {
    const { queue, statuses, wake, scope } = dispatcherWorld();
    const runs = [
      ...(await queue(scope, cloud('cloud'))),
      ...(await queue(scope, cloud('inside'))),
      ...(await queue(freshScope(), cloud('elsewhere'))),
    ];
    await wake({ workspaceId: scope.workspaceId, except: ['cloud'] });
    expect(await statuses(runs)).toEqual(['Queued', 'Running', 'Queued']);
    await wake({ workspaceId: scope.workspaceId });
    expect(await statuses(runs)).toEqual(['Running', 'Running', 'Queued']);
  });
});

describe('a workflow that is not started', () => {
  test('by a throttled StartExecution leaves the run Running, and holds up no other (F12)', async () => {
    const world = dispatcherWorld();
    const { dispatching, core, queue, read, wake, scope, executions } = world;
    const [first, second] = await queue(scope, cloud('cloud'), 2);
    const { startWorkflow } = dispatching;
    dispatching.startWorkflow = (run) => (run.id === first?.id ? throttled() : startWorkflow(run));
    expect(await wake('cloud')).toEqual([]);
    expect(executions).toEqual([second?.id]);
    const left = await read(first ?? { id: '', workspaceId: '' });
    expect(left).toMatchObject({ status: 'Running', phase: 'starting', slots: { pool: 1 } });
    expect(left.executionArn).toBeUndefined();
    // The reconciler finds it within a minute, and does what was not done.
    expect(await core.due(DUE_RUN, inMinutes(1)(), 10)).toContainEqual(keys.run(scope, left.id));
    const started = await recordExecution(dispatching, left, startWorkflow);
    expect(started.executionArn).toBe(`arn:execution:${left.id}`);
  });

  test('as far as is known, but was, is found by its name (F11, F12)', async () => {
    const { dispatching, queue, read, wake, scope, executions } = dispatcherWorld();
    const [run] = await queue(scope, cloud('cloud'));
    const { startWorkflow } = dispatching;
    dispatching.startWorkflow = async (one) => {
      await startWorkflow(one);
      throw new Error('no answer');
    };
    await wake('cloud');
    const left = await read(run ?? { id: '', workspaceId: '' });
    expect([left.status, left.executionArn]).toEqual(['Running', undefined]);
    await recordExecution(dispatching, left, startWorkflow);
    expect(new Set(executions)).toEqual(new Set([run?.id]));
  });

  test('because the dispatcher died after the admission keeps slot and lease until it is (F10)', async () => {
    const { dispatching, core, queue, read, wake, scope } = dispatcherWorld();
    const [run, next] = await queue(scope, cloud('cloud'), 2);
    dispatching.startWorkflow = () => new Promise(() => {});
    dispatching.pools = [{ id: 'cloud', maxConcurrentRuns: 1 }];
    void wake('cloud');
    const id = run?.id ?? '';
    while (core.rows.get(`WS#${scope.workspaceId}\nLEASE#${id}`) === undefined)
      await new Promise((resolve) => setImmediate(resolve));
    await wake('cloud');
    expect(await read({ id, workspaceId: scope.workspaceId })).toMatchObject({ status: 'Running' });
    expect(await queueStore(core, 'cloud').takenOfPool()).toEqual([1]);
    expect((await read(next ?? { id, workspaceId: '' })).status).toBe('Queued');
    expect(await core.due(DUE_RUN, inMinutes(1)(), 10)).toEqual([keys.run(scope, id)]);
  });

  test('of a run that was changed meanwhile is written down all the same', async () => {
    const { dispatching, queue, read, wake, scope, core } = dispatcherWorld();
    const [run] = await queue(scope, cloud('cloud'));
    const id = run?.id ?? '';
    dispatching.startWorkflow = async () => {
      await requestStop({ core, now: dispatching.now }, scope, { runId: id, by: 'user-2' });
      return { executionArn: 'arn:execution:1' };
    };
    await wake('cloud');
    const left = await read({ id, workspaceId: scope.workspaceId });
    expect([left.phase, left.executionArn]).toEqual(['stopping', 'arn:execution:1']);
  });
});

describe('a run that cannot be admitted', () => {
  test('for a fault of the table holds up no other; its pool is looked at again (F38)', async () => {
    const { core, queue, statuses, wake, scope } = dispatcherWorld();
    const runs = await queue(scope, cloud('cloud'), 2);
    core.beforeWrite = (writes) => {
      if (writes.length > 1 && JSON.stringify(writes).includes(runs[0]?.id ?? ''))
        throw new Error('no answer');
    };
    expect(await wake('cloud')).toEqual(['message-0']);
    expect(await statuses(runs)).toEqual(['Queued', 'Running']);
    core.beforeWrite = () => {};
    await wake('cloud');
    expect(await statuses(runs)).toEqual(['Running', 'Running']);
  });

  test('because it waits no more gives its place to the next, with one slot too', async () => {
    const { dispatching, core, queue, statuses, wake, scope } = dispatcherWorld();
    dispatching.pools = [{ id: 'cloud', maxConcurrentRuns: 1 }];
    const runs = await queue(scope, cloud('cloud'));
    const stale = { row: 'queue' as const, workspaceId: scope.workspaceId, poolId: 'cloud', manual: true };
    const runId = `run_${'0'.repeat(26)}`;
    await core.write([{ put: { ...keys.queued(scope, 'cloud', { manual: true, runId }), ...stale, runId } }]);
    await wake('cloud');
    expect(await statuses(runs)).toEqual(['Running']);
    expect(await queueStore(core, 'cloud').waiting()).toEqual([]);
  });

  test('while its pool rests waits, and is not forgotten (F13)', async () => {
    const { dispatching, core, queue, statuses, wake, scope } = dispatcherWorld();
    const runs = await queue(scope, cloud('cloud'));
    await core.write([restPool('cloud', { until: inMinutes(1)() })]);
    expect(await wake('cloud')).toEqual([]);
    expect(await statuses(runs)).toEqual(['Queued']);
    dispatching.now = inMinutes(2);
    await wake('cloud');
    expect(await statuses(runs)).toEqual(['Running']);
  });
});

test('a pool admits what CodeBuild allowed when it refused last, and with time tries more (F13)', async () => {
  const { dispatching, core, queue, statuses, wake, scope } = dispatcherWorld();
  dispatching.pools = [{ id: 'cloud', maxConcurrentRuns: 9 }];
  const runs = await queue(scope, cloud('cloud'), 4);
  const running = async () => (await statuses(runs)).filter((one) => one === 'Running').length;
  const refusedAt = inMinutes(0)();
  await core.write([restPool('cloud', { until: refusedAt, allows: 2, refusedAt })]);
  for (const [minutes, allowed] of [
    [1, 2],
    [9, 2],
    [11, 3],
    [21, 4],
  ] as const) {
    dispatching.now = inMinutes(minutes);
    await wake('cloud');
    expect(await running()).toBe(allowed);
  }
});

describe('limits that change while runs go on', () => {
  test('of a pool: raised at once, lowered until fewer run', async () => {
    const { dispatching, queue, statuses, end, wake, scope } = dispatcherWorld();
    const runs = await queue(scope, cloud('cloud'), 5);
    const limit = (maxConcurrentRuns: number) => (dispatching.pools = [{ id: 'cloud', maxConcurrentRuns }]);
    const running = async () => (await statuses(runs)).filter((one) => one === 'Running').length;
    await wake('cloud');
    limit(3);
    await wake('cloud');
    expect(await running()).toBe(3);
    limit(1);
    for (const [place, left] of [2, 1].entries()) {
      const run = runs[place];
      if (run !== undefined) await end(run);
      await wake('cloud');
      expect(await running()).toBe(left);
    }
    if (runs[2] !== undefined) await end(runs[2]);
    await wake('cloud');
    expect(await statuses(runs)).toEqual(['Succeeded', 'Succeeded', 'Succeeded', 'Running', 'Queued']);
  });

  test('of a workspace: as it is now, in every pool', async () => {
    const { core, queue, statuses, wake, scope } = dispatcherWorld();
    const workspace = { ...base(scope.workspaceId, 'Team'), maxConcurrentRuns: 1 };
    await workspaceStore(core).create(workspace, { id: 'user-1' }, []);
    const runs = [...(await queue(scope, cloud('cloud'), 2)), ...(await queue(scope, cloud('inside'), 2))];
    await wake('cloud', 'inside');
    expect(await statuses(runs)).toEqual(['Running', 'Queued', 'Queued', 'Queued']);
    await workspaceStore(core).change(workspace, { ...workspace, maxConcurrentRuns: 3, rev: 2 }, []);
    await wake({ workspaceId: scope.workspaceId });
    expect((await statuses(runs)).filter((one) => one === 'Running')).toHaveLength(3);
  });
});

describe('the pool of a connector', () => {
  const connectorIn = async (
    world: ReturnType<typeof dispatcherWorld>,
    scope: WorkspaceScope,
    limit: number,
  ) => {
    const id = newId('connector');
    const entity = { ...base(id, `Site ${id}`), maxConcurrentRuns: limit };
    await entityStore(world.core, scope).create('connector', entity, [], []);
    return { kind: 'connector' as const, id };
  };
  const limitTo = (world: ReturnType<typeof dispatcherWorld>, id: string, maxConcurrentRuns: number) =>
    world.core.write([
      { update: keys.entity(world.scope, 'connector', id), set: { maxConcurrentRuns }, if: { exists: true } },
    ]);

  test('has the limit of the connector, as it is now (S35)', async () => {
    const world = dispatcherWorld();
    const { queue, statuses, wake, end, scope } = world;
    const pool = await connectorIn(world, scope, 1);
    const runs = await queue(scope, pool, 4);
    await wake(pool.id);
    expect(await statuses(runs)).toEqual(['Running', 'Queued', 'Queued', 'Queued']);
    await limitTo(world, pool.id, 3);
    await wake(pool.id);
    expect(await statuses(runs)).toEqual(['Running', 'Running', 'Running', 'Queued']);
    await limitTo(world, pool.id, 2);
    if (runs[0] !== undefined) await end(runs[0]);
    await wake(pool.id);
    expect(await statuses(runs)).toEqual(['Succeeded', 'Running', 'Running', 'Queued']);
  });

  test('is known to the reconciler as long as somebody waits for it, and no longer', async () => {
    const world = dispatcherWorld();
    const { core, queue, wake, scope } = world;
    const pools = [await connectorIn(world, scope, 1), await connectorIn(world, scope, 1)];
    for (const pool of pools) await queue(scope, pool, 2, { createdAt: inMinutes(-1)() });
    await queue(scope, cloud('cloud'), 2);
    const ids = pools.map(({ id }) => id);
    expect((await duePools(core, inMinutes(0)())).toSorted()).toEqual(ids.toSorted());
    await limitTo(world, ids[0] ?? '', 2);
    await wake(...ids);
    expect(await duePools(core, inMinutes(0)())).toEqual([ids[1]]);
  });

  test('whose connector was deleted fails what waits, at once', async () => {
    const world = dispatcherWorld();
    const { core, traffic, queue, read, statuses, wake, scope } = world;
    const pool = await connectorIn(world, scope, 1);
    const [running, ...waiting] = await queue(scope, pool, 3);
    await wake(pool.id);
    await core.write([{ delete: keys.entity(scope, 'connector', pool.id) }]);
    expect(await wake(pool.id)).toEqual([]);
    expect(await statuses(waiting)).toEqual(['Failed', 'Failed']);
    const failed = await read(waiting[0] ?? { id: '', workspaceId: '' });
    expect(failed).toMatchObject({
      phase: 'finished',
      failure: { errorId: 'connector-unavailable', logSeq: 1 },
    });
    expect(failed.failure?.message).toContain(pool.id);
    const log = await readLog(traffic, failed.id, scope);
    expect(log).toMatchObject([{ seq: 1, level: 'error' }]);
    expect(log[0]?.text).toContain('was deleted');
    const left = [...core.rows.keys()].filter(
      (key) => key.includes(failed.id) && /QUEUE|ACTIVE|SLOT|LEASE/.test(key),
    );
    expect(left).toEqual([]);
    // What goes on there is its agent's.
    expect((await read(running ?? { id: '', workspaceId: '' })).status).toBe('Running');
  });
});

describe('a pool that the deployment has no more', () => {
  test('fails what waits in it, but not while a deployment may be under way', async () => {
    const { dispatching, queue, read, statuses, wake, scope } = dispatcherWorld();
    const runs = await queue(scope, cloud('gone'), 2);
    await wake('gone');
    expect(await statuses(runs)).toEqual(['Queued', 'Queued']);
    dispatching.now = inMinutes(16);
    await wake('gone');
    expect(await statuses(runs)).toEqual(['Failed', 'Failed']);
    const { failure } = await read(runs[0] ?? { id: '', workspaceId: '' });
    expect(failure?.errorId).toBe('runner-not-started');
    expect(failure?.message).toContain('runner pool gone');
  });

  test('fails nothing that was stopped meanwhile', async () => {
    const { dispatching, core, traffic, queue, statuses, wake, scope } = dispatcherWorld({
      now: inMinutes(16),
    });
    const runs = await queue(scope, cloud('gone'));
    const { query } = core;
    dispatching.core.query = async (range) => {
      const rows = await query(range);
      if (range.pk === 'POOL#gone' && range.limit === 100)
        await requestStop({ core, now: dispatching.now }, scope, { runId: runs[0]?.id ?? '', by: 'user-2' });
      return rows;
    };
    expect(await wake('gone')).toEqual([]);
    expect(await statuses(runs)).toEqual(['Stopped']);
    expect(await readLog(traffic, runs[0]?.id ?? '', scope)).toEqual([]);
  });
});
