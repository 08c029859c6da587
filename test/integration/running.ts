import { runSchema } from '../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import { admit } from '../../shared/domain/run/lifecycle.ts';
import { keys } from '../../shared/store/keys.ts';
import { leaveQueue } from '../../shared/store/queue-store.ts';
import type { Table } from '../../shared/store/table.ts';
import { scopeTo } from '../../shared/store/workspace-scope.ts';
import { makeDefinition, makeWorkspace, type TestWorkspace } from './client.ts';
import { digest, storeOf } from './inside.ts';

/** The one-time token of every run that is made here. */
export const CLAIM_TOKEN = 'claim-token-0123456789';

export type Running = { workspace: TestWorkspace; run: StoredRun; definitionId: string };

/** A workspace whose only slot is taken by nobody: what is started there waits. */
export const makeCrowded = async (core: Table) => {
  const workspace = await makeWorkspace({ maxConcurrentRuns: 1 });
  const slot = keys.workspaceSlot(scopeTo(workspace.id), 1);
  const row = { row: 'slot' as const, poolId: 'cloud', slot: 1, runId: 'run_NOBODY' };
  await core.write([{ put: { ...slot, ...row } }]);
  return { workspace, slot, free: () => core.write([{ delete: slot }]) };
};

/**
 * A run that is Running although no workflow and no build works on it: what a runner or a fault does next is the
 * test's to choose. It holds no slot, so that it is in nobody's way.
 */
export const makeRunning = async (core: Table, fields: Partial<StoredRun> = {}): Promise<Running> => {
  const { workspace } = await makeCrowded(core);
  const { id: definitionId } = await makeDefinition(workspace);
  const started = await workspace.at('POST', `/image-definitions/${definitionId}/runs`);
  const { id } = runSchema.parse(started.body);
  const runs = storeOf(core, workspace.id);
  const queued = await runs.get(id);
  if (queued === undefined) throw new Error(`there is no run ${id}`);
  const now = new Date().toISOString();
  const until = new Date(Date.now() + 600_000).toISOString();
  const { slots: _, ...admitted } = admit(queued, { workspace: 1, pool: 1 }, now);
  const run = await runs.change(
    queued,
    {
      ...admitted,
      claim: { tokenSha256: digest(CLAIM_TOKEN), until },
      bundle: { key: `jobs/${workspace.id}/${id}.json`, sha256: 'f'.repeat(64) },
      ...fields,
    },
    { more: [leaveQueue(queued)] },
  );
  return { workspace, run, definitionId };
};
