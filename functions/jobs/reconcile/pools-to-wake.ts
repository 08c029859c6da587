import { logger } from '../../../shared/runtime/logger.ts';
import { duePools, knownPools } from '../../../shared/store/queue-store.ts';
import type { Table } from '../../../shared/store/table.ts';

/**
 * The pools whose dispatchers are to look, woken or not: the deployment's own, those that it once had (what waits there
 * waits in vain), and those of connectors for which somebody waits. Its own are looked at whatever the table answers.
 */
export const poolsToWake = async (core: Table, ownPools: string[], now: string): Promise<string[]> => {
  const found = await Promise.allSettled([knownPools(core).remember(ownPools), duePools(core, now)]);
  const others = found.flatMap((one) => {
    if (one.status === 'fulfilled') return one.value;
    logger.error('not all pools are known', { error: one.reason });
    return [];
  });
  return [...new Set([...ownPools, ...others])];
};
