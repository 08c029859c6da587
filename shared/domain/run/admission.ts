/** A run that waits in a pool. */
export type QueueEntry = { workspaceId: string; runId: string; manual: boolean };

/** Slots that are taken; a slot is a number from 1 up to a limit. */
export type TakenSlots = { pool: number[]; workspaces: ReadonlyMap<string, number[]> };

export type Limits = { pool: number; workspace: (workspaceId: string) => number };

export type Admission = { entry: QueueEntry; slots: { workspace: number; pool: number } };

/** The free slots from 1 up, lowest first, so many that with those that are taken there are `limit`. */
const freeSlots = function* (taken: number[], limit: number): Generator<number, undefined> {
  const used = new Set(taken);
  for (let slot = 1, count = taken.length; count < limit; slot += 1) {
    if (used.has(slot)) continue;
    count += 1;
    yield slot;
  }
  return undefined;
};

/**
 * The first free slot under `limit`, or undefined when as many are taken as there may be. After a limit was lowered
 * slots above it stay taken until their runs end, and count.
 */
export const freeSlot = (taken: number[], limit: number): number | undefined => {
  const [first] = freeSlots(taken, limit);
  return first;
};

/** An entry and how many runs of its workspace go on or come first: workspaces with fewer of them are served first. */
type Placed = { entry: QueueEntry; level: number };

const byAge = (a: QueueEntry, b: QueueEntry): number => (a.runId < b.runId ? -1 : 1);
const withinWorkspace = (a: QueueEntry, b: QueueEntry): number =>
  Number(b.manual) - Number(a.manual) || byAge(a, b);
const inTurn = (a: Placed, b: Placed): number => a.level - b.level || byAge(a.entry, b.entry);

const groupsOf = (queue: QueueEntry[]): Map<string, QueueEntry[]> =>
  Map.groupBy(queue.toSorted(withinWorkspace), ({ workspaceId }) => workspaceId);

/**
 * Who is next is whose workspace has the fewest running, of those the oldest run; it then runs too. As the levels of
 * one workspace only grow, that is the order by level.
 */
const placed = (queue: QueueEntry[], running: TakenSlots['workspaces']): Placed[] =>
  [...groupsOf(queue)]
    .flatMap(([id, entries]) => {
      const level = running.get(id)?.length ?? 0;
      return entries.map((entry, at) => ({ entry, level: level + at }));
    })
    .sort(inTurn);

/**
 * Which of the waiting runs start now. Round robin between workspaces, those with the fewest running first; within a
 * workspace manual before scheduled, then first in, first out (run ids sort by creation). Of each workspace the first
 * entries will do, as many as the pool has free slots.
 */
export const chooseAdmissions = (queue: QueueEntry[], taken: TakenSlots, limits: Limits): Admission[] => {
  const ofWorkspaces = new Map<string, Generator<number, undefined>>();
  const slotsOf = (id: string): Generator<number, undefined> => {
    const slots = ofWorkspaces.get(id) ?? freeSlots(taken.workspaces.get(id) ?? [], limits.workspace(id));
    ofWorkspaces.set(id, slots);
    return slots;
  };
  const ofPool = [...freeSlots(taken.pool, limits.pool)];
  const admissions: Admission[] = [];
  for (const { entry } of placed(queue, taken.workspaces)) {
    const pool = ofPool[admissions.length];
    if (pool === undefined) break;
    const { value: workspace } = slotsOf(entry.workspaceId).next();
    if (workspace !== undefined) admissions.push({ entry, slots: { workspace, pool } });
  }
  return admissions;
};

/**
 * The queue in the order in which its runs would start if no limit of a workspace held one up. `running`: slots that
 * each workspace has taken.
 */
export const queueOrder = (
  queue: QueueEntry[],
  running: TakenSlots['workspaces'] = new Map(),
): QueueEntry[] => placed(queue, running).map(({ entry }) => entry);

/**
 * What a run waits in: everything that waits there, what is taken, and until when the pool rests. `isLowered`: its limit
 * is not its own, but what CodeBuild takes of it at the moment.
 */
export type QueueView = {
  queue: QueueEntry[];
  taken: TakenSlots;
  limits: Limits;
  isLowered?: boolean;
  coolingUntil?: string | undefined;
};

/** Why a run still waits, in words for people. */
export const waitingReason = (
  entry: QueueEntry,
  { queue, taken, limits, isLowered = false, coolingUntil }: QueueView,
): string => {
  const allows = `CodeBuild allows ${limits.pool} build${limits.pool === 1 ? '' : 's'} at the moment`;
  if (coolingUntil !== undefined)
    return `${isLowered ? `${allows}; ` : ''}the runner pool found no room for builds and starts none before ${coolingUntil}`;
  const running = taken.workspaces.get(entry.workspaceId)?.length ?? 0;
  const limit = limits.workspace(entry.workspaceId);
  const ofWorkspace = `the workspace runs ${running} of at most ${limit}`;
  const ofPool = isLowered
    ? `${allows}, and the runner pool runs ${taken.pool.length}`
    : `the runner pool runs ${taken.pool.length} of at most ${limits.pool}`;
  if (running >= limit) return ofWorkspace;
  if (taken.pool.length >= limits.pool) return ofPool;
  const isNext = chooseAdmissions(queue, taken, limits).some((one) => one.entry.runId === entry.runId);
  if (isNext) return 'about to start';
  // There is room, but not for as many as come before it.
  const own = groupsOf(queue).get(entry.workspaceId) ?? [];
  const ahead = own.findIndex(({ runId }) => runId === entry.runId);
  return `others start first: ${running + ahead >= limit ? ofWorkspace : ofPool}`;
};
