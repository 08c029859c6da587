import { RunGone } from '../../../shared/actions/change-run.ts';
import { changeLedger, isOpen } from '../../../shared/actions/leftover-ledger.ts';
import type { Leftover } from '../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import { audited, type Deed } from '../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { ApiProblem, notFound } from '../../../shared/runtime/api/problem.ts';
import { timestampOf } from '../../../shared/store/clock.ts';
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
 * Deletes what a run left behind, in the background; a dry run only says what that would be. The request stands in the
 * run until it is carried out: the table's stream carries it on, the reconciler repeats it, and asking again asks again.
 */
export const deleteLeftovers = async (
  core: Table,
  call: Call & { principal: Principal; query: { dryRun: boolean } },
): Promise<Answer> => {
  const run = await demandRun(core, call.scope, call.params.runId);
  const doomed = (await leftoverStore(core, call.scope).list(run.id)).filter(isOpen);
  if (call.query.dryRun) return { status: 200, body: { items: doomed } };
  if (!hasEnded(run))
    throw new ApiProblem('still-active', 'What a run uses is not left over yet. Stop it first.');
  return { body: { items: doomed.length === 0 ? [] : await askToDelete(core, call, run) } };
};

const askToDelete = async (
  core: Table,
  { scope, principal }: { scope: WorkspaceScope; principal: Principal },
  run: StoredRun,
): Promise<Leftover[]> => {
  const stateAt = timestampOf(core.clock);
  let marked: Leftover[] = [];
  const asking = changeLedger(core, scope, run.id, (_, ledger) => {
    const open = ledger.filter(isOpen);
    marked = open.map((one) => ({ ...one, state: 'deleting', stateAt, detail: undefined }));
    return {
      changes: { deletionAskedAt: stateAt },
      restate: marked.filter((_one, place) => open[place]?.state !== 'deleting'),
      more: [audited(scope, deedOf(principal, run, open))],
    };
  });
  await asking.catch((error: unknown) => {
    throw error instanceof RunGone ? notFound('run') : error;
  });
  return marked;
};

const deedOf = (principal: Principal, run: StoredRun, doomed: Leftover[]): Deed => ({
  principal,
  action: 'delete',
  entity: { ...runEntity(run), kind: 'leftovers' },
  before: { leftovers: doomed.map(({ kind, locator }) => ({ kind, locator })) },
});
