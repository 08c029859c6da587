import type { Leftover } from '../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import { needsSweep } from '../../../shared/domain/run/tidying.ts';
import { audited } from '../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { demandMatch } from '../../../shared/runtime/api/precondition.ts';
import { ApiProblem } from '../../../shared/runtime/api/problem.ts';
import { leftoverStore } from '../../../shared/store/leftover-store.ts';
import { logStore } from '../../../shared/store/log-store.ts';
import { contended } from '../../../shared/store/retry.ts';
import type { RunFiles } from '../../../shared/store/run-files.ts';
import { runRemoval } from '../../../shared/store/run-removal.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { runEntity } from './audit-runs.ts';
import { demandRun } from './read-runs.ts';

type Stores = { core: Table; traffic: Table; files: Pick<RunFiles, 'removeBundle'> };
type Call = {
  scope: WorkspaceScope;
  params: { runId: string };
  principal: Principal;
  headers: Record<string, string | undefined>;
};

/**
 * Deletes a run that has ended, with its log and job bundle; its image version stays and still names it. The run goes
 * first: a crash after that leaves lines that nobody can reach and that expire, and a bundle without a secret.
 */
export const deleteRun = async (stores: Stores, call: Call): Promise<Answer> => {
  const run = await contended(() => removeOnce(stores.core, call), undefined, stores.core.clock);
  await logStore(stores.traffic, call.scope, run.id).remove();
  if (run.bundle !== undefined) await stores.files.removeBundle(run.bundle.key);
  return {};
};

const removeOnce = async (core: Table, call: Call): Promise<StoredRun> => {
  const { scope, principal } = call;
  const run = await demandRun(core, scope, call.params.runId);
  demandMatch(call.headers, run.rev);
  if (!hasEnded(run)) throw new ApiProblem('still-active', 'Stop the run or wait until it ends.');
  const leftovers = await leftoverStore(core, scope).list(run.id);
  const event = audited(scope, {
    principal,
    action: 'delete',
    entity: runEntity(run),
    before: toldOf(run, leftovers),
  });
  const cleanUp = needsSweep(run) || leftovers.some((one) => one.state === 'deleting');
  await runRemoval(core, scope).remove({ run, leftovers, cleanUp, more: [event] });
  return run;
};

/** What the audit event tells of a deleted run: above all, what stays in the customer's account. */
const toldOf = (run: StoredRun, leftovers: Leftover[]): Record<string, unknown> => ({
  imageDefinitionId: run.imageDefinitionId,
  number: run.number,
  status: run.status,
  startedAt: run.startedAt,
  endedAt: run.endedAt,
  imageVersionId: run.imageVersionId,
  leftovers: leftovers
    .filter((one) => one.state !== 'deleted')
    .map(({ kind, locator, state }) => ({ kind, locator, state })),
  ...(needsSweep(run) && { temporaries: run.temporaries }),
});
