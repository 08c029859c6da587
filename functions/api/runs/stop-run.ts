import type { Engine } from '../../../shared/actions/engine.ts';
import { stopRun } from '../../../shared/actions/stop-run.ts';
import { hasEnded, present } from '../../../shared/domain/run/lifecycle.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { ApiProblem } from '../../../shared/runtime/api/problem.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { demandRun } from './read-runs.ts';

/** Stop a run. Again and again is once; of a run that ended by itself 409, of one that was stopped its state. */
export const requestStop = async (
  engine: Pick<Engine, 'core' | 'now'>,
  call: { scope: WorkspaceScope; params: { runId: string }; principal: Principal },
): Promise<Answer> => {
  const run = await demandRun(engine.core, call.scope, call.params.runId);
  if (hasEnded(run))
    throw new ApiProblem('already-finished', `The run is ${run.status} since ${run.endedAt}.`);
  const stopped = await stopRun(engine, call.scope, { runId: run.id, by: call.principal.id });
  return { body: present(stopped) };
};
