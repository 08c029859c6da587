import { admitRuns, type StartWorkflow } from '../../../shared/actions/admit-runs.ts';
import type { Engine } from '../../../shared/actions/engine.ts';
import { poolLimit } from '../../../shared/actions/pool-limit.ts';
import type { RunnerPool } from '../../../shared/contracts/entities/runner-pool.ts';
import { wakeUpSchema, type WakeUp } from '../../../shared/contracts/workflow.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { queueStore } from '../../../shared/store/queue-store.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { failWaiting } from './fail-waiting.ts';

export type Dispatching = Pick<Engine, 'core' | 'traffic' | 'send' | 'now'> & {
  /** The deployment's own pools. */
  pools: Pick<RunnerPool, 'id' | 'maxConcurrentRuns'>[];
  /** Runs at a time of a workspace that says nothing else. */
  workspaceLimit: number;
  startWorkflow: StartWorkflow;
};

/** A wake-up as it came: JSON, under the id that it is answered for with. */
export type Message = { id: string; body: string };

/**
 * Looks at the queue of every pool that was woken, once, however many messages woke it. Answers the ids of the messages
 * that are to come again: of the pools that could not be looked at, and those that are no wake-ups, which end on the
 * dead-letter queue. They hold up no other pool.
 */
export const dispatch = async (dispatching: Dispatching, messages: Message[]): Promise<string[]> => {
  const again = new Set<string>();
  const wakers = new Map<string, string[]>();
  for (const message of messages)
    await unlessItFails(again, [message.id], async () => {
      for (const poolId of await poolsOf(dispatching, wakeUpOf(message)))
        wakers.set(poolId, [...(wakers.get(poolId) ?? []), message.id]);
    });
  for (const [poolId, ids] of wakers)
    await unlessItFails(again, ids, () => dispatchPool(dispatching, poolId));
  return [...again];
};

const wakeUpOf = ({ body }: Message): WakeUp => wakeUpSchema.parse(JSON.parse(body));

const unlessItFails = async (
  again: Set<string>,
  ids: string[],
  work: () => Promise<unknown>,
): Promise<void> => {
  try {
    await work();
  } catch (error) {
    logger.error('a wake-up is to come again', { error, messageIds: ids });
    for (const id of ids) again.add(id);
  }
};

/** A pool itself, or those in which runs of a workspace wait or go on: what it has free there it may use here. */
const poolsOf = async ({ core }: Dispatching, wakeUp: WakeUp): Promise<string[]> => {
  if ('poolId' in wakeUp) return [wakeUp.poolId];
  const pools = await runStore(core, scopeTo(wakeUp.workspaceId)).activePools();
  return pools.filter((id) => !wakeUp.except.includes(id));
};

const dispatchPool = async (dispatching: Dispatching, id: string): Promise<void> => {
  const first = await queueStore(dispatching.core, id).first();
  if (first === undefined) return;
  const place = { id, workspaceId: first.workspaceId };
  const limit = await poolLimit(dispatching.core, place, dispatching.pools);
  if (limit === undefined) return failWaiting(dispatching, id);
  const pool = { id, limit, workspaceLimit: dispatching.workspaceLimit };
  const { started, unstarted, faults } = await admitRuns(dispatching, pool, dispatching.startWorkflow);
  if (started.length > 0) logger.info('runs started', { poolId: id, runIds: started.map((run) => run.id) });
  // They are Running and have their slots: the reconciler starts their workflows.
  for (const fault of unstarted) logger.error('the workflow of a run was not started', fault);
  if (faults.length > 0)
    throw new AggregateError(
      faults.map(({ error }) => error),
      `${faults.length} run(s) were not admitted`,
    );
};
