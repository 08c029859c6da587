import type { Failure } from '../contracts/entities/run.ts';
import { finish } from '../domain/run/lifecycle.ts';
import { keys } from '../store/keys.ts';
import { logStore } from '../store/log-store.ts';
import { leaveQueue } from '../store/queue-store.ts';
import { runStore } from '../store/run-store.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import { sayInLog } from './append-log.ts';
import { changeRun } from './change-run.ts';
import type { Engine } from './engine.ts';

/**
 * Ends a run that waits for what will never come: Failed, out of the queue, and its log says why (S153). A run that
 * does not wait any more is left as it is.
 */
export const failQueued = async (
  engine: Pick<Engine, 'core' | 'traffic' | 'send' | 'now'>,
  scope: WorkspaceScope,
  runId: string,
  failure: Failure,
): Promise<void> => {
  const text = `Run failed (${failure.errorId}): ${failure.message} Remedy: ${failure.remedy}`;
  if ((await runStore(engine.core, scope).get(runId))?.status !== 'Queued') return;
  const log = logStore(engine.traffic, scope, runId);
  // First, and once: who reads of the end finds its line.
  const logSeq =
    (await log.head()).lastSeq || (await sayInLog(engine, scope, runId, [{ text, level: 'error' }]));
  let isOurs = false;
  await changeRun(engine.core, scope, runId, (run) => {
    isOurs = run.status === 'Queued';
    if (!isOurs) return undefined;
    const more = [leaveQueue(run), { delete: keys.activeRun(scope, runId) }];
    return {
      changes: finish(run, { outcome: 'failed', failure: { ...failure, logSeq } }, engine.now()),
      options: { more },
    };
  });
  if (isOurs) await log.close();
};
