import { type Verifying, verifyImage } from '../../../shared/actions/verify-image.ts';
import type { TaskResult, WorkflowInput } from '../../../shared/contracts/workflow.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';

/** Judges a run whose build is complete; of any other there is nothing to judge. */
export const verifyRun = async (
  engine: Verifying,
  { workspaceId, runId }: WorkflowInput,
): Promise<TaskResult> => {
  const scope = scopeTo(workspaceId);
  const run = await runStore(engine.core, scope).get(runId);
  if (run?.completion !== undefined) await verifyImage(engine, scope, { ...run, completion: run.completion });
  return { next: 'finish' };
};
