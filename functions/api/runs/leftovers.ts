import type { Leftover } from '../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import { audited, type Deed } from '../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { ApiProblem } from '../../../shared/runtime/api/problem.ts';
import { now } from '../../../shared/runtime/ids.ts';
import { leftoverStore } from '../../../shared/store/leftover-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { runEntity } from './audit-runs.ts';
import { demandRun } from './read-runs.ts';

type Call = { scope: WorkspaceScope; params: { runId: string } };

/** What a run left behind. */
export const listLeftovers = async (core: Table, call: Call): Promise<Answer> => {
  const run = await demandRun(core, call.scope, call.params.runId);
  return { body: { items: await leftoverStore(core, call.scope).list(run.id) } };
};

/**
 * Deletes what a run left behind, in the background; a dry run only says what that would be. The marks are the
 * request: the table's stream carries them on, and marking again asks again.
 */
export const deleteLeftovers = async (
  core: Table,
  call: Call & { principal: Principal; query: { dryRun: boolean } },
): Promise<Answer> => {
  const run = await demandRun(core, call.scope, call.params.runId);
  const store = leftoverStore(core, call.scope);
  const doomed = (await store.list(run.id)).filter((one) => one.state !== 'deleted');
  if (call.query.dryRun) return { status: 200, body: { items: doomed } };
  if (!hasEnded(run))
    throw new ApiProblem('still-active', 'What a run uses is not left over yet. Stop it first.');
  const more = [audited(call.scope, deedOf(call.principal, run, doomed))];
  await store.setState(run.id, doomed, { state: 'deleting', at: now(), more });
  return { body: { items: doomed.map((one) => ({ ...one, state: 'deleting' })) } };
};

const deedOf = (principal: Principal, run: StoredRun, doomed: Leftover[]): Deed => ({
  principal,
  action: 'delete',
  entity: { ...runEntity(run), kind: 'leftovers' },
  before: { leftovers: doomed.map(({ kind, locator }) => ({ kind, locator })) },
});
