import { createRun } from '../../../functions/api/runs/create-run.ts';
import { deleteRun } from '../../../functions/api/runs/delete-run.ts';
import { deleteLeftovers } from '../../../functions/api/runs/leftovers.ts';
import { stopRun } from '../../../functions/api/runs/stop-run.ts';
import { acceptRun } from '../../../shared/actions/accept-run.ts';
import { runSchema } from '../../../shared/contracts/entities/run.ts';
import { ApiProblem } from '../../../shared/runtime/api/problem.ts';
import { idempotency } from '../../../shared/runtime/api/idempotency.ts';
import { workspaceStore } from '../../../shared/store/workspace-store.ts';
import type { SimulatedWorkspace } from './definitions.ts';
import type { SimulatedEngine } from './engine.ts';
import { type Invocation, invoke, type Simulation } from './invocation.ts';
import type { PoolLimits } from './pools.ts';

type Parts = {
  engineOf: (self: Invocation) => SimulatedEngine;
  wake: (self: Invocation) => (taskToken: string) => Promise<unknown>;
  pools: PoolLimits;
};

/** A run that somebody was told of. */
export type Accepted = { workspace: SimulatedWorkspace; runId: string; definitionId: string };

const principal = { kind: 'user', id: 'user-1', name: 'Ada' } as const;
const LIMIT_MS = 25_000;
const TRIES = 40;

/** People and schedules: what they do, until it is done or refused. */
export const createUsers = (simulation: Simulation, { engineOf, wake, pools }: Parts) => {
  const { time, random, tell } = simulation;
  const accepted: Accepted[] = [];
  const deleted = new Set<string>();

  /** Does something by the API, again after each error that is no answer; undefined: it was refused, or given up. */
  const insist = async <T>(
    name: string,
    work: (engine: SimulatedEngine, self: Invocation) => Promise<T>,
  ): Promise<T | undefined> => {
    for (let tries = 0; tries < TRIES; tries += 1) {
      try {
        return await invoke(simulation, { name, limitMs: LIMIT_MS }, (self) => work(engineOf(self), self));
      } catch (error) {
        if (error instanceof ApiProblem) {
          tell(name, `is refused: ${error.code}`);
          return undefined;
        }
      }
      await time.sleep(random.between(200, 20_000));
    }
    return undefined;
  };
  const take = (workspace: SimulatedWorkspace, definitionId: string, runId: string | undefined): void => {
    if (runId === undefined) return;
    tell('user', `was told of ${runId}`);
    accepted.push({ workspace, runId, definitionId });
  };
  /** With one idempotency key, however often it is sent. */
  const start = async (workspace: SimulatedWorkspace, definitionId: string): Promise<void> => {
    const { scope } = workspace;
    const key = `key-${random.between(1, 1_000_000_000)}`;
    const body = await insist('create', async (engine) => {
      const request = { key, principal, scope, path: definitionId, body: undefined, status: 202 };
      const answers = idempotency(engine.core, request);
      const { remember } = answers;
      const call = { scope, params: { imageDefinitionId: definitionId }, principal, remember };
      const answer = (await answers.earlier()) ?? (await createRun({ ...engine, poolIds: pools.ids }, call));
      return runSchema.parse(answer.body);
    });
    take(workspace, definitionId, body?.id);
  };
  /** As a schedule does, which waits behind people. */
  const schedule = async (workspace: SimulatedWorkspace, definitionId: string): Promise<void> => {
    const trigger = { type: 'schedule' as const, by: 'sch_1' };
    const made = await insist('schedule', (engine) =>
      acceptRun(engine, workspace.scope, {
        runId: engine.newId('run'),
        definitionId,
        trigger,
        poolIds: pools.ids,
        more: () => [],
      }),
    );
    take(workspace, definitionId, made !== undefined && 'run' in made ? made.run.id : undefined);
  };
  const callOf = ({ workspace, runId }: Accepted) => ({
    scope: workspace.scope,
    params: { runId },
    principal,
    query: { dryRun: false },
    headers: {},
  });
  return {
    accepted,
    deleted,
    start,
    schedule,
    stop: (run: Accepted) =>
      insist('stop', (engine, self) => stopRun({ ...engine, wake: wake(self) }, callOf(run))),
    deleteLeftovers: (run: Accepted) =>
      insist('delete leftovers', (engine) => deleteLeftovers(engine.core, callOf(run))),
    deleteRun: async (run: Accepted) => {
      // Also when the answer never comes it may be gone.
      const done = await insist('delete run', (engine) => deleteRun(engine, callOf(run)));
      if (done !== undefined) deleted.add(run.runId);
    },
    limitWorkspace: ({ scope }: SimulatedWorkspace, maxConcurrentRuns: number) =>
      insist('limit', async ({ core }) => {
        const store = workspaceStore(core);
        const before = await store.get(scope);
        if (before === undefined) return;
        await store.change(before, { ...before, maxConcurrentRuns, rev: before.rev + 1 }, []);
      }),
    limitPool: (poolId: string, limit: number) => pools.set(poolId, limit),
  };
};
