import type { StoredRun } from '../contracts/stored-run.ts';
import type { Write } from '../store/write.ts';
import { askToStop, withdrawnByStop } from '../domain/run/lifecycle.ts';
import { keys } from '../store/keys.ts';
import { leaveQueue } from '../store/queue-store.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import { changeRun } from './change-run.ts';
import type { Engine } from './engine.ts';

/**
 * Asks a run to stop; asking twice is asking once. A queued run is stopped by this very write and never starts; a
 * running one is told by the next answer of the agent API, and one that no runner has claimed can be claimed no more: its
 * workflow is to be woken (`isStopBeforeRunner`). A run that has ended is left as it is. `more` are writes of the same
 * transaction, made only when the run is changed.
 */
export const requestStop = (
  engine: Pick<Engine, 'core' | 'now'>,
  scope: WorkspaceScope,
  request: { runId: string; by: string; more?: (run: StoredRun) => Write[] },
): Promise<StoredRun> =>
  changeRun(engine.core, scope, request.runId, (run) => {
    const now = engine.now();
    const changes = askToStop(run, request.by, now);
    if (changes === undefined) return undefined;
    const more = request.more?.(run) ?? [];
    if (run.status === 'Queued') more.push(leaveQueue(run), { delete: keys.activeRun(scope, run.id) });
    return { changes, options: { more, remove: withdrawnByStop(run) } };
  });
