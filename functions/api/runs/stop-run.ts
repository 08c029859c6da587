import type { Engine } from '../../../shared/actions/engine.ts';
import { requestStop } from '../../../shared/actions/request-stop.ts';
import { hasEnded, present } from '../../../shared/domain/run/lifecycle.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { ApiProblem } from '../../../shared/runtime/api/problem.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { demandRun } from './read-runs.ts';

/** Stop a run. Asking twice is asking once; of a run that has ended 409. */
export const stopRun = async (
  engine: Pick<Engine, 'core' | 'now'>,
  call: { scope: WorkspaceScope; params: { runId: string }; principal: Principal },
): Promise<Answer> => {
  const seen = await demandRun(engine.core, call.scope, call.params.runId);
  const by = call.principal.id;
  const run = hasEnded(seen) ? seen : await requestStop(engine, call.scope, { runId: seen.id, by });
  // Ended, but not by this very request: it came too late.
  if (hasEnded(seen) || (hasEnded(run) && run.status !== 'Stopped')) {
    throw new ApiProblem('already-finished', `The run is ${run.status} since ${run.endedAt}.`);
  }
  return { body: present(run) };
};
