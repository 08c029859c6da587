import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import type { TaskResult, WorkflowInput } from '../../../shared/contracts/workflow.ts';
import { workflowInputSchema } from '../../../shared/contracts/workflow.ts';
import { openEngine } from '../../../shared/runtime/engine.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { prepareRun } from './prepare-run.ts';

const environment = loadEnvironment(functionEnvironments['workflow/prepare']);
const engine = openEngine(environment);

/** First task of the workflow: the exact base image, the checks and the job bundle. */
export const handler = backgroundHandler(async (event: WorkflowInput): Promise<TaskResult> => {
  const { workspaceId, runId } = workflowInputSchema.parse(event);
  const target = {
    generation: environment.PACKER_GENERATION,
    ec2Endpoint: process.env['AWS_ENDPOINT_URL_EC2'],
  };
  return prepareRun(engine, scopeTo(workspaceId), runId, target);
});
