import { dispatch } from '../../../functions/events/dispatch-runs/dispatch.ts';
import { removeLeftovers } from '../../../functions/events/remove-leftovers/remove-leftovers.ts';
import { reconcile } from '../../../functions/jobs/reconcile/reconcile.ts';
import { endRun } from '../../../functions/workflow/finish/end-run.ts';
import { type Preparing, prepareRun } from '../../../functions/workflow/prepare/prepare-run.ts';
import { beginBuild } from '../../../functions/workflow/start-build/begin-build.ts';
import { verifyRun } from '../../../functions/workflow/verify/verify-run.ts';
import type { ServerMessage } from '../../../shared/contracts/socket.ts';
import type { WakeUp, WorkflowInput } from '../../../shared/contracts/workflow.ts';
import { newSecret } from '../../../shared/runtime/ids.ts';
import type { Table } from '../../../shared/store/table.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { memoryFiles } from '../../support/memory-files.ts';
import type { MemoryTable } from '../../support/memory-table.ts';
import { createAccount } from './account.ts';
import { agentApi } from './agent-api.ts';
import { createBuilds } from './builds.ts';
import { createEngines } from './engine.ts';
import { type Invocation, invoke, type Simulation } from './invocation.ts';
import type { PoolLimits } from './pools.ts';
import { createQueue } from './queues.ts';
import { createStream } from './stream.ts';
import { type Change, watchedTable } from './tables.ts';
import { createUsers } from './users.ts';
import { createWorkflows, type Tasks } from './workflows.ts';

/** Times of functions and queues (infra/constructs/function-limits.ts, queues.ts). */
const DISPATCH_MS = 15_000;
const RECONCILE_MS = 55_000;
const SWEEP_MS = 300_000;
const VISIBILITY = 6;
/** For what the platform is asked before a run, in real milliseconds: never over in a history, which takes less. */
const PREFLIGHT_MS = 3_600_000;
/** Of workspaces that say nothing. */
const WORKSPACE_LIMIT = 10;

export type WorldOptions = {
  pools: PoolLimits;
  /** Each transaction of the core table, in order. */
  see: (changes: Change[]) => void;
  /** What stands in the place of a table: to prove that the invariants notice. */
  core?: ((table: MemoryTable) => Table) | undefined;
  traffic?: ((table: MemoryTable) => Table) | undefined;
};

/** Everything of a deployment that runs have to do with, and the customer's account. */
export const createWorld = (simulation: Simulation, { pools, see, ...instead }: WorldOptions) => {
  const { time, weather } = simulation;
  const account = createAccount(simulation);
  const core = watchedTable(
    simulation,
    (changes) => {
      see(changes);
      stream.add(changes);
    },
    instead.core,
  );
  const traffic = watchedTable(simulation, () => {}, instead.traffic);
  const messages: { to: string; message: ServerMessage }[] = [];
  const engineOf = createEngines(simulation, {
    core: core.table,
    traffic: traffic.table,
    account,
    send: async (to, message) => {
      if (weather.strikes('socketGone')) return 'gone';
      messages.push({ to, message });
      return 'sent';
    },
  });
  const { files: resources } = memoryFiles();
  const reach = agentApi(simulation, { engineOf, resources, wake: (self) => workflows.succeed(self) });
  const builds = createBuilds(simulation, { account, reach });
  const starterOf = (self: Invocation) => ({
    ...engineOf(self),
    newSecret,
    startCloudBuild: builds.starter(self),
  });
  const tasks: Tasks = {
    prepare: (self, { workspaceId, runId }) =>
      prepareRun(preparing(self, engineOf), scopeTo(workspaceId), runId),
    startBuild: (self, input) => beginBuild(starterOf(self), workflows.succeed(self), input),
    verify: (self, input) => verifyRun(engineOf(self), input),
    finish: (self, input) => endRun(engineOf(self), input),
  };
  const workflows = createWorkflows(simulation, tasks);
  const dispatchOnce = (wakeUp: WakeUp) =>
    invoke(simulation, { name: 'dispatch-runs', limitMs: DISPATCH_MS }, async (self) => {
      const dispatching = {
        ...engineOf(self),
        pools: pools.ids.map((id) => ({ id, maxConcurrentRuns: pools.limit(id) })),
        workspaceLimit: WORKSPACE_LIMIT,
        startWorkflow: workflows.starter(self),
      };
      const again = await dispatch(dispatching, [{ id: '1', body: JSON.stringify(wakeUp) }]);
      if (again.length > 0) throw new Error('the wake-up is to come again');
    });
  const sweep = ({ workspaceId, runId }: WorkflowInput) =>
    invoke(simulation, { name: 'remove-leftovers', limitMs: SWEEP_MS }, (self) =>
      removeLeftovers(engineOf(self), scopeTo(workspaceId), runId),
    );
  const wakes = createQueue<WakeUp>(simulation, {
    name: 'dispatch queue',
    visibilityMs: DISPATCH_MS * VISIBILITY,
    groupOf: (wakeUp) => ('poolId' in wakeUp ? wakeUp.poolId : wakeUp.workspaceId),
    consume: dispatchOnce,
  });
  const sweeps = createQueue<WorkflowInput>(simulation, {
    name: 'leftovers queue',
    visibilityMs: SWEEP_MS * VISIBILITY,
    consume: sweep,
  });
  const stream = createStream(simulation, { engineOf, wake: wakes.send, sweep: sweeps.send });
  const reconcileOnce = () =>
    invoke(simulation, { name: 'reconcile', limitMs: RECONCILE_MS }, (self) => {
      const seen = builds.seenBy(self);
      return reconcile({
        ...starterOf(self),
        builds: seen,
        loadBuilds: seen.load,
        workflows: workflows.seenBy(self),
        startWorkflow: workflows.starter(self),
        sweep: (request) => self.call(() => sweeps.send(request)),
        poolIds: pools.ids,
        wakePool: (poolId) => self.call(() => wakes.send({ poolId })),
        removeWorkspace: () => Promise.reject(new Error('no workspace is removed here')),
        // What a sweep does has tests of its own; here nothing is lost sight of.
        sweepAccount: async () => {},
      });
    });
  const users = createUsers(simulation, { engineOf, pools, wake: (self) => workflows.succeed(self) });
  const isIdle = () => stream.isEmpty() && wakes.inFlight() === 0 && sweeps.inFlight() === 0;
  return { time, account, core, traffic, messages, builds, workflows, stream, users, reconcileOnce, isIdle };
};
export type World = ReturnType<typeof createWorld>;

const preparing = (self: Invocation, engineOf: ReturnType<typeof createEngines>): Preparing => {
  const engine = engineOf(self);
  return {
    ...engine,
    resources: memoryFiles().files,
    reach: {
      connect: async (snapshot, run) => engine.connect?.(run, snapshot),
      open: async () => undefined,
    },
    limitMs: PREFLIGHT_MS,
    target: { generation: '1.6' },
  };
};
