import type { Progress } from '../../contracts/agent-protocol.ts';
import type { Run, RunStatus, RunStep } from '../../contracts/entities/run.ts';
import type { StoredRun, Verdict } from '../../contracts/stored-run.ts';

/**
 * The life of a run: Queued → Running → Succeeded | Failed | Stopped, forwards only. Each function takes a run and
 * answers what to change of it; the store writes that under the run's `rev`.
 */
export type RunChanges = Partial<Omit<StoredRun, 'id' | 'workspaceId' | 'rev' | 'number'>>;

const endStatus = { succeeded: 'Succeeded', failed: 'Failed', stopped: 'Stopped' } as const satisfies Record<
  Verdict['outcome'],
  RunStatus
>;

/** Whether a run has ended; what has ended never changes again. */
export const hasEnded = (run: Pick<StoredRun, 'status'>): boolean =>
  run.status !== 'Queued' && run.status !== 'Running';

/** Whole seconds between two time stamps; never negative, because they may come from two clocks. */
export const secondsBetween = (from: string, to: string): number =>
  Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));

/** Most temporary resources that a run remembers: Packer makes a handful, the rest is a script's chatter. */
const MAX_TEMPORARIES = 500;

/** A run whose runner has been silent for so long is looked at: several heartbeats of 5 s may get lost. */
const SILENCE_MS = 30_000;
/** A stop that the runner has not carried out by then is carried out by StopBuild (architecture section 4). */
export const STOP_PATIENCE_MS = 60_000;
/** A runner cleans up around the deadline; CodeBuild's own time-out comes 20 minutes after it. */
export const DEADLINE_PATIENCE_MS = 20 * 60_000;
/** What a failed run left is looked for again until it was swept, for a day. */
const SWEEP_AGAIN_MS = 120_000;
const SWEEP_FOR_MS = 86_400_000;

/** Whether what a failed run may have left in the customer's account is still to be looked for and deleted. */
export const needsSweep = (run: Pick<StoredRun, 'status' | 'bundle' | 'sweptAt'>): boolean =>
  run.status === 'Failed' && run.bundle !== undefined && run.sweptAt === undefined;

/**
 * When the reconciler is to look at a run that was written now; undefined: never. A runner that is heard of puts the
 * look off, but not beyond the patience with a stop or with the deadline.
 */
export const nextLook = (run: StoredRun, now: string): string | undefined => {
  const at = (from: string | undefined, after: number) =>
    from === undefined ? Infinity : Date.parse(from) + after;
  if (run.status === 'Running') {
    const overdue = Math.min(
      at(run.stopRequestedAt, STOP_PATIENCE_MS),
      at(run.deadlineAt, DEADLINE_PATIENCE_MS),
    );
    return new Date(Math.min(at(now, SILENCE_MS), Math.max(overdue, at(now, 1000)))).toISOString();
  }
  if (!needsSweep(run) || at(now, 0) > at(run.endedAt, SWEEP_FOR_MS)) return undefined;
  return new Date(at(now, SWEEP_AGAIN_MS)).toISOString();
};

/** A queued run gets its slots and starts: Running, its clock begins. */
export const admit = (
  run: StoredRun,
  slots: { workspace: number; pool: number },
  now: string,
): RunChanges => ({
  status: 'Running',
  phase: 'starting',
  startedAt: now,
  deadlineAt: new Date(Date.parse(now) + run.timeoutSeconds * 1000).toISOString(),
  slots,
});

/**
 * A stop is asked for. Of a queued run it is the end; of a running one a wish, carried out by the runner; once the
 * build itself is complete it changes nothing.
 */
export const askToStop = (run: StoredRun, by: string, now: string): RunChanges | undefined => {
  if (hasEnded(run) || run.stopRequestedAt !== undefined) return undefined;
  const asked = { stopRequestedAt: now, stopRequestedBy: by };
  if (run.status === 'Queued') {
    return {
      ...asked,
      status: 'Stopped',
      phase: 'finished',
      endedAt: now,
      statusReason: 'stopped while queued',
    };
  }
  if (run.completion !== undefined || run.verdict !== undefined) return undefined;
  return { ...asked, phase: 'stopping' };
};

/** The run ends. Steps that were under way are closed: failed in the run that failed, skipped elsewhere. */
export const finish = (run: StoredRun, verdict: Verdict, now: string): RunChanges => ({
  status: endStatus[verdict.outcome],
  phase: 'finished',
  endedAt: now,
  verdict,
  steps: run.steps.map((step) => closeStep(step, verdict, now)),
  ...(verdict.outcome === 'failed' ? { failure: verdict.failure } : {}),
});

const closeStep = (step: RunStep, verdict: Verdict, now: string): RunStep => {
  if (step.status === 'pending') return { ...step, status: 'skipped' };
  if (step.status !== 'running') return step;
  const durationSeconds = step.startedAt === undefined ? undefined : secondsBetween(step.startedAt, now);
  return { ...step, status: verdict.outcome === 'failed' ? 'failed' : 'skipped', durationSeconds };
};

/** What a runner reports of the steps, the build VM and temporary resources. Late and repeated reports change nothing. */
export const applyProgress = (run: StoredRun, progress: Progress): RunChanges => {
  const changes: RunChanges = {};
  if (progress.steps !== undefined) changes.steps = progress.steps.reduce(applyStep, run.steps);
  if (progress.buildVm !== undefined) {
    changes.buildVm = { ...run.buildSite, ...run.buildVm, ...progress.buildVm };
  }
  if (progress.temporaries !== undefined) {
    const known = new Map((run.temporaries ?? []).map((one) => [`${one.kind} ${one.id}`, one]));
    for (const one of progress.temporaries) known.set(`${one.kind} ${one.id}`, one);
    changes.temporaries = [...known.values()].slice(0, MAX_TEMPORARIES);
  }
  return changes;
};

const stepOrder = { pending: 0, running: 1, succeeded: 2, failed: 2, skipped: 2 } as const;

const applyStep = (steps: RunStep[], event: NonNullable<Progress['steps']>[number]): RunStep[] =>
  steps.map((step) => {
    if (step.index !== event.index || stepOrder[event.status] <= stepOrder[step.status]) return step;
    if (event.status === 'running') return { ...step, status: 'running', startedAt: event.at };
    const durationSeconds =
      step.startedAt === undefined ? undefined : secondsBetween(step.startedAt, event.at);
    return { ...step, status: event.status, durationSeconds };
  });

/** A run as clients read it. `queue` is known only to who has looked at the queue. */
export const present = (run: StoredRun, queue?: Run['queue']): Run => ({
  id: run.id,
  imageDefinitionId: run.imageDefinitionId,
  imageName: `${run.imageName}-v${run.number}`,
  number: run.number,
  status: run.status,
  phase: run.phase,
  statusReason: run.statusReason,
  pool: run.pool,
  queue: run.status === 'Queued' ? queue : undefined,
  trigger: run.trigger,
  createdAt: run.createdAt,
  startedAt: run.startedAt,
  endedAt: run.endedAt,
  durationSeconds: run.startedAt && run.endedAt ? secondsBetween(run.startedAt, run.endedAt) : undefined,
  operatingSystem: run.operatingSystem,
  provisionerCount: run.steps.length,
  steps: run.steps,
  currentStep: run.steps.find((step) => step.status === 'running'),
  stopRequestedAt: run.stopRequestedAt,
  buildVm: run.buildVm,
  failure: run.failure,
  image:
    run.imageVersionId === undefined
      ? undefined
      : {
          versionId: run.imageVersionId,
          name: `${run.imageName}-v${run.number}`,
          locators: run.locators ?? [],
        },
  leftovers: { count: run.leftoverCount },
  rev: run.rev,
});
