import type { Engine } from '../../../shared/actions/engine.ts';
import { requestStop } from '../../../shared/actions/request-stop.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { isStopBeforeRunner } from '../../../shared/domain/run/build-start.ts';
import { hasEnded, present } from '../../../shared/domain/run/lifecycle.ts';
import { audited } from '../../../shared/runtime/api/audit.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { etagOf } from '../../../shared/runtime/api/precondition.ts';
import { ApiProblem } from '../../../shared/runtime/api/problem.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { runEntity } from './audit-runs.ts';
import { demandRun } from './read-runs.ts';

/** `wake` answers the task token of a workflow that waits for a build. */
export type Stopper = Pick<Engine, 'core' | 'now'> & { wake: (taskToken: string) => Promise<unknown> };
type Call = { scope: WorkspaceScope; params: { runId: string }; principal: Principal };

/** Stop a run. Asking twice is asking once; of a run that has ended 409. */
export const stopRun = async (stopper: Stopper, call: Call): Promise<Answer> => {
  const seen = await demandRun(stopper.core, call.scope, call.params.runId);
  const run = hasEnded(seen) ? seen : await requestStop(stopper, call.scope, stopOf(call));
  // Ended, but not by this very request: it came too late.
  if (hasEnded(seen) || (hasEnded(run) && run.status !== 'Stopped')) {
    throw new ApiProblem('already-finished', `The run is ${run.status} since ${run.endedAt}.`);
  }
  if (isStopBeforeRunner(run)) await wakeWorkflow(stopper, run);
  return { headers: { etag: etagOf(run.rev) }, body: present(run) };
};

/** Nobody will claim the run: its workflow need not wait. What is not heard here, the reconciler says again. */
const wakeWorkflow = async ({ wake }: Stopper, { id: runId, taskToken }: StoredRun): Promise<void> => {
  if (taskToken === undefined) return;
  try {
    await wake(taskToken);
  } catch (error) {
    logger.info('the workflow was not woken, or needed no waking', { runId, error });
  }
};

/** Only the first stop of a run is one that is recorded. */
const stopOf = ({ scope, params, principal }: Call) => ({
  runId: params.runId,
  by: principal.id,
  more: (run: StoredRun) => [
    audited(scope, { principal, action: 'stop', entity: runEntity(run), before: { status: run.status } }),
  ],
});
