import type * as z from 'zod';
import { type BuildStarter, startBuild } from '../../../shared/actions/start-build.ts';
import type { startBuildInputSchema } from '../../../shared/contracts/workflow.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';

/**
 * Starts the build of a run and leaves the state's task token with the run: the agent API gives it back when the runner
 * completes. A start that nobody knows the outcome of is no error of the state; the reconciler makes it again. `wake`
 * answers the token at once where nothing is to be built.
 */
export const beginBuild = async (
  starter: BuildStarter,
  wake: (taskToken: string) => Promise<unknown>,
  { workspaceId, runId, taskToken }: z.infer<typeof startBuildInputSchema>,
): Promise<void> => {
  try {
    const start = await startBuild(starter, scopeTo(workspaceId), runId, taskToken);
    if (start === 'over' || start === 'refused') await wake(taskToken);
  } catch (error) {
    logger.error('nobody knows whether the build was started', { runId, error });
  }
};
