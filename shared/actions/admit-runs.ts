import type { StoredRun } from '../contracts/stored-run.ts';
import { type Admission, chooseAdmissions } from '../domain/run/admission.ts';
import { admit } from '../domain/run/lifecycle.ts';
import { queueStore, takeSlots } from '../store/queue-store.ts';
import { runStore } from '../store/run-store.ts';
import { WriteRefused } from '../store/write-refused.ts';
import { scopeTo } from '../store/workspace-scope.ts';
import { workspaceStore } from '../store/workspace-store.ts';
import type { Engine } from './engine.ts';

/** Starts the workflow of an admitted run; starting it again with the same run is a success. */
export type StartWorkflow = (run: StoredRun) => Promise<{ executionArn: string }>;

export type Pool = { id: string; limit: number; workspaceLimit: number };

/**
 * Starts what may start in one pool: takes slots and lease in one transaction a run, then starts its workflow. Run it
 * as often as you like, also twice at once: the slots' guards decide, and what is refused stays in the queue.
 */
export const admitRuns = async (
  engine: Pick<Engine, 'core' | 'now'>,
  pool: Pool,
  startWorkflow: StartWorkflow,
): Promise<StoredRun[]> => {
  const queue = queueStore(engine.core, pool.id);
  if ((await queue.coolingUntil(engine.now())) !== undefined) return [];
  const waiting = await queue.waiting();
  if (waiting.length === 0) return [];
  const workspaceIds = [...new Set(waiting.map((entry) => entry.workspaceId))];
  const [taken, workspaces, settings] = await Promise.all([
    queue.takenOfPool(),
    queue.takenOfWorkspaces(workspaceIds),
    workspaceStore(engine.core).getAll(workspaceIds),
  ]);
  const limits = new Map(settings.map((one) => [one.id, one.maxConcurrentRuns]));
  const admissions = chooseAdmissions(
    waiting,
    { pool: taken, workspaces },
    { pool: pool.limit, workspace: (id) => limits.get(id) ?? pool.workspaceLimit },
  );
  const tries = await Promise.allSettled(admissions.map((one) => startOne(engine, one, startWorkflow)));
  const faults = tries.filter((one) => one.status === 'rejected').map((one): unknown => one.reason);
  // The others have started all the same; what was admitted and not started is found by the reconciler.
  if (faults.length > 0) throw new AggregateError(faults, `${faults.length} run(s) could not be started`);
  return tries.flatMap((one) => (one.status === 'fulfilled' && one.value ? [one.value] : []));
};

const startOne = async (
  engine: Pick<Engine, 'core' | 'now'>,
  admission: Admission,
  startWorkflow: StartWorkflow,
): Promise<StoredRun | undefined> => {
  const run = await admitOne(engine, admission);
  return run && recordExecution(engine, run, startWorkflow);
};

const admitOne = async (
  engine: Pick<Engine, 'core' | 'now'>,
  admission: Admission,
): Promise<StoredRun | undefined> => {
  const { entry, slots } = admission;
  const runs = runStore(engine.core, scopeTo(entry.workspaceId));
  const run = await runs.get(entry.runId);
  if (run === undefined || run.status !== 'Queued') return undefined;
  const now = engine.now();
  try {
    return await runs.change(run, admit(run, slots, now), { more: takeSlots(run, slots) });
  } catch (error) {
    if (error instanceof WriteRefused) return undefined;
    throw error;
  }
};

/** Starts the workflow and remembers which; the reconciler starts it when this is never reached. */
export const recordExecution = async (
  engine: Pick<Engine, 'core' | 'now'>,
  run: StoredRun,
  startWorkflow: StartWorkflow,
): Promise<StoredRun> => {
  const { executionArn } = await startWorkflow(run);
  const runs = runStore(engine.core, scopeTo(run.workspaceId));
  const now = await runs.get(run.id);
  if (now === undefined || now.status !== 'Running' || now.executionArn === executionArn) return now ?? run;
  try {
    return await runs.change(now, { executionArn });
  } catch (error) {
    if (error instanceof WriteRefused) return now;
    throw error;
  }
};
