/** The runner pools of a deployment and how many runs each takes; a deployment may change that. */
export const createPools = (limits: [poolId: string, limit: number][]) => {
  const current = new Map(limits);
  return {
    ids: limits.map(([id]) => id),
    limit: (poolId: string): number => current.get(poolId) ?? 0,
    set: (poolId: string, limit: number): void => void current.set(poolId, limit),
  };
};
export type PoolLimits = ReturnType<typeof createPools>;
