import type { Leftover } from '../contracts/entities/run.ts';
import { type StoredRun, storedRunSchema } from '../contracts/stored-run.ts';
import { expiryIn } from './clock.ts';
import { keys } from './keys.ts';
import { pointerOf } from './run-store.ts';
import type { Table } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

/** How long a deleted run is kept for who cleans up after it; the platform's tags outlive it. */
const CLEAN_UP_SECONDS = 7 * 86_400;

export type Removal = {
  /** As it was read; it has ended. */
  run: StoredRun;
  leftovers: Leftover[];
  /** Whether something is still to be deleted in the customer's account: then a copy stays for who does that. */
  cleanUp: boolean;
  /** Further writes of the same transaction. */
  more: Write[];
};

/** Takes finished runs away. Counters stay: no number is given twice. */
export const runRemoval = (table: Table, scope: WorkspaceScope) => ({
  /**
   * A run, its place under its definition and its leftovers on record, in one transaction; the definition's latest
   * run becomes the newest that remains. Throws WriteRefused when the run changed, a run was created or another one
   * deleted meanwhile: all is to be read anew. Its log and bundle are the caller's to delete next.
   */
  remove: async ({ run, leftovers, cleanUp, more }: Removal): Promise<void> => {
    const expiresAt = expiryIn(table.clock, CLEAN_UP_SECONDS);
    const { id: runId, workspaceId } = run;
    // Nobody logs in to what is being deleted.
    const { vmLogin: _, ...kept } = run;
    const copy: Write = {
      put: { ...kept, ...keys.deletedRun(scope, runId), row: 'deleted-run', runId, workspaceId, expiresAt },
    };
    await table.write([
      { delete: keys.run(scope, runId), if: { equals: { rev: run.rev } } },
      { delete: keys.runOfDefinition(scope, run.imageDefinitionId, run.number) },
      ...(await stepDown(table, scope, run)),
      ...leftovers.map((one): Write => {
        const key = keys.leftover(scope, runId, one.id);
        const isWanted = cleanUp && one.state === 'deleting';
        return isWanted ? { update: key, set: { expiresAt }, if: { exists: true } } : { delete: key };
      }),
      ...(cleanUp ? [copy] : []),
      ...more,
    ]);
  },

  /** A deleted run that is still to be cleaned up after. */
  deleted: async (runId: string): Promise<StoredRun | undefined> => {
    const item = await table.get(keys.deletedRun(scope, runId));
    return item === undefined ? undefined : storedRunSchema.parse(item);
  },

  /** Nothing is left to clean up after a deleted run. */
  forget: async (runId: string): Promise<void> => {
    const rows = await table.query(keys.leftovers(scope, runId));
    const marks = rows.map((row) => keys.leftover(scope, runId, String(row['id'])));
    await table.write([keys.deletedRun(scope, runId), ...marks].map((key) => ({ delete: key })));
  },
});

/**
 * The writes that keep the latest-run row exact without this run: it moves to the newest that remains. That one, or
 * the latest when it is another, must not be deleted at the same moment.
 */
const stepDown = async (table: Table, scope: WorkspaceScope, run: StoredRun): Promise<Write[]> => {
  const key = keys.latestRun(scope, run.imageDefinitionId);
  const row = await table.get(key);
  // Of a deleted definition there is none.
  if (row === undefined) return [{ check: key, if: { exists: false } }];
  const latest = pointerOf(row);
  if (latest !== run.id) return [{ check: key, if: { equals: { runId: latest } } }];
  const own = { equals: { runId: run.id } };
  const range = { ...keys.runsOfDefinition(scope, run.imageDefinitionId), newestFirst: true, limit: 2 };
  const next = (await table.query(range)).find((pointer) => pointerOf(pointer) !== run.id);
  if (next === undefined) return [{ delete: key, if: own }];
  return [
    { check: keys.run(scope, pointerOf(next)), if: { exists: true } },
    { put: { ...next, ...key, row: 'latest' }, if: own },
  ];
};
