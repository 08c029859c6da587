import type { StoredRun } from '../../contracts/stored-run.ts';
import { nextTidying } from './tidying.ts';

/** When the reconciler looks at a run. It is set by every write, and is the run's place in the sparse index `due`. */

/** A run whose runner has been silent for so long is looked at: several heartbeats of 5 s may get lost. */
const SILENCE_MS = 30_000;
/** A stop that a silent runner has not carried out by then is carried out by StopBuild (architecture section 4). */
export const STOP_PATIENCE_MS = 60_000;
/** And by then also of a runner that is still heard of. */
export const LONGEST_STOP_MS = 10 * 60_000;
/** A runner cleans up around the deadline; CodeBuild's own time-out comes 20 minutes after it. */
export const DEADLINE_PATIENCE_MS = 20 * 60_000;
/** A build that outlived its run is told to end until CodeBuild has heard it, for a day. */
const STOP_BUILD_AGAIN_MS = 60_000;
const STOP_BUILD_FOR_MS = 86_400_000;
/** Nothing is due sooner than this after a write: two looks at once do the same work twice. */
const SOONEST_MS = 1000;

const after = (from: string | undefined, milliseconds: number): number =>
  from === undefined ? Infinity : Date.parse(from) + milliseconds;

/** Whether a run has ended while its build may go on: its runner has said nothing to the end. */
export const buildMayGoOn = (
  run: Pick<StoredRun, 'status' | 'buildId' | 'completion' | 'buildStoppedAt'>,
): boolean =>
  run.status !== 'Running' &&
  run.buildId !== undefined &&
  run.completion === undefined &&
  run.buildStoppedAt === undefined;

/**
 * When the reconciler is to look at a run that was written now; undefined: never. A runner that is heard of puts the
 * look off, but not beyond a start that is due nor beyond the patience with a stop or with the deadline.
 */
export const nextLook = (run: StoredRun, now: string): string | undefined => {
  const look = run.status === 'Running' ? lookAtRunning(run, now) : lookAtEnded(run, now);
  return look === Infinity ? undefined : new Date(Math.max(look, after(now, SOONEST_MS))).toISOString();
};

const lookAtRunning = (run: StoredRun, now: string): number =>
  Math.min(
    after(now, SILENCE_MS),
    after(run.startAgainAt, 0),
    after(run.stopRequestedAt, STOP_PATIENCE_MS),
    after(run.deadlineAt, DEADLINE_PATIENCE_MS),
  );

const lookAtEnded = (run: StoredRun, now: string): number => {
  const isLate = after(now, 0) > after(run.endedAt, STOP_BUILD_FOR_MS);
  return Math.min(
    nextTidying(run, after(now, 0)),
    buildMayGoOn(run) && !isLate ? after(now, STOP_BUILD_AGAIN_MS) : Infinity,
  );
};
