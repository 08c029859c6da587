import { changeLedger, isOpen, leftoverOf } from '../../../shared/actions/leftover-ledger.ts';
import type { Leftover } from '../../../shared/contracts/entities/run.ts';
import type { ImageVersion } from '../../../shared/contracts/entities/image-version.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { judgeTagged, type KnownRun, type TaggedVerdict } from '../../../shared/domain/run/judge-tagged.ts';
import type { Inventory, Owner, TaggedResource } from '../../../shared/platforms/platform.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { runRemoval } from '../../../shared/store/run-removal.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import type { Tidying } from './account.ts';
import { reasonOf } from './unreachable.ts';

export type Sweeping = Tidying & {
  inventory: Pick<Inventory, 'findTagged'>;
  owner: Owner;
  regions: string[];
  /** All versions of the workspace: their images are never touched. Read last, so that none is missed. */
  readVersions: () => Promise<Pick<ImageVersion, 'runId'>[]>;
  hasTime: () => boolean;
};

type Judged = TaggedResource & { verdict: TaggedVerdict; run: StoredRun | undefined };
/** What could not be deleted has a reason. */
type Tried = Judged & { detail?: string };

/**
 * Asks an account for all that carries the workspace's tags, and deletes or puts on record what belongs to no run that
 * goes on (shared/domain/run/judge-tagged.ts). It finds what crashes of ours lost sight of. Answers whether all was done.
 */
export const sweepAccount = async (sweeping: Sweeping, scope: WorkspaceScope): Promise<boolean> => {
  const { inventory, owner, regions, hasTime } = sweeping;
  const judged = await judgeAll(sweeping, scope, await inventory.findTagged(owner, regions));
  const tried: Tried[] = judged.filter(({ verdict }) => verdict === 'record');
  const doomed = judged.filter(({ verdict }) => verdict === 'delete');
  let count = 0;
  for (const one of doomed) {
    if (!hasTime()) break;
    tried.push(await remove(one));
    count += 1;
  }
  for (const [, some] of Map.groupBy(tried, ({ runId }) => runId)) await record(sweeping, scope, some);
  return count === doomed.length;
};

const remove = async (one: Judged): Promise<Tried> => {
  const { kind, locator, runId } = one;
  try {
    await one.remove();
    logger.info('deleted what a run had left', { kind, locator, runId });
    return one;
  } catch (error) {
    logger.warn('what a run left could not be deleted', { kind, locator, runId, error });
    return { ...one, detail: reasonOf(error) };
  }
};

const judgeAll = async (
  { core, now, readVersions }: Sweeping,
  scope: WorkspaceScope,
  found: TaggedResource[],
): Promise<Judged[]> => {
  const ids = [...new Set(found.map(({ runId }) => runId))];
  const runs = new Map((await runStore(core, scope).getAll(ids)).map((run) => [run.id, run]));
  const removals = runRemoval(core, scope);
  const removed = new Set<string>();
  for (const id of ids) {
    if (!runs.has(id) && (await removals.deleted(id)) !== undefined) removed.add(id);
  }
  const made = new Set((await readVersions()).map(({ runId }) => runId));
  const knownOf = (id: string): KnownRun => ({
    run: runs.get(id),
    isBeingRemoved: removed.has(id),
    hasVersion: made.has(id),
  });
  return found.map((one) => {
    const known = knownOf(one.runId);
    return { ...one, run: known.run, verdict: judgeTagged(one, known, now()) };
  });
};

/** What becomes of it stands with its run: what is kept, what is gone, and why something could not be deleted. */
const record = async (engine: Sweeping, scope: WorkspaceScope, [first, ...rest]: Tried[]): Promise<void> => {
  // Of a run that is gone there is no record; one that succeeded left nothing that is to be kept.
  if (first?.run === undefined || first.run.status === 'Succeeded') return;
  const all = [first, ...rest];
  await changeLedger(engine.core, scope, first.runId, (_, ledger) => {
    const add = all.filter((one) => isKept(one) && !ledger.some(({ locator }) => locator === one.locator));
    const restate = ledger.flatMap((one) => restated(engine, one, all));
    if (add.length + restate.length === 0) return undefined;
    return {
      add: add.map((one) => leftoverOf(engine, one, { state: 'kept', ...detailOf(one) })),
      restate,
    };
  });
};

const isKept = ({ verdict, detail }: Tried): boolean => verdict === 'record' || detail !== undefined;
const detailOf = ({ detail }: Tried) => (detail === undefined ? {} : { detail });

const restated = ({ now }: Sweeping, one: Leftover, all: Tried[]): Leftover[] => {
  const tried = all.find(({ locator }) => locator === one.locator);
  if (tried === undefined) return [];
  const kept = isKept(tried);
  // On record as deleted and there all the same; or the other way round.
  return kept === isOpen(one)
    ? []
    : [{ ...one, state: kept ? 'kept' : 'deleted', stateAt: now(), detail: tried.detail }];
};
