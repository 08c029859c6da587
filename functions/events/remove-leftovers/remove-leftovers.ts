import { changeRun } from '../../../shared/actions/change-run.ts';
import type { Engine } from '../../../shared/actions/engine.ts';
import { connectPlatform, snapshotOf } from '../../../shared/actions/platform-access.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import type { FoundLeftover, PlatformClient } from '../../../shared/platforms/platform.ts';
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
  const store = leftoverStore(engine.core, scope);
  const marked = (await store.list(runId)).filter((one) => one.state === 'deleting');
  const client = await connectPlatform(engine, run, await snapshotOf(engine, run));
  for (const leftover of inOrder(marked)) {
    await client.removeLeftover(leftover);
    await store.setState(runId, [leftover], 'deleted', engine.now());
  }
  if (run.status === 'Failed') await sweep(client, run);
  await countAgain(engine, scope, runId);
};

/** Machines first: a disk, key or security group in use cannot be deleted. */
const inOrder = <T extends FoundLeftover>(leftovers: T[]): T[] =>
  leftovers.toSorted((a, b) => Number(b.kind === 'instance') - Number(a.kind === 'instance'));

const sweep = async (client: PlatformClient, run: StoredRun): Promise<void> => {
  for (const found of inOrder(await client.findLeftovers(run.temporaries ?? [])))
    await client.removeLeftover(found);
};

const countAgain = async (engine: Sweeper, scope: WorkspaceScope, runId: string): Promise<void> => {
  const left = (await leftoverStore(engine.core, scope).list(runId)).filter((one) => one.state !== 'deleted');
  await changeRun(engine.core, scope, runId, (run) =>
    run.leftoverCount === left.length ? undefined : { changes: { leftoverCount: left.length } },
  );
};
