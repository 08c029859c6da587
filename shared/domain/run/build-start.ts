import type { StoredRun } from '../../contracts/stored-run.ts';
import type { RunChanges } from './run-changes.ts';

/**
 * How a run gets its build. Calls that start one may be lost, come twice or be refused for want of room, so: each start
 * has a claim of its own that replaces the one before, a runner without the claim in force does nothing, and a run that
 * is waited for in vain is started again at `startAgainAt`.
 */

/** CodeBuild's own queue: ours admits only what has a slot, so 30 minutes there are a want of room. */
export const QUEUED_MINUTES = 30;
/** The one-time token lives as long as the build may wait, and 15 minutes (architecture section 5). */
const CLAIM_MS = (QUEUED_MINUTES + 15) * 60_000;
/** A start of which nothing was heard, not even the build's id, is made again. */
const UNHEARD_MS = 120_000;
/** Without room it is tried again after half a minute, a minute, two, four, then every five. */
const FIRST_COOL_DOWN_MS = 30_000;
const LONGEST_COOL_DOWN_MS = 300_000;
/** How often room is waited for: two hours. The slot is taken meanwhile, and the pool admits nobody else. */
const MOST_TRIES = 26;

const later = (now: string, milliseconds: number): string =>
  new Date(Date.parse(now) + milliseconds).toISOString();

/** The end of a run's time, counted from when its build starts: waiting for room is not the run's fault. */
export const deadlineFrom = (run: Pick<StoredRun, 'timeoutSeconds'>, now: string): string =>
  later(now, run.timeoutSeconds * 1000);

/** Whether nothing more is to be built for a run. */
export const isBuildOver = (run: StoredRun): boolean =>
  run.status !== 'Running' ||
  run.stopRequestedAt !== undefined ||
  run.completion !== undefined ||
  run.verdict !== undefined;

/** A stop that no runner has to carry out: none has the run, and none can claim it any more. */
export const isStopBeforeRunner = (run: StoredRun): boolean =>
  run.status === 'Running' && run.stopRequestedAt !== undefined && run.lease === undefined;

/** Whether a build is to be started now: none is on its way, or one that nothing was heard of for too long. */
export const wantsBuild = (run: StoredRun, now: string): boolean => {
  if (isBuildOver(run) || run.lease !== undefined || run.packerStartedAt !== undefined) return false;
  return run.startAgainAt === undefined ? run.claim === undefined : run.startAgainAt <= now;
};

/** The run as it is just before its build is started: whoever claimed or was to claim it before is out. */
export const beginBuild = (run: StoredRun, tokenSha256: string, now: string): RunChanges => ({
  claim: { tokenSha256, until: later(now, CLAIM_MS) },
  startAgainAt: later(now, UNHEARD_MS),
  deadlineAt: deadlineFrom(run, now),
  phase: 'provisioning',
});

/** There was no room: tried again after a while that grows with each try. */
export const coolDown = (run: StoredRun, now: string): { startAgainAt: string; startTries: number } => {
  const tries = run.startTries ?? 0;
  const pause = Math.min(LONGEST_COOL_DOWN_MS, FIRST_COOL_DOWN_MS * 2 ** tries);
  return { startAgainAt: later(now, pause), startTries: tries + 1 };
};

/** Whether room was waited for long enough. */
export const isOutOfPatience = (run: StoredRun): boolean => (run.startTries ?? 0) > MOST_TRIES;

/**
 * Whether a build that was lost may be followed by another: once, and only when Packer had not begun (F15). A runner
 * asks before it starts Packer, so that of two builds of one run at most one ever does.
 */
export const mayBuildAgain = (run: StoredRun): boolean =>
  !isBuildOver(run) && run.attempt === 1 && run.packerStartedAt === undefined;

/** Whether a runner has the build or is to have it: that needs no workflow, and hours of work are not thrown away (F20). */
export const isUnderWay = (run: StoredRun): boolean =>
  !isStopBeforeRunner(run) &&
  run.status === 'Running' &&
  run.completion === undefined &&
  run.verdict === undefined &&
  (run.lease !== undefined || run.claim !== undefined || run.startAgainAt !== undefined);
