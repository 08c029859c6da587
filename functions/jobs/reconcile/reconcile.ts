import { type StoredRun, storedRunSchema } from '../../../shared/contracts/stored-run.ts';
import type { AccountSweep } from '../../../shared/contracts/workflow.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { DUE_RUN } from '../../../shared/store/keys.ts';
import { removalStore } from '../../../shared/store/removal-store.ts';
import { sweepStore } from '../../../shared/store/sweep-store.ts';
import type { Item } from '../../../shared/store/table.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { poolsToWake } from './pools-to-wake.ts';
import { type Repair, repairRun } from './repair-run.ts';

export type Reconciling = Repair & {
  /** Asks CodeBuild about all these builds at once. */
  loadBuilds: (ids: string[]) => Promise<void>;
  /** The deployment's own pools. */
  poolIds: string[];
  wakePool: (poolId: string) => Promise<unknown>;
  removeWorkspace: (workspaceId: string) => Promise<unknown>;
  /** Asks for the daily look through the account of a connection. */
  sweepAccount: (request: AccountSweep) => Promise<unknown>;
};

/** Runs looked at in one go; at a look a minute a run, more than the pools of a deployment hold. */
const MOST_RUNS = 500;
/** Looks at the same time: with some calls of 50 ms each, 500 runs take a quarter of the minute. */
const AT_ONCE = 10;
/** Removals of workspaces that are gone on with in one go; the others are still due in a minute. */
const MOST_REMOVALS = 100;
/** Accounts that are swept from one minute on: two at a time take some seconds each, and nobody waits for them. */
const MOST_SWEEPS = 20;
/** When an account is due again whose sweep was not heard of. */
const SWEEP_LOST_MS = 3_600_000;

/**
 * Wakes the dispatcher of each pool, goes on with removals of workspaces, asks for sweeps of accounts, and looks at
 * every run that is due: active and not heard of for a while, or ended and not yet tidied up after. It reads the sparse
 * index of what is due, never all runs. What fails is left for the next time and holds up nothing else.
 */
export const reconcile = async (reconciling: Reconciling): Promise<void> => {
  await unlessItFails('dispatchers were not woken', () => wakeDispatchers(reconciling));
  await unlessItFails('removals of workspaces were not gone on with', () => goOnWithRemovals(reconciling));
  await unlessItFails('accounts were not swept', () => sweepAccounts(reconciling));
  const due = await reconciling.core.due(DUE_RUN, reconciling.now(), MOST_RUNS);
  const runs = (await reconciling.core.getAll(due)).flatMap(readable);
  // Of a pool that is gone the project is gone too, and asking for one of its builds would refuse the answer for all.
  const known = runs.filter(({ pool }) => reconciling.poolIds.includes(pool.id));
  const buildIds = known.flatMap((run) => run.buildId ?? []);
  await unlessItFails('CodeBuild did not tell of builds', () => reconciling.loadBuilds(buildIds));
  await lookAtAll(reconciling, runs);
};

/** Each begins as soon as one before it is done: a slow platform holds up one place, not all. */
const lookAtAll = async (reconciling: Reconciling, runs: StoredRun[]): Promise<void> => {
  const waiting = runs.values();
  const places = Array.from({ length: AT_ONCE }, async () => {
    for (const run of waiting) await lookAt(reconciling, run);
  });
  await Promise.all(places);
};

const lookAt = (reconciling: Reconciling, run: StoredRun): Promise<void> =>
  unlessItFails('a run could not be repaired', async () => {
    const done = await repairRun(reconciling, run);
    logger.info('looked at a run', { runId: run.id, done });
  });

const unlessItFails = async (otherwise: string, work: () => Promise<unknown>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    logger.error(otherwise, { error });
  }
};

const wakeDispatchers = async ({ core, now, poolIds, wakePool }: Reconciling): Promise<void> => {
  const pools = await poolsToWake(core, poolIds, now());
  await Promise.all(pools.map((id) => unlessItFails('a dispatcher was not woken', () => wakePool(id))));
};

/** A removal that waited long enough, or whose message was lost. */
const goOnWithRemovals = async ({ core, now, removeWorkspace }: Reconciling): Promise<void> => {
  for (const { workspaceId } of await removalStore(core).due(now(), MOST_REMOVALS))
    await removeWorkspace(workspaceId);
};

/** Put off first: of two reconcilers at once one may ask for nothing, and the other for all of it. */
const sweepAccounts = async ({ core, now, sweepAccount }: Reconciling): Promise<void> => {
  const sweeps = sweepStore(core);
  for (const { workspaceId, connectionId } of await sweeps.due(now(), MOST_SWEEPS)) {
    const dueAt = new Date(Date.parse(now()) + SWEEP_LOST_MS).toISOString();
    await sweeps.putOff(scopeTo(workspaceId), connectionId, { dueAt });
    await sweepAccount({ workspaceId, connectionId });
  }
};

/** A row that cannot be read is our fault to find, and no reason to leave the others alone. */
const readable = (item: Item): StoredRun[] => {
  const parsed = storedRunSchema.safeParse(item);
  if (!parsed.success)
    logger.error('a run cannot be read', { pk: item['pk'], sk: item['sk'], error: parsed.error });
  return parsed.success ? [parsed.data] : [];
};
