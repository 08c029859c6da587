import type { Engine } from '../../../shared/actions/engine.ts';
import { requestStop } from '../../../shared/actions/request-stop.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { hasEnded, present } from '../../../shared/domain/run/lifecycle.ts';
import { audited } from '../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { etagOf } from '../../../shared/runtime/api/precondition.ts';
import { ApiProblem } from '../../../shared/runtime/api/problem.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { runEntity } from './audit-runs.ts';
import { demandRun } from './read-runs.ts';

type Call = { scope: WorkspaceScope; params: { runId: string }; principal: Principal };

/** Stop a run. Asking twice is asking once; of a run that has ended 409. */
export const stopRun = async (engine: Pick<Engine, 'core' | 'now'>, call: Call): Promise<Answer> => {
  const seen = await demandRun(engine.core, call.scope, call.params.runId);
  const run = hasEnded(seen) ? seen : await requestStop(engine, call.scope, stopOf(call));
  // Ended, but not by this very request: it came too late.
  if (hasEnded(seen) || (hasEnded(run) && run.status !== 'Stopped')) {
    throw new ApiProblem('already-finished', `The run is ${run.status} since ${run.endedAt}.`);
  }
  return { headers: { etag: etagOf(run.rev) }, body: present(run) };
};

/** Only the first stop of a run is one that is recorded. */
const stopOf = ({ scope, params, principal }: Call) => ({
  runId: params.runId,
  by: principal.id,
  more: (run: StoredRun) => [
    audited(scope, { principal, action: 'stop', entity: runEntity(run), before: { status: run.status } }),
  ],
});
