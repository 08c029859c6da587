import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import {
  type TaskResult,
  type WorkflowInput,
  workflowInputSchema,
} from '../../../shared/contracts/workflow.ts';
import { openEngine } from '../../../shared/runtime/engine.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { verifyRun } from './verify-run.ts';

const engine = openEngine(loadEnvironment(functionEnvironments['workflow/verify']));

/** After the build: does the platform show the image? Writes the verdict that Finish carries out. */
export const handler = backgroundHandler(
  (event: WorkflowInput): Promise<TaskResult> => verifyRun(engine, workflowInputSchema.parse(event)),
);
