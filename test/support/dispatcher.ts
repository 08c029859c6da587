import { type Dispatching, dispatch } from '../../functions/events/dispatch-runs/dispatch.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import { changeRun } from '../../shared/actions/change-run.ts';
import { finish, hasEnded } from '../../shared/domain/run/lifecycle.ts';
import { newId } from '../../shared/runtime/ids.ts';
import { releaseSlots } from '../../shared/store/queue-store.ts';
import { runStore } from '../../shared/store/run-store.ts';
import { scopeTo, type WorkspaceScope } from '../../shared/store/workspace-scope.ts';
import { createRun, freshScope, putDefinition } from '../contract/store/fixtures.ts';
import { memoryEngine } from './engine.ts';
import { memoryTable } from './memory-table.ts';

type Pool = StoredRun['pool'];
export const cloud = (id: string): Pool => ({ kind: 'cloud', id });

/** A deployment with the pools `cloud` and `inside`, whose dispatcher can be called. Nothing else runs by itself. */
export const dispatcherWorld = (
  changes: Partial<Dispatching> & { table?: Parameters<typeof memoryTable>[0] } = {},
) => {
  const { table, ...parts } = changes;
  const { engine, traffic } = memoryEngine();
  const core = memoryTable(table);
  const executions: string[] = [];
  const dispatching: Dispatching = {
    ...engine,
    core,
    now: () => new Date().toISOString(),
    pools: [
      { id: 'cloud', maxConcurrentRuns: 2 },
      { id: 'inside', maxConcurrentRuns: 2 },
    ],
    workspaceLimit: 100,
    startWorkflow: async ({ id }) => {
      executions.push(id);
      return { executionArn: `arn:execution:${id}` };
    },
    ...parts,
  };
  const definitions = new Map<string, Promise<string>>();
  const definitionIn = (scope: WorkspaceScope): Promise<string> => {
    const known = definitions.get(scope.workspaceId) ?? putDefinition(core, scope);
    definitions.set(scope.workspaceId, known);
    return known;
  };

  /** Queues runs in a pool, each accepted after the one before. */
  const queue = async (scope: WorkspaceScope, pool: Pool, count = 1, fields: Partial<StoredRun> = {}) => {
    const definitionId = await definitionIn(scope);
    const runs: StoredRun[] = [];
    for (let n = 0; n < count; n += 1)
      runs.push(await createRun(core, scope, definitionId, { pool, ...fields, id: newId('run') }));
    return runs;
  };
  const read = async ({ workspaceId, id }: Pick<StoredRun, 'workspaceId' | 'id'>): Promise<StoredRun> => {
    const run = await runStore(core, scopeTo(workspaceId)).get(id);
    if (run === undefined) throw new Error(`there is no run ${id}`);
    return run;
  };
  const statuses = (runs: StoredRun[]) => Promise.all(runs.map(async (run) => (await read(run)).status));
  const end = (run: StoredRun) =>
    changeRun(core, scopeTo(run.workspaceId), run.id, (current) =>
      hasEnded(current)
        ? undefined
        : {
            changes: finish(current, { outcome: 'succeeded' }, dispatching.now()),
            options: { more: releaseSlots(current) },
          },
    );
  /** Wakes pools by their ids, or as a message says. */
  const wake = (...wakeUps: (string | object)[]): Promise<string[]> =>
    dispatch(
      dispatching,
      wakeUps.map((one, place) => ({
        id: `message-${place}`,
        body: JSON.stringify(typeof one === 'string' ? { poolId: one } : one),
      })),
    );
  return { dispatching, core, traffic, executions, queue, read, statuses, end, wake, scope: freshScope() };
};
