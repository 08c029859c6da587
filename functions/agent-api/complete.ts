import { changeRun } from '../../shared/actions/change-run.ts';
import type { Engine } from '../../shared/actions/engine.ts';
import { sealLogin, type StoredLogin } from '../../shared/actions/vm-login.ts';
import type { Completion } from '../../shared/contracts/agent-protocol.ts';
import { applyProgress } from '../../shared/domain/run/lifecycle.ts';
import { ApiProblem } from '../../shared/runtime/api/problem.ts';
import { logger } from '../../shared/runtime/logger.ts';
import type { WorkspaceScope } from '../../shared/store/workspace-scope.ts';
import { type AgentCall, demandSame, leased } from './lease.ts';

/**
 * Writes down how the build ended, with the login of a VM that stays, then wakes the workflow. Saying it twice is saying it
 * once; when the wake-up is lost the reconciler repeats it. `wake` answers a task token.
 */
export const complete = async (
  engine: Engine,
  wake: (taskToken: string) => Promise<unknown>,
  call: AgentCall & { body: Completion },
): Promise<void> => {
  const { scope, run } = await leased(engine.core, call, { evenEnded: true });
  if (run.completion !== undefined) return;
  if (run.status !== 'Running') throw new ApiProblem('lease-lost', 'The run has ended.');
  const { login, ...completion } = call.body;
  const vmLogin = completion.outcome === 'stopped' ? await keep(engine, scope, run.id, login) : undefined;
  const completed = await changeRun(engine.core, scope, run.id, (current) => {
    if (current.completion !== undefined || current.status !== 'Running') return undefined;
    demandSame(current, run);
    const progress = { ...completion.progress, temporaries: completion.temporaries };
    const news = { completion, phase: 'verifying' as const, ...(vmLogin && { vmLogin }) };
    const changes = { ...applyProgress(current, progress), ...news };
    return { changes };
  });
  if (completed.taskToken === undefined) return;
  try {
    await wake(completed.taskToken);
  } catch (error) {
    logger.warn('the workflow was not woken', { runId: run.id, error });
  }
};

/** A login that cannot be sealed is lost, and our log says so: a stop must not wait for it. */
const keep = async (
  engine: Engine,
  scope: WorkspaceScope,
  runId: string,
  login: Completion['login'],
): Promise<StoredLogin | undefined> => {
  if (login === undefined) return undefined;
  try {
    return await sealLogin(engine, scope, runId, login);
  } catch (error) {
    logger.error('the login of a kept VM could not be sealed', { runId, error });
    return undefined;
  }
};
