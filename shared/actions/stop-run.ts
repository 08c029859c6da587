import type { StoredRun } from '../contracts/stored-run.ts';
import { requestStop } from '../domain/run/lifecycle.ts';
import { keys } from '../store/keys.ts';
import { leaveQueue } from '../store/queue-store.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import { changeRun } from './change-run.ts';
import type { Engine } from './engine.ts';

/** A stop that the runner has not carried out by then is looked at by the reconciler. */
const LOOK_AFTER_MS = 60_000;

/**
 * Asks a run to stop; asking twice is asking once. A queued run is stopped by this very write and never starts; a
 * running one is told by the next answer of the agent API. A run that has ended is left as it is.
 */
export const stopRun = (
  engine: Pick<Engine, 'core' | 'now'>,
  scope: WorkspaceScope,
  request: { runId: string; by: string },
): Promise<StoredRun> =>
  changeRun(engine.core, scope, request.runId, (run) => {
    const now = engine.now();
    const changes = requestStop(run, request.by, now);
    if (changes === undefined) return undefined;
    if (run.status === 'Queued') {
      return { changes, options: { more: [leaveQueue(run), { delete: keys.activeRun(scope, run.id) }] } };
    }
    return { changes, options: { dueAt: new Date(Date.parse(now) + LOOK_AFTER_MS).toISOString() } };
  });
