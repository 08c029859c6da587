import { accountChecks } from '../../../shared/actions/check-platform.ts';
import type { Reach } from '../../../shared/actions/reach-platforms.ts';
import { presentChecks } from '../../../shared/actions/run-checks.ts';
import { connectionStored } from '../../../shared/contracts/entities/connection.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { notFound } from '../../../shared/runtime/api/problem.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { entityStore } from '../../../shared/store/entity-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

type Verifier = { core: Table; reach: Reach; limitMs: number };

/** Whether a connection lets builds in, as the platform says at this moment. Throws 404. */
export const verifyConnection = async (
  { core, reach, limitMs }: Verifier,
  { scope, params }: { scope: WorkspaceScope; params: { id: string } },
): Promise<Answer> => {
  const row = await entityStore(core, scope).get('connection', params.id);
  if (row === undefined) throw notFound('connection');
  const { checks, faults } = await accountChecks(reach, scope, connectionStored.parse(row), limitMs);
  for (const error of faults) logger.error('a connection could not be checked', { error });
  return { body: presentChecks(checks) };
};
