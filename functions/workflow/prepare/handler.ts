import { setTimeout as pause } from 'node:timers/promises';
import { reachPlatforms } from '../../../shared/actions/reach-platforms.ts';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import type { TaskResult, WorkflowInput } from '../../../shared/contracts/workflow.ts';
import { workflowInputSchema } from '../../../shared/contracts/workflow.ts';
import { openEngine } from '../../../shared/runtime/engine.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { resourceFiles } from '../../../shared/store/resource-files.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { prepareRun } from './prepare-run.ts';

const environment = loadEnvironment(functionEnvironments['workflow/prepare']);
const engine = openEngine(environment);
/** For the checks: a fifth of the function's time, so that the rest is enough to store the job or to tell what is wrong. */
const LIMIT_MS = 60_000;
/** How often a run is looked at while its checks are made: one may take a minute, and most take less than this. */
const GLANCE_MS = 1500;
const preparing = {
  ...engine,
  resources: resourceFiles(environment.RESOURCES_BUCKET),
  reach: reachPlatforms(engine),
  limitMs: LIMIT_MS,
  untilGlance: (signal: AbortSignal) => pause(GLANCE_MS, undefined, { signal }),
  target: {
    generation: environment.PACKER_GENERATION,
    ec2Endpoint: process.env['AWS_ENDPOINT_URL_EC2'],
  },
};

/** First task of the workflow: the checks, the exact base image and the job bundle. */
export const handler = backgroundHandler(async (event: WorkflowInput): Promise<TaskResult> => {
  const { workspaceId, runId } = workflowInputSchema.parse(event);
  return prepareRun(preparing, scopeTo(workspaceId), runId);
});
