import { finishRun } from '../../../shared/actions/finish-run.ts';
import { verifyImage } from '../../../shared/actions/verify-image.ts';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { type FinishInput, finishInputSchema } from '../../../shared/contracts/workflow.ts';
import { failureOf } from '../../../shared/domain/triage/classify.ts';
import { openEngine } from '../../../shared/runtime/engine.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';

const engine = openEngine(loadEnvironment(functionEnvironments['workflow/finish']));

/** Last task of every run, however it went. */
export const handler = backgroundHandler(async (event: FinishInput): Promise<void> => {
  const { workspaceId, runId, broken } = finishInputSchema.parse(event);
  const scope = scopeTo(workspaceId);
  const found = await runStore(engine.core, scope).get(runId);
  if (found === undefined) return;
  const { completion } = found;
  // Verify has done this, unless it broke: a good image must not fail for that.
  const run = completion === undefined ? found : await verifyImage(engine, scope, { ...found, completion });
  const message = messageOf(broken);
  await finishRun(engine, scope, run, {
    outcome: 'failed',
    failure: failureOf('workflow-lost', { message }),
  });
});

const messageOf = (broken: FinishInput['broken']): string =>
  broken === null || broken === undefined
    ? 'The workflow ended without a result of the build.'
    : `${broken.state} broke off (${broken.error}) before there was a result.`;
