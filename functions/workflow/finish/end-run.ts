import { type Finishing, finishRun } from '../../../shared/actions/finish-run.ts';
import { type Verifying, verifyImage } from '../../../shared/actions/verify-image.ts';
import type { FinishInput } from '../../../shared/contracts/workflow.ts';
import { failureOf } from '../../../shared/domain/triage/classify.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';

/** Ends a run, however it went. Harmless to repeat. */
export const endRun = async (
  engine: Finishing & Verifying,
  { workspaceId, runId, broken }: FinishInput,
): Promise<void> => {
  const scope = scopeTo(workspaceId);
  const found = await runStore(engine.core, scope).get(runId);
  if (found === undefined) return;
  const { completion } = found;
  // Verify has done this, unless it broke: a good image must not fail for that.
  const run = completion === undefined ? found : await verifyImage(engine, scope, { ...found, completion });
  await finishRun(engine, scope, run, {
    outcome: 'failed',
    failure: failureOf('workflow-lost', { message: messageOf(broken) }),
  });
};

const messageOf = (broken: FinishInput['broken']): string =>
  broken === null || broken === undefined
    ? 'The workflow ended without a result of the build.'
    : `${broken.state} broke off (${broken.error}) before there was a result.`;
