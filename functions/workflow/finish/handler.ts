import { finishRun } from '../../../shared/actions/finish-run.ts';
import { verifyImage } from '../../../shared/actions/verify-image.ts';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { type WorkflowInput, workflowInputSchema } from '../../../shared/contracts/workflow.ts';
import { failureOf } from '../../../shared/domain/triage/classify.ts';
import { openEngine } from '../../../shared/runtime/engine.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';

const engine = openEngine(loadEnvironment(functionEnvironments['workflow/finish']));

/** Last task of every run, however it went. */
export const handler = backgroundHandler(async (event: WorkflowInput): Promise<void> => {
  const { workspaceId, runId } = workflowInputSchema.parse(event);
  const scope = scopeTo(workspaceId);
  const found = await runStore(engine.core, scope).get(runId);
  if (found === undefined) return;
  const { completion } = found;
  // Verify has done this, unless it broke: a good image must not fail for that.
  const run = completion === undefined ? found : await verifyImage(engine, scope, { ...found, completion });
  const message = 'The workflow ended without a result of the build.';
  await finishRun(engine, scope, run, {
    outcome: 'failed',
    failure: failureOf('workflow-lost', { message }),
  });
});
