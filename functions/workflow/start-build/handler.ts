import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { projectIn } from '../../../shared/contracts/env/runner-pools.ts';
import { startBuildInputSchema } from '../../../shared/contracts/workflow.ts';
import { cloudBuildStarter } from '../../../shared/runtime/cloud-builds.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { newSecret, now } from '../../../shared/runtime/ids.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { metricCounter } from '../../../shared/runtime/metrics.ts';
import { callLimits } from '../../../shared/store/call-limits.ts';
import { openTable } from '../../../shared/store/table.ts';
import { beginBuild } from './begin-build.ts';

const environment = loadEnvironment(functionEnvironments['workflow/start-build']);
const projectOf = projectIn(environment.RUNNER_POOLS);
const starter = {
  core: openTable(environment.CORE_TABLE),
  startCloudBuild: cloudBuildStarter({ apiUrl: environment.API_URL, projectOf }),
  newSecret,
  now,
  count: metricCounter(environment.DEPLOYMENT_ID),
};
const states = new SFNClient(callLimits);
const wake = (taskToken: string) => states.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));

/** Second task of the workflow, which then waits for its token. */
export const handler = backgroundHandler(
  (event: unknown): Promise<void> => beginBuild(starter, wake, startBuildInputSchema.parse(event)),
);
