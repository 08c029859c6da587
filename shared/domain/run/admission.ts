/** A run that waits in a pool. */
export type QueueEntry = { workspaceId: string; runId: string; manual: boolean };

/** Slots that are taken; a slot is a number from 1 up to a limit. */
export type TakenSlots = { pool: number[]; workspaces: Map<string, number[]> };

export type Limits = { pool: number; workspace: (workspaceId: string) => number };

export type Admission = { entry: QueueEntry; slots: { workspace: number; pool: number } };

/**
 * The first free slot under `limit`, or undefined when as many are taken as there may be. After a limit was lowered
 * slots above it stay taken until their runs end, and count.
 */
export const freeSlot = (taken: number[], limit: number): number | undefined => {
  if (taken.length >= limit) return undefined;
  const used = new Set(taken);
  let slot = 1;
  while (used.has(slot)) slot += 1;
  return slot;
};

/**
 * Which of the waiting runs start now. Round robin between workspaces, those with the fewest running first; within a
 * workspace manual before scheduled, then first in, first out (run ids sort by creation).
 */
export const chooseAdmissions = (queue: QueueEntry[], taken: TakenSlots, limits: Limits): Admission[] => {
  const waiting = byWorkspace(queue);
  const pool = [...taken.pool];
  const workspaces = new Map([...waiting.keys()].map((id) => [id, [...(taken.workspaces.get(id) ?? [])]]));
  const admissions: Admission[] = [];
  for (;;) {
    const poolSlot = freeSlot(pool, limits.pool);
    const next = poolSlot === undefined ? undefined : nextWorkspace(waiting, workspaces, limits);
    if (poolSlot === undefined || next === undefined) return admissions;
    admissions.push({ entry: next.entry, slots: { workspace: next.slot, pool: poolSlot } });
    pool.push(poolSlot);
    workspaces.get(next.entry.workspaceId)?.push(next.slot);
    waiting.set(next.entry.workspaceId, (waiting.get(next.entry.workspaceId) ?? []).slice(1));
  }
};

const byWorkspace = (queue: QueueEntry[]): Map<string, QueueEntry[]> => {
  const groups = Map.groupBy(queue, (entry) => entry.workspaceId);
  const order = (a: QueueEntry, b: QueueEntry) =>
    Number(b.manual) - Number(a.manual) || (a.runId < b.runId ? -1 : 1);
  return new Map([...groups].map(([id, entries]) => [id, entries.sort(order)]));
};

const nextWorkspace = (waiting: Map<string, QueueEntry[]>, taken: Map<string, number[]>, limits: Limits) => {
  const candidates = [...waiting].flatMap(([workspaceId, entries]) => {
    const running = taken.get(workspaceId) ?? [];
    const slot = freeSlot(running, limits.workspace(workspaceId));
    const [entry] = entries;
    return entry === undefined || slot === undefined ? [] : [{ entry, slot, running: running.length }];
  });
  const order = (a: (typeof candidates)[number], b: (typeof candidates)[number]) =>
    a.running - b.running || (a.entry.runId < b.entry.runId ? -1 : 1);
  return candidates.sort(order)[0];
};

/** Why a run still waits, in words for people. */
export const waitingReason = (entry: QueueEntry, taken: TakenSlots, limits: Limits): string => {
  const running = taken.workspaces.get(entry.workspaceId) ?? [];
  if (freeSlot(running, limits.workspace(entry.workspaceId)) === undefined) {
    return `the workspace runs ${running.length} of at most ${limits.workspace(entry.workspaceId)}`;
  }
  if (freeSlot(taken.pool, limits.pool) === undefined) {
    return `the runner pool runs ${taken.pool.length} of at most ${limits.pool}`;
  }
  return 'about to start';
};

/** The queue in the order in which its runs would start if every limit had room, one after another. */
export const queueOrder = (queue: QueueEntry[]): QueueEntry[] => {
  const endless = { pool: queue.length, workspace: () => queue.length };
  return chooseAdmissions(queue, { pool: [], workspaces: new Map() }, endless).map(({ entry }) => entry);
};
