import { changeRun, RunGone } from '../../../shared/actions/change-run.ts';
import type { Engine } from '../../../shared/actions/engine.ts';
import { connectPlatform, snapshotOf } from '../../../shared/actions/platform-access.ts';
import { isVmGone } from '../../../shared/actions/vm-login.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import type { FoundLeftover, PlatformClient } from '../../../shared/platforms/platform.ts';
import { leftoverStore } from '../../../shared/store/leftover-store.ts';
import { runRemoval } from '../../../shared/store/run-removal.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

type Sweeper = Pick<Engine, 'core' | 'files' | 'secrets' | 'deploymentId' | 'identityToken' | 'now'>;

/**
 * Deletes what is marked `deleting`, and of a failed run whatever still carries its tags; also when the run itself was
 * deleted meanwhile. Harmless to repeat.
 */
export const removeLeftovers = async (
  engine: Sweeper,
  scope: WorkspaceScope,
  runId: string,
): Promise<void> => {
  const run =
    (await runStore(engine.core, scope).get(runId)) ?? (await runRemoval(engine.core, scope).deleted(runId));
  if (run === undefined || !hasEnded(run) || run.status === 'Succeeded') return;
  const client = await connectPlatform(engine, run, await snapshotOf(engine, run));
  await removeThrough(client, engine, scope, run);
};

/**
 * What is there is asked of the platform each time: what stands in our rows may be gone, or have been noted when the
 * platform could not be asked. One that cannot be deleted holds up no other; throws afterwards, so that it is tried
 * again.
 */
export const removeThrough = async (
  client: Pick<PlatformClient, 'findLeftovers' | 'removeLeftover'>,
  engine: Pick<Engine, 'core' | 'now'>,
  scope: WorkspaceScope,
  run: StoredRun,
): Promise<void> => {
  const store = leftoverStore(engine.core, scope);
  const marked = (await store.list(run.id)).filter((one) => one.state === 'deleting');
  if (run.status !== 'Failed' && marked.length === 0) return;
  const stuck = await removeAll(client, await client.findLeftovers(run.temporaries ?? []));
  const deleted = marked.filter((one) => !stuck.has(one.locator));
  await store.setState(run.id, deleted, { state: 'deleted', at: engine.now() });
  if (stuck.size > 0)
    throw new AggregateError([...stuck.values()], `${stuck.size} leftover(s) could not be deleted`);
  await settle(engine, scope, run.id);
};

/** Deletes in the order that the platform names; answers what stayed, by locator, with the reason. */
const removeAll = async (client: Pick<PlatformClient, 'removeLeftover'>, found: FoundLeftover[]) => {
  const stuck = new Map<string, unknown>();
  for (const one of found) {
    try {
      await client.removeLeftover(one);
    } catch (error) {
      stuck.set(one.locator, error);
    }
  }
  return stuck;
};

/**
 * Counts anew; a failed run is swept now, and the reconciler stops asking. The login of a VM that is gone goes too. A run
 * that was deleted is forgotten.
 */
const settle = async (
  engine: Pick<Engine, 'core' | 'now'>,
  scope: WorkspaceScope,
  runId: string,
): Promise<void> => {
  const all = await leftoverStore(engine.core, scope).list(runId);
  const left = all.filter((one) => one.state !== 'deleted');
  const sweptAt = engine.now();
  try {
    await changeRun(engine.core, scope, runId, (run) => {
      const swept = run.status === 'Failed' && run.sweptAt === undefined ? { sweptAt } : {};
      const changes = { ...swept, leftoverCount: left.length };
      const remove: 'vmLogin'[] = run.vmLogin !== undefined && isVmGone(run, all) ? ['vmLogin'] : [];
      const isSame = run.leftoverCount === left.length && swept.sweptAt === undefined && remove.length === 0;
      return isSame ? undefined : { changes, options: { remove } };
    });
  } catch (error) {
    if (!(error instanceof RunGone)) throw error;
    await runRemoval(engine.core, scope).forget(runId);
  }
};
