import { isDeepStrictEqual } from 'node:util';
import { runLeftoversRemain } from '../../../events/run-leftovers-remain.ts';
import { runStatusChanged } from '../../../events/run-status-changed.ts';
import { runStepChanged } from '../../../events/run-step-changed.ts';
import { sendAll } from '../../../shared/actions/append-log.ts';
import type { Engine } from '../../../shared/actions/engine.ts';
import type { Run, RunStep } from '../../../shared/contracts/entities/run.ts';
import type { ServerMessage } from '../../../shared/contracts/socket.ts';
import { type StoredRun, storedRunSchema } from '../../../shared/contracts/stored-run.ts';
import { hasEnded, present } from '../../../shared/domain/run/lifecycle.ts';
import { needsSweep } from '../../../shared/domain/run/tidying.ts';
import { logStore } from '../../../shared/store/log-store.ts';
import { socketStore } from '../../../shared/store/socket-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import type { Publisher } from './publisher.ts';
import type { RowChange } from './row-change.ts';

type Sockets = Pick<Engine, 'traffic' | 'send'>;

/** A run changed: the bus hears what happened to it, sockets see what clients can see of it, a failed one is swept. */
export const publishRun = async (
  change: RowChange,
  sockets: Sockets,
  publish: Pick<Publisher, 'event' | 'sweep'>,
): Promise<void> => {
  if (change.after === undefined) return;
  const after = storedRunSchema.parse(change.after);
  const before = change.before === undefined ? undefined : storedRunSchema.parse(change.before);
  // First, because these are only noted here: what follows may fail and park the record.
  if (isSweepDue(before, after)) publish.sweep({ workspaceId: after.workspaceId, runId: after.id });
  await tellBus(publish, before, after);
  await tellSockets(sockets, before, after);
};

/** What a failed run may have left is looked for at once, and so is what somebody asked to delete. */
const isSweepDue = (before: StoredRun | undefined, after: StoredRun): boolean =>
  (before?.status !== after.status && needsSweep(after)) ||
  (after.deletionAskedAt !== undefined && before?.deletionAskedAt !== after.deletionAskedAt);

/** Steps before the status: a run ends after its steps. What a run looked like before it was there is no change. */
const tellBus = async (
  publish: Pick<Publisher, 'event'>,
  before: StoredRun | undefined,
  after: StoredRun,
): Promise<void> => {
  const { workspaceId } = after;
  const run = present(after);
  for (const step of changedSteps(before, after))
    await publish.event(runStepChanged.build({ workspaceId, run, step }));
  if (before?.status !== after.status) await publish.event(runStatusChanged.build({ workspaceId, run }));
  if (before !== undefined && after.remindedAt !== undefined && before.remindedAt !== after.remindedAt)
    await publish.event(runLeftoversRemain.build({ workspaceId, run, kinds: after.leftoverKinds ?? {} }));
};

type WithSteps = { steps?: RunStep[] | undefined };

const changedSteps = (before: WithSteps | undefined, after: WithSteps): RunStep[] =>
  (after.steps ?? []).filter((step) => {
    const earlier = before?.steps?.find((one) => one.index === step.index);
    return earlier !== undefined && !isDeepStrictEqual(earlier, step);
  });

const tellSockets = async (
  sockets: Sockets,
  before: StoredRun | undefined,
  after: StoredRun,
): Promise<void> => {
  const shown = { before: before && present(before), after: present(after) };
  const seen = shown.before && { ...shown.before, rev: shown.after.rev };
  if (isDeepStrictEqual(seen, shown.after)) return;
  const scope = scopeTo(after.workspaceId);
  const store = socketStore(sockets.traffic);
  const [ofRuns, ofLog] = await Promise.all([
    store.runSubscribers(scope),
    store.logSubscribers(scope, after.id),
  ]);
  const steps = stepMessages(shown.before, shown.after);
  const ended = hasEnded(after) && (before === undefined || !hasEnded(before));
  const end = ended && ofLog.length > 0 ? [await endMessage(sockets, after)] : [];
  const { steps: _, ...run } = shown.after;
  const messages = new Map<string, ServerMessage[]>();
  for (const id of ofRuns) messages.set(id, [{ type: 'run', run }, ...steps]);
  for (const { connectionId: id } of ofLog) messages.set(id, [...(messages.get(id) ?? steps), ...end]);
  await Promise.all([...messages].map(([id, list]) => sendAll(sockets, id, list)));
};

const stepMessages = (before: Run | undefined, after: Run): ServerMessage[] =>
  changedSteps(before, after).map((step) => ({ type: 'step', runId: after.id, step }));

const endMessage = async (sockets: Sockets, run: StoredRun): Promise<ServerMessage> => {
  const { lastSeq } = await logStore(sockets.traffic, scopeTo(run.workspaceId), run.id).head();
  return { type: 'log-end', runId: run.id, lastSeq, status: run.status };
};
