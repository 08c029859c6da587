import type { Engine } from '../../../shared/actions/engine.ts';
import { failQueued } from '../../../shared/actions/fail-queued.ts';
import { kindOfId } from '../../../shared/contracts/common.ts';
import { timeOfId } from '../../../shared/domain/time-of-id.ts';
import { failureOf } from '../../../shared/domain/triage/classify.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { queueStore } from '../../../shared/store/queue-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';

/**
 * While a deployment is under way some functions know a new pool and others do not yet: a run that has waited for less
 * may wait for a pool that is only about to be there. Connectors come with no deployment.
 */
const DEPLOYMENT_MS = 15 * 60_000;
/** Runs that are failed in one go: the others are in the next minute. */
const MOST_AT_ONCE = 100;

/**
 * Fails what waits in a pool that is gone: the deployment was changed, or the connector deleted. Nothing would ever
 * carry out these runs, and another pool may not reach what they need.
 */
export const failWaiting = async (
  engine: Pick<Engine, 'core' | 'traffic' | 'send' | 'now'>,
  poolId: string,
): Promise<void> => {
  const waiting = await queueStore(engine.core, poolId).heads(MOST_AT_ONCE);
  const isConnector = kindOfId(poolId) === 'connector';
  const before = Date.parse(engine.now()) - DEPLOYMENT_MS;
  const lost = waiting.filter(({ runId }) => isConnector || Date.parse(timeOfId(runId)) < before);
  const failure = isConnector ? connectorGone(poolId) : poolGone(poolId);
  for (const { workspaceId, runId } of lost.slice(0, MOST_AT_ONCE)) {
    try {
      await failQueued(engine, scopeTo(workspaceId), runId, failure);
      logger.warn('a run waited for a pool that is gone', { poolId, workspaceId, runId });
    } catch (error) {
      logger.error('a run that waits for a pool that is gone could not be failed', { poolId, runId, error });
    }
  }
};

const connectorGone = (id: string) =>
  failureOf('connector-unavailable', {
    message: `The connector ${id}, for which the run waited, was deleted: choose another one in the image definition or its builder configuration.`,
  });

const poolGone = (id: string) =>
  failureOf('runner-not-started', {
    message: `The runner pool ${id}, in which the run waited, is none of this deployment any more: choose another one in the builder configuration.`,
  });
