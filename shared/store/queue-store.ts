import * as z from 'zod';
import type { StoredRun } from '../contracts/stored-run.ts';
import type { QueueEntry } from '../domain/run/admission.ts';
import { globalKeys, keys } from './keys.ts';
import type { Item, Table } from './table.ts';
import { scopeTo } from './workspace-scope.ts';
import type { Write } from './write.ts';

const entrySchema = z.object({ workspaceId: z.string(), runId: z.string(), manual: z.boolean() });
const coolDownSchema = z.object({ until: z.string() });
const slotSchema = z.object({ slot: z.int(), runId: z.string() });

/** The first of each workspace's queue are looked at, so that a long one hides nobody else's. */
const LONGEST_LOOK = 500;
/** Workspaces in one look; those behind come when these are served. */
const MOST_WORKSPACES = 500;

const slotsOf = (items: Item[]): number[] => items.map((item) => slotSchema.parse(item).slot);

/** Queue and slots of one pool. */
export const queueStore = (table: Table, poolId: string) => ({
  waiting: async (): Promise<QueueEntry[]> => {
    const entries: QueueEntry[] = [];
    let after: string | undefined;
    for (let workspaces = 0; workspaces < MOST_WORKSPACES; workspaces += 1) {
      const [next] = await table.query({ ...globalKeys.queue(poolId), after, limit: 1 });
      if (next === undefined) return entries;
      const own = globalKeys.queueOf(poolId, entrySchema.parse(next).workspaceId);
      const items = await table.query({ ...own, limit: LONGEST_LOOK });
      entries.push(...items.map((item) => entrySchema.parse(item)));
      after = `${own.prefix}\uffff`;
    }
    return entries;
  },

  /** Until when the pool admits nobody, because its builds found no room; undefined: it does. */
  coolingUntil: async (now: string): Promise<string | undefined> => {
    const row = await table.get(globalKeys.coolDown(poolId));
    const until = row === undefined ? undefined : coolDownSchema.parse(row).until;
    return until !== undefined && until > now ? until : undefined;
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

/** The write that keeps a pool from admitting more for a while. Of two the later one counts. */
export const restPool = (poolId: string, until: string): Write => ({
  put: { ...globalKeys.coolDown(poolId), row: 'cool-down', until },
});

/** The write that takes a run out of the queue, when it is stopped or starts. */
export const leaveQueue = (run: StoredRun): Write => ({
  delete: keys.queued(scopeTo(run.workspaceId), run.pool.id, {
    manual: run.trigger.type !== 'schedule',
    runId: run.id,
  }),
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
