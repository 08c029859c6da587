import { type StoredRun, storedRunSchema } from '../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import { isDeepStrictEqual } from 'node:util';
import type { PoolLimits } from './pools.ts';
import type { Change } from './tables.ts';

/** What was seen of one run, from its acceptance on. */
export type SeenRun = {
  run: StoredRun;
  queuedAt: number;
  admittedAt?: number;
  ends: number;
  isDeleted: boolean;
};

/** What of a run that has ended may never change again. */
const FINAL = [
  'status',
  'phase',
  'number',
  'attempt',
  'endedAt',
  'startedAt',
  'failure',
  'verdict',
  'steps',
  'imageVersionId',
  'locators',
] as const satisfies (keyof StoredRun)[];

/** How long a dispatcher may go by limits that it read before they were lowered. */
const LIMIT_AGE_MS = 20_000;

type Limit = { at: number; limit: number };

/**
 * Looks at every write of the core table as it is made, and notes each that must not be. `limitsOf`: of pools, now; those
 * of workspaces are in their rows.
 */
export const createWatch = (now: () => number, pools: PoolLimits) => {
  const runs = new Map<string, SeenRun>();
  const broken: string[] = [];
  const limits = new Map<string, Limit[]>();

  const noteLimit = (owner: string, limit: number): void => {
    const known = limits.get(owner) ?? [];
    known.push({ at: now(), limit });
    limits.set(owner, known);
  };
  /** The highest limit that somebody may still go by. */
  const highest = (owner: string): number => {
    const known = limits.get(owner) ?? [];
    const stale = known.findLast(({ at }) => at <= now() - LIMIT_AGE_MS);
    const recent = known.filter(({ at }) => at > now() - LIMIT_AGE_MS);
    return Math.max(...[...(stale === undefined ? [] : [stale]), ...recent].map(({ limit }) => limit));
  };
  /** As many runs as may be, and those that went on when a limit was lowered: but none is admitted beyond it. */
  const seeAdmission = (run: StoredRun): void => {
    for (const [owner, isOf] of [
      [`POOL#${run.pool.id}`, (one: StoredRun) => one.pool.id === run.pool.id],
      [`WS#${run.workspaceId}`, (one: StoredRun) => one.workspaceId === run.workspaceId],
    ] as const) {
      const going = [...runs.values()].filter((one) => one.run.status === 'Running' && isOf(one.run)).length;
      if (going > highest(owner)) broken.push(`${owner} has ${going} runs of ${highest(owner)}`);
    }
  };
  const seeRun = ({ before, after }: Change): void => {
    if (after === undefined) {
      const seen = runs.get(String(before?.['id']));
      if (seen !== undefined) seen.isDeleted = true;
      return;
    }
    const run = storedRunSchema.parse(after);
    const seen = runs.get(run.id);
    if (seen === undefined) {
      runs.set(run.id, { run, queuedAt: now(), ends: 0, isDeleted: false });
      if (run.status !== 'Queued') broken.push(`${run.id} begins as ${run.status}`);
      return;
    }
    broken.push(...wrongStep(seen.run, run));
    if (hasEnded(run) && !hasEnded(seen.run)) seen.ends += 1;
    const isAdmitted = run.status === 'Running' && seen.run.status === 'Queued';
    seen.run = run;
    if (!isAdmitted) return;
    seen.admittedAt = now();
    seeAdmission(run);
  };
  return {
    runs,
    broken,
    noteLimit,
    limitPool: (poolId: string, limit: number): void => {
      pools.set(poolId, limit);
      noteLimit(`POOL#${poolId}`, limit);
    },
    see: (changes: Change[]): void => {
      for (const change of changes) {
        const row = (change.after ?? change.before)?.['row'];
        if (row === 'workspace')
          noteLimit(`WS#${String(change.after?.['id'])}`, Number(change.after?.['maxConcurrentRuns']));
      }
      for (const change of changes) {
        const row = (change.after ?? change.before)?.['row'];
        if (row === 'run') seeRun(change);
      }
    },
  };
};
export type Watch = ReturnType<typeof createWatch>;

const order = { Queued: 0, Running: 1, Succeeded: 2, Failed: 2, Stopped: 2 } as const;

const wrongStep = (before: StoredRun, after: StoredRun): string[] => {
  const wrong: string[] = [];
  if (after.rev !== before.rev + 1) wrong.push(`${after.id} goes from rev ${before.rev} to ${after.rev}`);
  if (order[after.status] < order[before.status])
    wrong.push(`${after.id} goes back from ${before.status} to ${after.status}`);
  if (!hasEnded(before)) return wrong;
  const changed = FINAL.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  if (changed.length > 0) wrong.push(`${after.id} changes ${changed.join(', ')} after its end`);
  return wrong;
};
