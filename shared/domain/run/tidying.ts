import type { StoredRun } from '../../contracts/stored-run.ts';

/** What is to be done in the customer's account for a run that has ended, and when. Times in milliseconds since 1970. */

/**
 * After a stop, or when a runner was lost, Packer was killed in the middle of a call: what it asked for may show only
 * minutes later, as an image that is being registered. A snapshot of some GB takes about that long to be listed.
 */
const SECOND_LOOK_MS = 10 * 60_000;
/** People are reminded each day of what a run left. */
const REMIND_MS = 86_400_000;
/** For so long something is tried to be deleted, or a platform that does not answer is asked. */
const PATIENCE_MS = 86_400_000;
/** The first pause between two tries, and what part of the time since the beginning a later one is: thirty in a day. */
const AGAIN_MS = 120_000;
const AGAIN_PART = 4;

const timeOf = (time: string): number => Date.parse(time);

/** Whether what a failed run may have left in the customer's account is still to be looked for and deleted. */
export const needsSweep = (
  run: Pick<StoredRun, 'status' | 'bundle' | 'sweptAt' | 'sweepGivenUpAt'>,
): boolean =>
  run.status === 'Failed' &&
  run.bundle !== undefined &&
  run.sweptAt === undefined &&
  run.sweepGivenUpAt === undefined;

/** Since when things of a run are to be deleted: it failed, or somebody asked for it. Undefined: they are not. */
export const cleaningSince = (run: StoredRun): number | undefined => {
  const since = run.deletionAskedAt ?? (needsSweep(run) ? (run.endedAt ?? run.createdAt) : undefined);
  return since === undefined ? undefined : timeOf(since);
};

/** Nobody cleaned up behind Packer. */
const wasKilled = ({ completion }: StoredRun): boolean =>
  completion === undefined || completion.outcome === 'stopped';

/** When the platform is asked a second time what a run left that did not end by itself; Infinity: it was, or need not be. */
export const secondLookAt = (run: StoredRun): number => {
  if (run.bundle === undefined || run.endedAt === undefined || run.lookedAgainAt !== undefined)
    return Infinity;
  const isKept = run.status === 'Stopped';
  const isLost = run.status === 'Failed' && run.sweepGivenUpAt === undefined && wasKilled(run);
  return isKept || isLost ? timeOf(run.endedAt) + SECOND_LOOK_MS : Infinity;
};

/** When people are reminded next of what is left; Infinity: nothing is, or it is being deleted. */
export const reminderAt = (run: StoredRun): number =>
  run.endedAt === undefined || run.leftoverCount === 0 || cleaningSince(run) !== undefined
    ? Infinity
    : timeOf(run.remindedAt ?? run.endedAt) + REMIND_MS;

/** Whether something that is to be done since `since` is not tried any longer. */
export const isGivenUp = (since: number, now: number): boolean => now - since >= PATIENCE_MS;

/** Whether there is something to do now. */
export const isTidyingDue = (run: StoredRun, now: number): boolean =>
  cleaningSince(run) !== undefined || secondLookAt(run) <= now || reminderAt(run) <= now;

/** A try after `now` at what is due since `since`. */
const again = (since: number, now: number): number => now + Math.max(AGAIN_MS, (now - since) / AGAIN_PART);

/** When to try next, after whatever was tried at `now`; Infinity: never. */
export const nextTidying = (run: StoredRun, now: number): number => {
  const since = cleaningSince(run);
  const planned = [secondLookAt(run), reminderAt(run)].map((due) => (due > now ? due : again(due, now)));
  return Math.min(...planned, since === undefined ? Infinity : again(since, now));
};
