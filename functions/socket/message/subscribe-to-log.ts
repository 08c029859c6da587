import { pushLines } from '../../../shared/actions/append-log.ts';
import type { Engine } from '../../../shared/actions/engine.ts';
import type { LogLine } from '../../../shared/contracts/entities/log.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import { logStore } from '../../../shared/store/log-store.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { socketStore } from '../../../shared/store/socket-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

export type Listener = Pick<Engine, 'core' | 'traffic' | 'send'> & {
  connectionId: string;
  scope: WorkspaceScope;
};

/** Backlog is sent in batches of so many lines, so that a long log does not fill the memory. */
const BATCH_LINES = 500;

/**
 * Sends the lines after `afterSeq`, then goes live in a write that fails when lines came meanwhile; then those are
 * sent and it is tried again. So nothing is missing between backlog and live, and nothing comes twice.
 */
export const subscribeToLog = async (
  listener: Listener,
  asked: { runId: string; afterSeq: number },
): Promise<void> => {
  const { scope, connectionId, send } = listener;
  const { runId } = asked;
  const run = await runStore(listener.core, scope).get(runId);
  if (run === undefined) {
    await send(connectionId, { type: 'error', code: 'not-found', detail: `There is no run ${runId} here.` });
    return;
  }
  const { lastSeq } = await logStore(listener.traffic, scope, runId).head();
  await send(connectionId, { type: 'subscribed', topic: 'log', runId, lastSeq });
  await catchUpAndGoLive(listener, asked);
  const now = await runStore(listener.core, scope).get(runId);
  if (now !== undefined && hasEnded(now)) {
    const end = await logStore(listener.traffic, scope, runId).head();
    await send(connectionId, { type: 'log-end', runId, lastSeq: end.lastSeq, status: now.status });
  }
};

const catchUpAndGoLive = async (
  listener: Listener,
  asked: { runId: string; afterSeq: number },
): Promise<void> => {
  const { scope, connectionId, traffic } = listener;
  let sent = asked.afterSeq;
  for (;;) {
    const { lastSeq } = await logStore(traffic, scope, asked.runId).head();
    await sendBacklog(listener, asked.runId, sent, lastSeq);
    sent = Math.max(sent, lastSeq);
    const place = { runId: asked.runId, lastSeq, sentUpTo: sent };
    if (await socketStore(traffic).subscribeToLog(scope, connectionId, place)) return;
    if ((await socketStore(traffic).ownerOf(connectionId)) === undefined) return;
  }
};

const sendBacklog = async (
  listener: Listener,
  runId: string,
  afterSeq: number,
  lastSeq: number,
): Promise<void> => {
  if (lastSeq <= afterSeq) return;
  const range = { afterSeq, beforeSeq: lastSeq + 1, newestFirst: false };
  let batch: LogLine[] = [];
  for await (const line of logStore(listener.traffic, listener.scope, runId).read(range)) {
    batch.push(line);
    if (batch.length < BATCH_LINES) continue;
    await pushLines(listener, [{ connectionId: listener.connectionId, sentUpTo: 0 }], runId, batch);
    batch = [];
  }
  if (batch.length > 0)
    await pushLines(listener, [{ connectionId: listener.connectionId, sentUpTo: 0 }], runId, batch);
};
