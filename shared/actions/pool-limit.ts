import * as z from 'zod';
import { kindOfId } from '../contracts/common.ts';
import type { RunnerPool } from '../contracts/entities/runner-pool.ts';
import { entityStore } from '../store/entity-store.ts';
import type { Table } from '../store/table.ts';
import { scopeTo } from '../store/workspace-scope.ts';

const connectorSchema = z.object({ maxConcurrentRuns: z.int() });

/**
 * How many runs a pool may have at a time, as it is now: the deployment says it of its own pools, a connector of
 * itself. Undefined: there is no such pool any more. `workspaceId`: of a run that waits or goes on in the pool.
 */
export const poolLimit = async (
  core: Table,
  pool: { id: string; workspaceId: string },
  ownPools: Pick<RunnerPool, 'id' | 'maxConcurrentRuns'>[],
): Promise<number | undefined> => {
  if (kindOfId(pool.id) !== 'connector') return ownPools.find(({ id }) => id === pool.id)?.maxConcurrentRuns;
  const connector = await entityStore(core, scopeTo(pool.workspaceId)).get('connector', pool.id);
  return connector && connectorSchema.parse(connector).maxConcurrentRuns;
};
