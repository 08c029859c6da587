import type { Engine } from '../../../shared/actions/engine.ts';
import { connectAs, identityOf, snapshotOf } from '../../../shared/actions/platform-access.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import { cleaningSince, isTidyingDue } from '../../../shared/domain/run/tidying.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { leftoverStore } from '../../../shared/store/leftover-store.ts';
import { runRemoval } from '../../../shared/store/run-removal.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import type { Reach, Tidying } from './account.ts';
import { cleanUp, cleanUpDeleted } from './clean-up.ts';
import { lookAgain } from './look-again.ts';

export type Sweeper = Tidying &
  Pick<Engine, 'files' | 'secrets' | 'deploymentId' | 'identityToken' | 'connect'>;

/**
 * Does in the customer's account what is to be done for a run that has ended, also when it was deleted meanwhile: what
 * is marked and what a failed run left is deleted; what a stopped run left is looked for again, and people are reminded
 * of it. Harmless to repeat. What could not be done is done by a later message; throws only where nobody else would ask.
 */
export const removeLeftovers = async (
  engine: Sweeper,
  scope: WorkspaceScope,
  runId: string,
): Promise<void> => {
  const reach = (run: StoredRun) => async () =>
    connectAs(engine, identityOf(run, engine.deploymentId), await snapshotOf(engine, run));
  const run = await runStore(engine.core, scope).get(runId);
  if (run !== undefined) {
    await tidyUp(reach(run), engine, scope, run).catch((error: unknown) => {
      // The reconciler asks again, ever less often: no message has to wait for that.
      logger.warn('what a run left is looked for again later', { runId, error });
    });
    return;
  }
  const deleted = await runRemoval(engine.core, scope).deleted(runId);
  if (deleted !== undefined) await cleanUpDeleted(reach(deleted), engine, scope, deleted);
};

/** The same for a run as it was read. Throws when something is to be tried again. */
export const tidyUp = async (
  reach: Reach,
  engine: Tidying,
  scope: WorkspaceScope,
  run: StoredRun,
): Promise<void> => {
  if (!hasEnded(run) || run.status === 'Succeeded') return;
  const ledger = await leftoverStore(engine.core, scope).list(run.id);
  const isMarked = ledger.some(({ state }) => state === 'deleting');
  const isDue = isTidyingDue(run, Date.parse(engine.now()));
  // Whatever shows up late of a failed run is deleted as well, unless that was given up.
  const isSwept = run.status === 'Failed' && run.sweepGivenUpAt === undefined;
  if (isMarked || cleaningSince(run) !== undefined || (isDue && isSwept)) {
    await cleanUp(reach, engine, scope, { run, ledger });
    return;
  }
  if (isDue) await lookAgain(reach, engine, scope, run);
};
