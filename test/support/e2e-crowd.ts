/** Many runs of one definition, asked for at the same moment. */
import type { Run } from '../../shared/contracts/entities/run.ts';
import { activeRuns, readRun, startRun, stopRun } from './e2e-runs.ts';
import { PATIENCE_SECONDS, until } from './e2e-wait.ts';

export type Crowd = {
  /** All runs as they were answered. */
  accepted: Run[];
  /** Those that were left in peace, as they ended, in the order in which they were to start. */
  awaited: Run[];
  /** Those that were stopped in the queue, as they ended. */
  stopped: Run[];
  /** Most runs of the workspace that were seen running at one time. */
  mostAtOnce: number;
  /** What waiting runs were told. */
  reasons: string[];
};

/** One build after the other in a single slot. */
const SECONDS_EACH = 30;
const isRunning = ({ status }: Run): boolean => status === 'Running';
const byId = (a: Run, b: Run): number => (a.id < b.id ? -1 : 1);

/** Asks for `size` runs at once, stops all but `wanted` in the queue, and waits for the end of all. */
export const meetCrowd = async (definitionId: string, size: number, wanted: number): Promise<Crowd> => {
  const accepted = await Promise.all(Array.from({ length: size }, () => startRun(definitionId)));
  const started = await until('the first run of many', PATIENCE_SECONDS, async () => {
    const runs = await Promise.all(accepted.map(({ id }) => readRun(id)));
    return runs.some(isRunning) ? runs : undefined;
  });
  const waiting = started.filter(({ status }) => status === 'Queued').toSorted(byId);
  const reasons = waiting.map(({ queue }) => queue?.reason ?? '');
  const kept = waiting.slice(0, wanted - (size - waiting.length));
  for (const { id } of waiting.slice(kept.length)) await stopRun(id);
  const seen = { most: 0 };
  await until('an end of all runs', wanted * SECONDS_EACH, async () => {
    const active = await activeRuns();
    seen.most = Math.max(seen.most, active.filter(isRunning).length);
    return !active.some(({ id }) => accepted.some((run) => run.id === id));
  });
  const ended = await Promise.all(accepted.map(({ id }) => readRun(id)));
  const order = [...started.filter((run) => !waiting.includes(run)), ...kept].map(({ id }) => id);
  return {
    accepted,
    awaited: order.flatMap((id) => ended.filter((run) => run.id === id)),
    stopped: ended.filter(({ id }) => !order.includes(id)),
    mostAtOnce: seen.most,
    reasons,
  };
};
