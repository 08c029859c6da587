/** Where the time of a stop goes, from the call to the moment at which the run reads Stopped. */
import type { LogLine } from '../../shared/contracts/entities/log.ts';
import type { Run } from '../../shared/contracts/entities/run.ts';
import { readLog, stopRun, waitForRun } from './e2e-runs.ts';

export type TimedStop = {
  /** The run as the call answered it, and as it ended. */
  asked: Run;
  stopped: Run;
  /** The parts in their order, in milliseconds; the clocks of runner and functions are this machine's. */
  parts: Record<string, number>;
};

/** Stops a run and waits for its end; `meanwhile` is done in between. */
export const timeStop = async (runId: string, meanwhile = async () => {}): Promise<TimedStop> => {
  const askedAt = Date.now();
  const asked = await stopRun(runId);
  const answeredAt = Date.now();
  await meanwhile();
  const stopped = await waitForRun(runId);
  const seenAt = Date.now();
  const lines = await readLog(runId);
  const moments: [string, number | undefined][] = [
    ['call answered', answeredAt],
    ['runner has killed Packer', momentOf(lines, /^Packer was stopped/)],
    ['build over', momentOf(lines, /^The build has ended/)],
    ['end written', Date.parse(stopped.endedAt ?? '')],
    ['end read', seenAt],
  ];
  const parts: Record<string, number> = {};
  let before = askedAt;
  for (const [name, at] of moments) {
    if (at === undefined) continue;
    parts[name] = Math.max(0, at - before);
    before = Math.max(at, before);
  }
  return { asked, stopped, parts: { ...parts, total: seenAt - askedAt } };
};

const momentOf = (lines: readonly LogLine[], wanted: RegExp): number | undefined => {
  const line = lines.find(({ text }) => wanted.test(text));
  return line === undefined ? undefined : Date.parse(line.ts);
};

/** The parts for people. */
export const describeStop = (name: string, { parts }: TimedStop): string =>
  `${name}: ${Object.entries(parts)
    .map(([part, milliseconds]) => `${part} ${milliseconds} ms`)
    .join(', ')}`;
