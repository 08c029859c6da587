import { changeRun } from '../../../shared/actions/change-run.ts';
import type { Engine } from '../../../shared/actions/engine.ts';
import { connectPlatform, snapshotOf } from '../../../shared/actions/platform-access.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import type { PlatformClient } from '../../../shared/platforms/platform.ts';
import { leftoverStore } from '../../../shared/store/leftover-store.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

type Sweeper = Pick<Engine, 'core' | 'files' | 'secrets' | 'deploymentId' | 'now'>;

/** Deletes what is marked `deleting`, and of a failed run whatever still carries its tags. Harmless to repeat. */
export const removeLeftovers = async (
  engine: Sweeper,
  scope: WorkspaceScope,
  runId: string,
): Promise<void> => {
  const run = await runStore(engine.core, scope).get(runId);
  if (run === undefined || !hasEnded(run)) return;
  const client = await connectPlatform(engine, run, await snapshotOf(engine, run));
  await removeThrough(client, engine, scope, run);
};

/** Recorded leftovers and found ones both stand in the order in which they can be deleted. */
export const removeThrough = async (
  client: Pick<PlatformClient, 'findLeftovers' | 'removeLeftover'>,
  engine: Pick<Engine, 'core' | 'now'>,
  scope: WorkspaceScope,
  run: StoredRun,
): Promise<void> => {
  const store = leftoverStore(engine.core, scope);
  const marked = (await store.list(run.id)).filter((one) => one.state === 'deleting');
  for (const leftover of marked) {
    await client.removeLeftover(leftover);
    await store.setState(run.id, [leftover], 'deleted', engine.now());
  }
  if (run.status === 'Failed') {
    for (const found of await client.findLeftovers(run.temporaries ?? [])) await client.removeLeftover(found);
  }
  await countAgain(engine, scope, run.id);
};

const countAgain = async (
  engine: Pick<Engine, 'core'>,
  scope: WorkspaceScope,
  runId: string,
): Promise<void> => {
  const left = (await leftoverStore(engine.core, scope).list(runId)).filter((one) => one.state !== 'deleted');
  await changeRun(engine.core, scope, runId, (run) =>
    run.leftoverCount === left.length ? undefined : { changes: { leftoverCount: left.length } },
  );
};
