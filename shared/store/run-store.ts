import * as z from 'zod';
import { type StoredRun, storedRunSchema } from '../contracts/stored-run.ts';
import type { RunChanges } from '../domain/run/lifecycle.ts';
import { nextLook } from '../domain/run/next-look.ts';
import { nextNumber } from '../domain/run/numbering.ts';
import { timestampOf } from './clock.ts';
import { DUE_RUN, type Key, keys } from './keys.ts';
import { joinQueue } from './queue-store.ts';
import { contended } from './retry.ts';
import type { Item, Table } from './table.ts';
import { WriteRefused } from './write-refused.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

const counterSchema = z.object({ last: z.int() });
/** Rows of the first releases do not say the pool. */
const activeSchema = z.object({ poolId: z.string().optional() });
const pointerSchema = z.object({ runId: z.string(), number: z.int() });

const itemOf = (scope: WorkspaceScope, run: StoredRun) => ({
  ...keys.run(scope, run.id),
  row: 'run' as const,
  ...run,
});

/** The runs of one workspace. */
export const runStore = (table: Table, scope: WorkspaceScope) => ({
  get: async (runId: string): Promise<StoredRun | undefined> => {
    const item = await table.get(keys.run(scope, runId));
    return item === undefined ? undefined : storedRunSchema.parse(item);
  },

  getAll: (runIds: string[]) => getAll(table, scope, runIds),

  /** Newest first; `before` is the id of the last run of the page before. */
  list: async (page: { before?: string; limit: number }): Promise<StoredRun[]> => {
    const before = page.before === undefined ? undefined : keys.run(scope, page.before).sk;
    const items = await table.query({ ...keys.runs(scope), before, newestFirst: true, limit: page.limit });
    return items.map((item) => storedRunSchema.parse(item));
  },

  listActive: async (): Promise<StoredRun[]> => {
    const rows = await table.query({ ...keys.activeRuns(scope), newestFirst: true });
    return getAll(table, scope, rows.map(pointerOf));
  },

  countActive: async (): Promise<number> =>
    (await table.query({ ...keys.activeRuns(scope), only: ['sk'] })).length,

  /** Pools in which runs of the workspace wait or go on. */
  activePools: async (): Promise<string[]> => {
    const rows = await table.query({ ...keys.activeRuns(scope), only: ['poolId'] });
    return [...new Set(rows.flatMap((row) => activeSchema.parse(row).poolId ?? []))];
  },

  /** Runs of one definition, highest number first; `before` is the number that the page before ended with. */
  listOfDefinition: (definitionId: string, page: NumberPage) =>
    listOfDefinition(table, scope, definitionId, page),

  /** The latest run of a definition, finished or not. */
  latest: async (definitionId: string): Promise<StoredRun | undefined> => {
    const row = await table.get(keys.latestRun(scope, definitionId));
    const [run] = row === undefined ? [] : await getAll(table, scope, [pointerOf(row)]);
    return run;
  },

  /** Latest runs of these definitions by definition id. */
  latestOf: async (definitionIds: string[]): Promise<Map<string, StoredRun>> =>
    byDefinition(table, scope, await table.getAll(definitionIds.map((id) => keys.latestRun(scope, id)))),

  /**
   * What lets a definition go: undefined while one of its runs is active, else the writes that take its counter and
   * its latest-run row away. They fail when a run is created meanwhile, which always moves that row.
   */
  releaseDefinition: (definitionId: string) => releaseDefinition(table, scope, definitionId),

  /** The number that the next run of a definition would get. */
  peekNumber: (definition: { id: string; name: string; firstNumber?: number | undefined }) =>
    peekNumber(table, scope, definition),

  create: (draft: RunDraft, more: (run: StoredRun) => Write[]) => createRun(table, scope, draft, more),
  change: (run: StoredRun, changes: RunChanges, options?: ChangeOptions) =>
    change(table, scope, run, changes, options),
});

const releaseDefinition = async (
  table: Table,
  scope: WorkspaceScope,
  definitionId: string,
): Promise<Write[] | undefined> => {
  const latest = keys.latestRun(scope, definitionId);
  const row = await table.get(latest);
  const active = await table.query(keys.activeRuns(scope));
  if (active.some((one) => one['definitionId'] === definitionId)) return undefined;
  return [
    row === undefined
      ? { check: latest, if: { exists: false } }
      : { delete: latest, if: { equals: { runId: pointerOf(row) } } },
    { delete: keys.definitionCounter(scope, definitionId) },
  ];
};

/** The run that a pointer, a latest or an active row names. */
export const pointerOf = (row: Item): string => pointerSchema.pick({ runId: true }).parse(row).runId;

type NumberPage = { before?: number; limit: number };

const listOfDefinition = async (
  table: Table,
  scope: WorkspaceScope,
  definitionId: string,
  { before: number, limit }: NumberPage,
): Promise<StoredRun[]> => {
  const before = number === undefined ? undefined : keys.runOfDefinition(scope, definitionId, number).sk;
  const range = { ...keys.runsOfDefinition(scope, definitionId), before, newestFirst: true, limit };
  for (let tries = 1; ; tries += 1) {
    const pointers = await table.query(range);
    const runs = await getAll(table, scope, pointers.map(pointerOf));
    // A run that was deleted in between took its pointer along; without another look the page would seem the last.
    if (runs.length === pointers.length || tries === 3) return runs;
  }
};

const byDefinition = async (
  table: Table,
  scope: WorkspaceScope,
  rows: Item[],
): Promise<Map<string, StoredRun>> => {
  const runs = await getAll(table, scope, rows.map(pointerOf));
  return new Map(runs.map((run) => [run.imageDefinitionId, run]));
};

const getAll = async (table: Table, scope: WorkspaceScope, runIds: string[]): Promise<StoredRun[]> => {
  const items = await table.getAll(runIds.map((id) => keys.run(scope, id)));
  return items.map((item) => storedRunSchema.parse(item));
};

export type RunDraft = { run: Omit<StoredRun, 'number'>; firstNumber?: number };

const lastOf = (item: Item | undefined): number | undefined =>
  item === undefined ? undefined : counterSchema.parse(item).last;

/** A counter moves only from what was read, so that two creates never give one number. */
const moveCounter = (key: Key, from: number | undefined, to: number): Write =>
  from === undefined
    ? { put: { ...key, row: 'counter', last: to }, if: { exists: false } }
    : { update: key, set: { last: to }, if: { equals: { last: from } } };

const countersOf = async (
  table: Table,
  scope: WorkspaceScope,
  run: Pick<StoredRun, 'imageDefinitionId' | 'imageName'>,
) => {
  const counterKeys = {
    definition: keys.definitionCounter(scope, run.imageDefinitionId),
    name: keys.nameCounter(scope, run.imageName),
  };
  const [definition, name] = await Promise.all([
    table.get(counterKeys.definition),
    table.get(counterKeys.name),
  ]);
  return { counterKeys, given: { definition: lastOf(definition), name: lastOf(name) } };
};

/** The number that the next run of a definition would get. */
const peekNumber = async (
  table: Table,
  scope: WorkspaceScope,
  { id, name, firstNumber }: { id: string; name: string; firstNumber?: number | undefined },
): Promise<number> => {
  const { given } = await countersOf(table, scope, { imageDefinitionId: id, imageName: name });
  return nextNumber({ byDefinition: given.definition ?? 0, byName: given.name ?? 0, firstNumber });
};

/**
 * Gives the run its number and writes it with its queue, active and latest rows in one transaction, together with
 * `more` (the idempotency key). Fifty at once on one definition are told apart by the counters' guards and retried.
 * Throws WriteRefused when a guard of `more` does not hold or the definition is gone.
 */
const createRun = (
  table: Table,
  scope: WorkspaceScope,
  draft: RunDraft,
  more: (run: StoredRun) => Write[],
): Promise<StoredRun> =>
  contended(
    async () => {
      const { run } = draft;
      const { counterKeys, given } = await countersOf(table, scope, run);
      const number = nextNumber({
        byDefinition: given.definition ?? 0,
        byName: given.name ?? 0,
        firstNumber: draft.firstNumber,
      });
      const numbered = { ...run, number };
      await table.write([
        moveCounter(counterKeys.definition, given.definition, number),
        moveCounter(counterKeys.name, given.name, number),
        ...rowsOf(scope, numbered),
        ...more(numbered),
      ]);
      return numbered;
    },
    isNumberClash,
    table.clock,
  );

/** The first two writes are the counters. A refusal of those alone, or a mere clash, is tried again. */
const isNumberClash = (error: unknown): boolean =>
  error instanceof WriteRefused && error.failed.every((place) => place < 2);

const rowsOf = (scope: WorkspaceScope, run: StoredRun): Write[] => {
  const pointer = { runId: run.id, number: run.number };
  const definitionId = run.imageDefinitionId;
  return [
    { check: keys.entity(scope, 'image-definition', definitionId), if: { exists: true } },
    { put: itemOf(scope, run), if: { exists: false } },
    joinQueue(run),
    {
      put: {
        ...keys.activeRun(scope, run.id),
        row: 'active',
        runId: run.id,
        definitionId,
        poolId: run.pool.id,
      },
    },
    { put: { ...keys.latestRun(scope, definitionId), row: 'latest', ...pointer } },
    { put: { ...keys.runOfDefinition(scope, definitionId, run.number), row: 'run-pointer', ...pointer } },
  ];
};

export type ChangeOptions = {
  /** Further writes of the same transaction. */
  more?: Write[];
  /** Attributes to take away. */
  remove?: (keyof RunChanges)[];
};

/**
 * Changes a run as it was read, and sets when the reconciler looks at it next (the sparse index `due`). Throws WriteRefused when somebody
 * was faster. Answers the run as it is now.
 */
const change = async (
  table: Table,
  scope: WorkspaceScope,
  run: StoredRun,
  changes: RunChanges,
  options: ChangeOptions = {},
): Promise<StoredRun> => {
  const gone = (options.remove ?? []).map((name) => [name, undefined]);
  const next = storedRunSchema.parse({ ...run, ...changes, ...Object.fromEntries(gone), rev: run.rev + 1 });
  const dueAt = nextLook(next, timestampOf(table.clock));
  const more = options.more ?? [];
  const update: Write = {
    update: keys.run(scope, run.id),
    set: {
      ...changes,
      rev: next.rev,
      ...(dueAt === undefined ? {} : { due: DUE_RUN, dueAt }),
    },
    remove: [...(options.remove ?? []), ...(dueAt === undefined ? ['due', 'dueAt'] : [])],
    if: { equals: { rev: run.rev, status: run.status } },
  };
  // Whoever changes a run reads it again when that is refused (changeRun): the commonest write of all costs half.
  await table.write([update, ...more], { looksAgain: true });
  return next;
};
