import { changeRun } from '../../shared/actions/change-run.ts';
import type { Engine } from '../../shared/actions/engine.ts';
import type { Completion } from '../../shared/contracts/agent-protocol.ts';
import { applyProgress } from '../../shared/domain/run/lifecycle.ts';
import { ApiProblem } from '../../shared/runtime/api/problem.ts';
import { logger } from '../../shared/runtime/logger.ts';
import { type AgentCall, leased } from './lease.ts';

/**
 * Writes down how the build ended, then wakes the workflow. Saying it twice is saying it once; when the wake-up is
 * lost the reconciler repeats it. `wake` answers a task token.
 */
export const complete = async (
  engine: Engine,
  wake: (taskToken: string) => Promise<unknown>,
  call: AgentCall & { body: Completion },
): Promise<void> => {
  const { scope, run } = await leased(engine.core, call, { evenEnded: true });
  if (run.completion !== undefined) return;
  if (run.status !== 'Running') throw new ApiProblem('lease-lost', 'The run has ended.');
  const completion = call.body;
  const completed = await changeRun(engine.core, scope, run.id, (current) => {
    if (current.completion !== undefined || current.status !== 'Running') return undefined;
    const progress = { ...completion.progress, temporaries: completion.temporaries };
    const changes = { ...applyProgress(current, progress), completion, phase: 'verifying' as const };
    return { changes };
  });
  if (completed.taskToken === undefined) return;
  try {
    await wake(completed.taskToken);
  } catch (error) {
    logger.warn('the workflow was not woken', { runId: run.id, error });
  }
};
