import type * as z from 'zod';
import { type BuildStarter, startBuild } from '../../../shared/actions/start-build.ts';
import type { startBuildInputSchema } from '../../../shared/contracts/workflow.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';

/**
 * Starts the build of a run and leaves the state's task token with the run: the agent API gives it back when the runner
 * completes. A start that nobody knows the outcome of is no error of the state; the reconciler makes it again. `wake`
 * answers the token at once where nothing is to be built. Throws when the token is neither answered nor left.
 */
export const beginBuild = async (
  starter: BuildStarter,
  wake: (taskToken: string) => Promise<unknown>,
  { workspaceId, runId, taskToken }: z.infer<typeof startBuildInputSchema>,
): Promise<void> => {
  const scope = scopeTo(workspaceId);
  try {
    const start = await startBuild(starter, scope, runId, taskToken);
    if (start === 'over' || start === 'refused') await wake(taskToken);
  } catch (error) {
    const run = await runStore(starter.core, scope).get(runId);
    // Nobody could answer it ever, and the state would wait for its whole time.
    if (run?.taskToken !== taskToken) throw error;
    logger.error('nobody knows whether the build was started', { runId, error });
  }
};
