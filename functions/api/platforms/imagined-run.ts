import type { RunSnapshot } from '../../../shared/contracts/snapshot.ts';
import type { RunIdentity } from '../../../shared/platforms/platform.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

/** A run that would start now: it has the next number, and an id that no run will ever have. */
export const imaginedRun = async (
  { core, deploymentId }: { core: Table; deploymentId: string },
  scope: WorkspaceScope,
  { definition }: RunSnapshot,
): Promise<RunIdentity> => ({
  deploymentId,
  workspaceId: scope.workspaceId,
  definitionId: definition.id,
  runId: newId('run'),
  imageName: definition.name,
  number: await runStore(core, scope).peekNumber(definition),
});
