import * as z from 'zod';
import type { StoredRun } from '../contracts/stored-run.ts';
import type { QueueEntry } from '../domain/run/admission.ts';
import type { PoolRoom } from '../domain/run/pool-room.ts';
import { DUE_QUEUE, globalKeys, keys } from './keys.ts';
import type { Item, Table } from './table.ts';
import { scopeTo } from './workspace-scope.ts';
import type { Write } from './write.ts';

const entrySchema = z.object({ workspaceId: z.string(), runId: z.string(), manual: z.boolean() });
const roomSchema = z.object({
  until: z.string(),
  allows: z.int().optional(),
  refusedAt: z.string().optional(),
});
const knownSchema = z.object({ ids: z.array(z.string()) });
const keySchema = z.object({ sk: z.string() });
const slotSchema = z.object({ slot: z.int(), runId: z.string(), waits: z.boolean().default(false) });

/**
 * Rows of a queue that one strongly consistent read unit surely covers: 4,096 bytes of 200 to 250 (test/bench/admission.ts).
 * To ask for fewer costs the same.
 */
const ROWS_A_UNIT = 16;
/** Rows of a page of 1 MB, the largest. */
const MOST_ROWS = 4096;
/** Rows of connectors' queues that the reconciler is led to in one go. */
const MOST_DUE = 5000;

const slotsOf = (items: Item[]): number[] => items.map((item) => slotSchema.parse(item).slot);

/** Queue and slots of one pool. */
export const queueStore = (table: Table, poolId: string) => ({
  /** Everything that waits, by workspace; in a workspace in the order in which it starts. */
  waiting: async (): Promise<QueueEntry[]> =>
    (await table.query(globalKeys.queue(poolId))).map((item) => entrySchema.parse(item)),

  /** Some run that waits, for one row: undefined when nobody does. */
  first: async (): Promise<QueueEntry | undefined> => {
    const [item] = await table.query({ ...globalKeys.queue(poolId), limit: 1 });
    return item && entrySchema.parse(item);
  },

  /**
   * The first runs of each workspace that waits, `depth` of each at least, as far as there are so many: all that can be
   * among the next `depth` of the pool. Reads past long queues without reading them.
   */
  heads: (depth: number) => heads(table, poolId, depth),

  /** What the last builds that found no room showed; undefined: all found some. */
  room: async (): Promise<PoolRoom | undefined> => {
    const row = await table.get(globalKeys.coolDown(poolId));
    return row && roomSchema.parse(row);
  },

  /** Runs of the pool, but this one, that do not wait for room for their build: it is under way, or about to be. */
  underWayBeside: async (runId: string): Promise<number> => {
    const slots = (await table.query(globalKeys.poolSlots(poolId))).map((item) => slotSchema.parse(item));
    return slots.filter((slot) => !slot.waits && slot.runId !== runId).length;
  },

  /** Slots of the pool that are taken. */
  takenOfPool: async (): Promise<number[]> => slotsOf(await table.query(globalKeys.poolSlots(poolId))),

  /** Slots that each of these workspaces has taken. */
  takenOfWorkspaces: async (workspaceIds: string[]): Promise<Map<string, number[]>> => {
    const taken = await Promise.all(
      workspaceIds.map(async (id) => {
        const items = await table.query(keys.workspaceSlots(scopeTo(id)));
        return [id, slotsOf(items)] as const;
      }),
    );
    return new Map(taken);
  },
});

/**
 * Jumps over the rest of a workspace's runs when there are enough of them. A page that holds several workspaces says that
 * there is little to jump over: the next one is twice as large, up to 1 MB.
 */
const heads = async (table: Table, poolId: string, depth: number): Promise<QueueEntry[]> => {
  const entries: QueueEntry[] = [];
  const least = Math.max(depth, ROWS_A_UNIT);
  let limit = least;
  let after: string | undefined;
  for (;;) {
    const page = await table.query({ ...globalKeys.queue(poolId), after, limit });
    const found = page.map((item) => entrySchema.parse(item));
    entries.push(...found);
    const last = found.at(-1);
    if (found.length < limit || last === undefined) return entries;
    const read = entries.filter(({ workspaceId }) => workspaceId === last.workspaceId).length;
    const end = `${globalKeys.queueOf(poolId, last.workspaceId).prefix}\uffff`;
    after = read < depth ? keySchema.parse(page.at(-1)).sk : end;
    limit = found[0]?.workspaceId === last.workspaceId ? least : Math.min(limit * 2, MOST_ROWS);
  }
};

/** Pools of connectors in which runs wait, as the sparse index knows them: their dispatchers are to look. */
export const duePools = async (table: Table, now: string): Promise<string[]> => {
  const due = await table.due(DUE_QUEUE, now, MOST_DUE);
  return [...new Set(due.map(({ pk }) => globalKeys.poolOfQueue(pk)))];
};

/** The only pool of the releases before pools were settings. */
const FIRST_POOL = 'cloud';

/** The pools that the deployment has or once had: in one that it has no more there may still be runs that wait. */
export const knownPools = (table: Table) => ({
  /** Remembers the pools of now; answers all. Of two who do it at once one is refused and does it the next time. */
  remember: async (ownPools: string[]): Promise<string[]> => {
    const row = await table.get(globalKeys.knownPools);
    const ids = row === undefined ? [FIRST_POOL] : knownSchema.parse(row).ids;
    const all = [...new Set([...ids, ...ownPools])].toSorted();
    if (row !== undefined && all.length === ids.length) return all;
    const unchanged = row === undefined ? { exists: false } : { equals: { ids } };
    await table.write([{ put: { ...globalKeys.knownPools, row: 'known-pools', ids: all }, if: unchanged }]);
    return all;
  },
});

/** The row of a run that begins to wait. Of a connector's pool nobody has a list: the index `due` leads to it. */
export const joinQueue = (run: StoredRun): Write => {
  const { id: runId, workspaceId, pool } = run;
  const manual = isManual(run);
  const due = pool.kind === 'connector' ? { due: DUE_QUEUE, dueAt: run.createdAt } : {};
  const key = keys.queued(scopeTo(workspaceId), pool.id, { manual, runId });
  return { put: { ...key, row: 'queue', poolId: pool.id, workspaceId, runId, manual, ...due } };
};

/** What people ask for goes before what a schedule does. */
const isManual = (run: StoredRun): boolean => run.trigger.type !== 'schedule';

/** The write that takes out a row whose run does not wait any more, however that came. */
export const dropEntry = (poolId: string, { workspaceId, ...entry }: QueueEntry): Write => ({
  delete: keys.queued(scopeTo(workspaceId), poolId, entry),
});

/** Writes that take a run from the queue into its slots; the guards refuse when a slot or the run is taken. */
export const takeSlots = (run: StoredRun, slots: { workspace: number; pool: number }): Write[] => {
  const scope = scopeTo(run.workspaceId);
  const row = { row: 'slot' as const, runId: run.id, poolId: run.pool.id };
  return [
    leaveQueue(run),
    {
      put: { ...keys.workspaceSlot(scope, slots.workspace), ...row, slot: slots.workspace },
      if: { exists: false },
    },
    {
      put: { ...globalKeys.poolSlot(run.pool.id, slots.pool), ...row, slot: slots.pool },
      if: { exists: false },
    },
    { put: { ...keys.lease(scope, run.id), row: 'lease', runId: run.id }, if: { exists: false } },
  ];
};

/** The write that keeps a pool from admitting more: for a while, and then more than found room. */
export const restPool = (poolId: string, room: PoolRoom): Write => ({
  put: { ...globalKeys.coolDown(poolId), row: 'cool-down', ...room },
});

/** Writes that say of the pool's slot that its run waits for room for its build, or does so no more. */
export const markWaiting = ({ id: runId, pool, slots }: StoredRun, waits: boolean): Write[] =>
  slots === undefined
    ? []
    : [{ update: globalKeys.poolSlot(pool.id, slots.pool), set: { waits }, if: { equals: { runId } } }];

/** The write that takes a run out of the queue, when it is stopped or starts. */
export const leaveQueue = (run: StoredRun): Write => ({
  delete: keys.queued(scopeTo(run.workspaceId), run.pool.id, { manual: isManual(run), runId: run.id }),
  if: { exists: true },
});

/** Writes that free what a running run holds. */
export const releaseSlots = (run: StoredRun): Write[] => {
  const scope = scopeTo(run.workspaceId);
  const own = { equals: { runId: run.id } };
  const slots: Write[] =
    run.slots === undefined
      ? []
      : [
          { delete: keys.workspaceSlot(scope, run.slots.workspace), if: own },
          { delete: globalKeys.poolSlot(run.pool.id, run.slots.pool), if: own },
          { delete: keys.lease(scope, run.id), if: own },
        ];
  return [...slots, { delete: keys.activeRun(scope, run.id) }];
};
