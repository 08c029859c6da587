/**
 * What CodeBuild showed of the room that a pool has, when it took no more builds. How many it takes belongs to the whole
 * account, has no call that tells it, and changes while others build: so the last refusal counts, and with time less.
 */
export type PoolRoom = {
  /** Nobody is admitted before. */
  until: string;
  /** Builds of the pool that were under way at the last refusal, at least 1, and when that was. */
  allows?: number | undefined;
  refusedAt?: string | undefined;
};

/** After so long without a refusal a quarter more is tried, at least one: from 3 to 60 builds takes two and a half hours. */
const STEP_MS = 10 * 60_000;
const SHARE = 4;

/** The rest of a pool as it is now; undefined: it admits. */
export const restOf = (room: PoolRoom | undefined, now: string): string | undefined =>
  room !== undefined && room.until > now ? room.until : undefined;

/** How many runs a pool may have at a time as CodeBuild has it now: never more than `limit`, never none. */
export const allowedIn = (room: PoolRoom | undefined, limit: number, now: string): number => {
  if (room?.allows === undefined || room.refusedAt === undefined) return limit;
  let allowed = room.allows;
  const steps = Math.floor((Date.parse(now) - Date.parse(room.refusedAt)) / STEP_MS);
  for (let step = 0; step < steps && allowed < limit; step += 1)
    allowed += Math.max(1, Math.floor(allowed / SHARE));
  return Math.min(allowed, limit);
};

/** The room after a refusal, which asks for a rest until `until`. `underWay`: builds, when it was for want of room for one more. */
export const refusedRoom = (
  room: PoolRoom | undefined,
  { until, now, underWay }: { until: string; now: string; underWay?: number | undefined },
): PoolRoom => ({
  ...room,
  // Another run may have found out already that it takes longer.
  until: room !== undefined && room.until > until ? room.until : until,
  ...(underWay === undefined ? {} : { allows: Math.max(1, underWay), refusedAt: now }),
});
