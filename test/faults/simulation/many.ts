import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { type FaultKind, faultKinds } from './weather.ts';

const historySchema = z.object({
  seed: z.int(),
  isFair: z.boolean(),
  broken: z.array(z.string()),
  runs: z.int(),
  ends: z.record(z.string(), z.int()),
  struck: z.map(z.enum(faultKinds), z.int()),
});
type Told = z.infer<typeof historySchema>;

/** What became of many histories. */
export type Summary = {
  histories: number;
  /** Accepted runs, and those of them in histories in which something went wrong. */
  runs: number;
  faultedRuns: number;
  ends: Record<string, number>;
  struck: Map<FaultKind, number>;
  failed: Pick<Told, 'seed' | 'broken'>[];
};

type Order = { seed: number; runs: number; threads: number; onHistory?: (history: Told) => void };

/**
 * Lives through the histories of `seed`, `seed` + 1, … until as many faulted runs were accepted, on some threads. They are
 * told and summed up in the order of their seeds, and none beyond the last that is needed: the same on any number of threads.
 */
export const liveThroughMany = async ({ seed, runs, threads, onHistory }: Order): Promise<Summary> => {
  const summary: Summary = { histories: 0, runs: 0, faultedRuns: 0, ends: {}, struck: new Map(), failed: [] };
  const isEnough = (): boolean => summary.faultedRuns >= runs;
  /** Histories that wait for those of earlier seeds. */
  const early = new Map<number, Told>();
  const take = (history: Told): void => {
    early.set(history.seed, history);
    for (let next = early.get(seed + summary.histories); next !== undefined && !isEnough(); ) {
      early.delete(next.seed);
      add(summary, next);
      onHistory?.(next);
      next = early.get(seed + summary.histories);
    }
  };
  let begun = 0;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    try {
      while (!isEnough()) {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is no window
        worker.postMessage(seed + (begun += 1) - 1);
        const [answer] = z.tuple([z.unknown()]).parse(await once(worker, 'message'));
        take(historySchema.parse(answer));
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  return summary;
};

const add = (summary: Summary, history: Told): void => {
  const { seed, isFair, runs, broken } = history;
  summary.histories += 1;
  summary.runs += runs;
  if (!isFair) summary.faultedRuns += runs;
  for (const [status, count] of Object.entries(history.ends))
    summary.ends[status] = (summary.ends[status] ?? 0) + count;
  for (const [kind, count] of history.struck)
    summary.struck.set(kind, (summary.struck.get(kind) ?? 0) + count);
  if (broken.length > 0) summary.failed.push({ seed, broken });
};
