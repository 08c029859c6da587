import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { startBuild } from '../../../shared/actions/start-build.ts';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { projectIn } from '../../../shared/contracts/env/runner-pools.ts';
import { startBuildInputSchema } from '../../../shared/contracts/workflow.ts';
import { cloudBuildStarter } from '../../../shared/runtime/cloud-builds.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { newSecret, now } from '../../../shared/runtime/ids.ts';
import { backgroundHandler, logger } from '../../../shared/runtime/logger.ts';
import { openTable } from '../../../shared/store/table.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';

const environment = loadEnvironment(functionEnvironments['workflow/start-build']);
const projectOf = projectIn(environment.RUNNER_POOLS);
const starter = {
  core: openTable(environment.CORE_TABLE),
  startCloudBuild: cloudBuildStarter({ apiUrl: environment.API_URL, projectOf }),
  newSecret,
  now,
};
const states = new SFNClient({});

/**
 * Starts the build of a run and leaves the state's task token with the run: the agent API gives it back when the runner
 * completes. A start that nobody knows the outcome of is no error of the state; the reconciler makes it again.
 */
export const handler = backgroundHandler(async (event: unknown): Promise<void> => {
  const { workspaceId, runId, taskToken } = startBuildInputSchema.parse(event);
  try {
    const start = await startBuild(starter, scopeTo(workspaceId), runId, taskToken);
    if (start === 'over' || start === 'refused')
      await states.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
  } catch (error) {
    logger.error('nobody knows whether the build was started', { runId, error });
  }
});
