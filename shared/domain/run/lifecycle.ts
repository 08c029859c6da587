import type { Progress } from '../../contracts/agent-protocol.ts';
import type { Run, RunStatus, RunStep } from '../../contracts/entities/run.ts';
import type { StoredRun, Verdict } from '../../contracts/stored-run.ts';
import { deadlineFrom } from './build-start.ts';
import type { RunChanges } from './run-changes.ts';

export type { RunChanges } from './run-changes.ts';

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

/** A queued run gets its slots and starts: Running, its clock begins. */
export const admit = (
  run: StoredRun,
  slots: { workspace: number; pool: number },
  now: string,
): RunChanges => ({
  status: 'Running',
  phase: 'starting',
  startedAt: now,
  deadlineAt: deadlineFrom(run, now),
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
      steps: run.steps.map((step) => closeStep(step, { outcome: 'stopped' }, now)),
    };
  }
  if (run.completion !== undefined || run.verdict !== undefined) return undefined;
  return { ...asked, phase: 'stopping' };
};

/** What a stop takes from a run that no runner has: none can claim it any more, and no build is started for it. */
export const withdrawnByStop = (run: StoredRun): (keyof RunChanges)[] =>
  run.status === 'Running' && run.lease === undefined
    ? ['claim', 'startAgainAt', 'startTries', 'statusReason']
    : [];

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
  attempt: run.attempt,
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
