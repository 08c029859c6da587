import { endBuild } from '../../../shared/actions/end-build.ts';
import { type Finishing, finishRun } from '../../../shared/actions/finish-run.ts';
import { type Verifying, verifyImage } from '../../../shared/actions/verify-image.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import type { FinishInput } from '../../../shared/contracts/workflow.ts';
import { isUnderWay } from '../../../shared/domain/run/build-start.ts';
import { failureOf } from '../../../shared/domain/triage/classify.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo, type WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

/** `stopBuild` tells CodeBuild to end a build. */
type Ending = Finishing & Verifying & { stopBuild?: (buildId: string) => Promise<unknown> };

/**
 * Ends a run, however it went. Harmless to repeat. A run whose build goes on although the workflow broke is left to its
 * runner, and to the reconciler, which ends it when that is done.
 */
export const endRun = async (engine: Ending, { workspaceId, runId, broken }: FinishInput): Promise<void> => {
  const scope = scopeTo(workspaceId);
  const found = await runStore(engine.core, scope).get(runId);
  if (found === undefined || isUnderWay(found)) return;
  const { completion } = found;
  // Verify has done this, unless it broke: a good image must not fail for that.
  const run = completion === undefined ? found : await verifyImage(engine, scope, { ...found, completion });
  const ended = await finishRun(engine, scope, run, {
    outcome: 'failed',
    failure: failureOf('workflow-lost', { message: messageOf(broken) }),
  });
  if (ended.lease === undefined) await endUnclaimed(engine, scope, ended);
};

/** A build whose runner never came would wait for room, and then only learn that it is too late. */
const endUnclaimed = async (engine: Ending, scope: WorkspaceScope, run: StoredRun): Promise<void> => {
  if (engine.stopBuild === undefined) return;
  try {
    await endBuild(engine, scope, run, engine.stopBuild);
  } catch (error) {
    logger.info('the build of a run that has ended was not told to end: the reconciler does it', {
      runId: run.id,
      error,
    });
  }
};

const messageOf = (broken: FinishInput['broken']): string =>
  broken === null || broken === undefined
    ? 'The workflow ended without a result of the build.'
    : `${broken.state} broke off (${broken.error}) before there was a result.`;
