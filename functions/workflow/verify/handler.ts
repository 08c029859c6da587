import { verifyImage } from '../../../shared/actions/verify-image.ts';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import {
  type TaskResult,
  type WorkflowInput,
  workflowInputSchema,
} from '../../../shared/contracts/workflow.ts';
import { openEngine } from '../../../shared/runtime/engine.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';

const engine = openEngine(loadEnvironment(functionEnvironments['workflow/verify']));

/** After the build: does the platform show the image? Writes the verdict that Finish carries out. */
export const handler = backgroundHandler(async (event: WorkflowInput): Promise<TaskResult> => {
  const { workspaceId, runId } = workflowInputSchema.parse(event);
  const scope = scopeTo(workspaceId);
  const run = await runStore(engine.core, scope).get(runId);
  if (run?.completion !== undefined) await verifyImage(engine, scope, { ...run, completion: run.completion });
  return { next: 'finish' };
});
