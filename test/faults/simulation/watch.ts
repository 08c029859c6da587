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
  const slots = new Map<string, Set<string>>();
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
  const seeSlot = ({ id, after }: Change): void => {
    const [owner = ''] = id.split('\n');
    const taken = slots.get(owner) ?? new Set();
    slots.set(owner, taken);
    if (after === undefined) taken.delete(id);
    else taken.add(id);
    if (after === undefined) return;
    if (taken.size > highest(owner)) broken.push(`${owner} has ${taken.size} runs of ${highest(owner)}`);
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
    if (run.status === 'Running') seen.admittedAt ??= now();
    seen.run = run;
  };
  return {
    runs,
    broken,
    slots,
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
        if (row === 'slot') seeSlot(change);
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
