import type { Waking, WorkflowState } from '../../../../functions/jobs/reconcile/workflows.ts';
import { type Repair } from '../../../../functions/jobs/reconcile/repair-run.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { at, runningRun } from '../../../support/builders.ts';
import { memoryEngine, putRun, readRun } from '../../../support/engine.ts';

export const executionArn = 'arn:execution';
export const building = {
  executionArn,
  taskToken: 'task-token',
  buildId: 'build-1',
  claim: { tokenSha256: 'x', until: at(2000) },
};
export const completion = {
  outcome: 'failed' as const,
  exitCode: 1,
  artifacts: [],
  errors: [{ seq: 3, step: 1, text: 'Script exited with non-zero exit status: 3.' }],
  temporaries: [],
  lastSeq: 9,
};

/** A reconciler at second `now`; the world around it is as told. */
export const reconciler = async (
  fields: Partial<StoredRun>,
  world: { now?: number; workflow?: WorkflowState; build?: string; inQueue?: boolean; waking?: Waking } = {},
) => {
  const { engine, core, traffic } = memoryEngine();
  const did: string[] = [];
  const repair: Repair = {
    ...engine,
    now: () => at(world.now ?? 100),
    pause: async () => {},
    sweep: async ({ runId }) => {
      did.push(`sweep ${runId}`);
    },
    newSecret: () => 'secret',
    startCloudBuild: async (run) => {
      did.push(`build ${run.id} ${run.attempt}`);
      return { buildId: 'build-2' };
    },
    startWorkflow: async (run) => {
      did.push(`start ${run.id}`);
      return { executionArn };
    },
    workflows: {
      stateOf: async () => world.workflow ?? 'running',
      wake: async (token, outcome) => {
        did.push(`wake ${token} ${outcome}`);
        return world.waking ?? 'heard';
      },
    },
    builds: {
      ended: () =>
        world.build === undefined ? undefined : { status: world.build, inQueue: world.inQueue === true },
      stop: async (id) => {
        did.push(`stop ${id}`);
      },
    },
  };
  const run = await putRun(core, runningRun(fields));
  return { repair, run, core, traffic, did, after: () => readRun(core, run.id) };
};
