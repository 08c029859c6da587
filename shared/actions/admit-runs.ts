import type { StoredRun } from '../contracts/stored-run.ts';
import { type Admission, chooseAdmissions } from '../domain/run/admission.ts';
import { admit } from '../domain/run/lifecycle.ts';
import { allowedIn, restOf } from '../domain/run/pool-room.ts';
import { dropEntry, queueStore, takeSlots } from '../store/queue-store.ts';
import { runStore } from '../store/run-store.ts';
import { WriteRefused } from '../store/write-refused.ts';
import { scopeTo } from '../store/workspace-scope.ts';
import { workspaceStore } from '../store/workspace-store.ts';
import { changeRun } from './change-run.ts';
import type { Engine } from './engine.ts';

/** Starts the workflow of an admitted run; starting it again with the same run is a success. */
export type StartWorkflow = (run: StoredRun) => Promise<{ executionArn: string }>;

export type Pool = { id: string; limit: number; workspaceLimit: number };

type Fault = { runId: string; error: unknown };

/** What became of one look at a queue. */
export type Admitted = {
  /** Runs that are Running now and whose workflow was started. */
  started: StoredRun[];
  /** Runs that are Running now, but nobody knows whether their workflow is: the reconciler starts it. */
  unstarted: Fault[];
  /** Runs that could not be admitted for a fault of ours or the table's: they wait, and are to be looked at again. */
  faults: Fault[];
};

/** Runs admitted in one look: so many executions are started at a time. */
const MOST_AT_ONCE = 50;
/** Looks at the queue in one go; each admits 50 or finds that somebody else did. */
const MOST_LOOKS = 20;

type Admitting = Pick<Engine, 'core' | 'now'>;

/**
 * Starts what may start in one pool: takes slots and lease in one transaction a run, then starts its workflow. Run it
 * as often as you like, also twice at once: the slots' guards decide. It looks again when somebody else was faster, as
 * a slot that was refused to one run may leave room for another. What befalls one run holds up no other.
 */
export const admitRuns = async (
  engine: Admitting,
  pool: Pool,
  startWorkflow: StartWorkflow,
): Promise<Admitted> => {
  const admitted: Admitted = { started: [], unstarted: [], faults: [] };
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const next = (await nextOf(engine, pool)).slice(0, MOST_AT_ONCE);
    const turns = [...Map.groupBy(next, ({ entry }) => entry.workspaceId).values()];
    const outcomes = await Promise.all(turns.map((own) => startInTurn(engine, pool, own, startWorkflow)));
    for (const outcome of outcomes.flat()) note(admitted, outcome);
    const isStuck = outcomes.flat().some(({ kind }) => kind === 'fault');
    const mayBeMore = next.length === MOST_AT_ONCE || outcomes.flat().some(({ kind }) => kind === 'taken');
    if (isStuck || !mayBeMore) break;
  }
  return admitted;
};

/**
 * Whom to admit now. A full pool costs two reads; else the first of each workspace's queue, its slots and its limit are
 * read: no more of a queue than may start.
 */
const nextOf = async ({ core, now }: Admitting, pool: Pool): Promise<Admission[]> => {
  const queue = queueStore(core, pool.id);
  const [room, taken] = await Promise.all([queue.room(), queue.takenOfPool()]);
  const at = now();
  const limit = allowedIn(room, pool.limit, at);
  const free = limit - taken.length;
  if (restOf(room, at) !== undefined || free <= 0) return [];
  const waiting = await queue.heads(Math.min(free, MOST_AT_ONCE));
  const workspaceIds = [...new Set(waiting.map((entry) => entry.workspaceId))];
  const [workspaces, settings] = await Promise.all([
    queue.takenOfWorkspaces(workspaceIds),
    workspaceStore(core).getAll(workspaceIds),
  ]);
  const limits = new Map(settings.map((one) => [one.id, one.maxConcurrentRuns]));
  const workspace = (id: string): number => limits.get(id) ?? pool.workspaceLimit;
  return chooseAdmissions(waiting, { pool: taken, workspaces }, { pool: limit, workspace });
};

type Outcome =
  | { kind: 'started'; run: StoredRun }
  | ({ kind: 'unstarted' | 'fault' } & Fault)
  /** Somebody else has it, or one of the slots. */
  | { kind: 'taken' };

const note = (admitted: Admitted, outcome: Outcome): void => {
  if (outcome.kind === 'started') admitted.started.push(outcome.run);
  if (outcome.kind === 'unstarted') admitted.unstarted.push(outcome);
  if (outcome.kind === 'fault') admitted.faults.push(outcome);
};

/**
 * Admits runs of one workspace one after the other, so that none overtakes another when a slot is refused; their
 * workflows start meanwhile.
 */
const startInTurn = async (
  engine: Admitting,
  pool: Pool,
  admissions: Admission[],
  startWorkflow: StartWorkflow,
): Promise<Outcome[]> => {
  const outcomes: Outcome[] = [];
  const starts: Promise<Outcome>[] = [];
  for (const admission of admissions) {
    const { runId } = admission.entry;
    try {
      const run = await admitOne(engine, pool, admission);
      if (run === undefined) {
        outcomes.push({ kind: 'taken' });
        break;
      }
      starts.push(start(engine, run, startWorkflow));
    } catch (error) {
      outcomes.push({ kind: 'fault', runId, error });
    }
  }
  return [...outcomes, ...(await Promise.all(starts))];
};

const start = async (engine: Admitting, run: StoredRun, startWorkflow: StartWorkflow): Promise<Outcome> => {
  try {
    return { kind: 'started', run: await recordExecution(engine, run, startWorkflow) };
  } catch (error) {
    return { kind: 'unstarted', runId: run.id, error };
  }
};

const admitOne = async (
  engine: Admitting,
  pool: Pool,
  { entry, slots }: Admission,
): Promise<StoredRun | undefined> => {
  const runs = runStore(engine.core, scopeTo(entry.workspaceId));
  const run = await runs.get(entry.runId);
  if (run === undefined || run.status !== 'Queued') {
    // It never waits again: a row that is there all the same would keep the place of those behind it.
    await engine.core.write([dropEntry(pool.id, entry)]);
    return undefined;
  }
  try {
    return await runs.change(run, admit(run, slots, engine.now()), { more: takeSlots(run, slots) });
  } catch (error) {
    if (error instanceof WriteRefused) return undefined;
    throw error;
  }
};

/** Starts the workflow and remembers which; the reconciler starts it when this is never reached. */
export const recordExecution = async (
  engine: Admitting,
  run: StoredRun,
  startWorkflow: StartWorkflow,
): Promise<StoredRun> => {
  const { executionArn } = await startWorkflow(run);
  return changeRun(engine.core, scopeTo(run.workspaceId), run.id, (now) =>
    now.status === 'Running' && now.executionArn !== executionArn ? { changes: { executionArn } } : undefined,
  );
};
