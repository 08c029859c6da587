import type { StoredRun } from '../../contracts/stored-run.ts';
import { timeOfId } from '../time-of-id.ts';
import { hasEnded } from './lifecycle.ts';
import { cleaningSince } from './tidying.ts';

/** A run lasts a day at most (limits of `timeoutSeconds`), and its own clean-up is tried for a day after that. */
const LONGEST_MS = 86_400_000;
const CLEAN_UP_MS = 86_400_000;

/** What is known of the run that a thing in a customer's account names. */
export type KnownRun = {
  run: StoredRun | undefined;
  /** It was deleted and is still being cleaned up after. */
  isBeingRemoved: boolean;
  /** It made an image version that is on record, whatever became of the run. */
  hasVersion: boolean;
};

/** `record`: it is kept, and people are told of it. */
export type TaggedVerdict = 'leave' | 'delete' | 'record';

const isRunId = (id: string): boolean => /^run_[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id);

/**
 * What becomes of something that carries our tags. Never an image, nor what it is made of, of a run that made an image
 * version, nor of one that nobody knows: it may have succeeded, and a table may be restored from yesterday. Nothing of a
 * run that goes on or is being cleaned up after; nothing that is younger than a run and its clean-up can last. What a
 * stopped run left is kept on purpose. What has the name of a run and no tags is known to be ours only by a run that is on
 * record here: another deployment gives the same names.
 */
export const judgeTagged = (
  thing: { runId: string; isImage: boolean; isNamed?: boolean },
  known: KnownRun,
  now: string,
): TaggedVerdict => {
  const { run, hasVersion, isBeingRemoved } = known;
  if (!isRunId(thing.runId) || isBeingRemoved) return 'leave';
  if (thing.isNamed === true && run === undefined) return 'leave';
  if (thing.isImage && (hasVersion || run === undefined)) return 'leave';
  const age = (since: string): number => Date.parse(now) - Date.parse(since);
  if (run === undefined) return age(timeOfId(thing.runId)) > LONGEST_MS + CLEAN_UP_MS ? 'delete' : 'leave';
  if (!hasEnded(run) || cleaningSince(run) !== undefined) return 'leave';
  if (run.status === 'Stopped') return 'record';
  if (run.status === 'Succeeded' && thing.isImage) return 'leave';
  return age(run.endedAt ?? run.createdAt) > CLEAN_UP_MS ? 'delete' : 'leave';
};
