import type { RunSnapshot } from '../../../shared/contracts/snapshot.ts';
import { platformOf } from '../../../shared/platforms/registry.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { sweepStore } from '../../../shared/store/sweep-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

const DAY_MS = 86_400_000;

/**
 * From the first run of a connection on its account is looked through each day; where only a connector has a way it is
 * not. One read, and a write for a connection or a region that is new. No run fails of it: the next one plans it.
 */
export const planSweep = async (
  { core, now }: { core: Table; now: () => string },
  scope: WorkspaceScope,
  snapshot: RunSnapshot,
): Promise<void> => {
  const { client, regions } = platformOf(snapshot.builderConfiguration.platform);
  if (client === undefined) return;
  const { id: connectionId } = snapshot.connection;
  const dueAt = new Date(Date.parse(now()) + DAY_MS).toISOString();
  try {
    await sweepStore(core).plan(scope, { connectionId, regions: regions(snapshot), dueAt });
  } catch (error) {
    logger.error('the sweep of an account was not planned', { connectionId, error });
  }
};
