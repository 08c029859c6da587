/**
 * `npm run faults -- --runs 10000 --seed 1`: histories of the run engine under faults, in virtual time, until so many
 * runs were accepted. A failing seed is printed; `--seed N --runs 1 --trace` lives through it again and tells all.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { logger } from '../../shared/runtime/logger.ts';
import { liveThrough } from './simulation/history.ts';
import { liveThroughMany, type Summary } from './simulation/many.ts';
import { faultKinds } from './simulation/weather.ts';

const HELP = `npm run faults -- [options]
  --runs N     faulted runs to accept at least (2000)
  --seed N     seed of the first history (1)
  --threads N  threads to use (one a core)
  --trace      lives through the history of the seed alone, and prints all that happens in it
  --only a,b   with --trace: these kinds of faults and no others; "none" for a fair history`;

const optionsSchema = z.object({
  runs: z.coerce.number().int().min(1).default(2000),
  seed: z.coerce.number().int().min(0).default(1),
  threads: z.coerce.number().int().min(1).default(availableParallelism()),
  trace: z.boolean().default(false),
  only: z.string().optional(),
  help: z.boolean().default(false),
});
type Options = z.infer<typeof optionsSchema>;

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string' },
    threads: { type: 'string' },
    only: { type: 'string' },
    trace: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
const options = optionsSchema.parse(values);

async function trace({ seed, only }: Options): Promise<number> {
  logger.setLogLevel('SILENT');
  const kinds = only === undefined ? undefined : faultKinds.filter((kind) => only.split(',').includes(kind));
  const { broken, runs, ends } = await liveThrough(seed, { trace: console.log, only: kinds });
  console.log(`Seed ${seed}: ${runs} runs, ${describe(ends)}`);
  for (const text of broken) console.log(`broken: ${text}`);
  return broken.length === 0 ? 0 : 1;
}

const describe = (ends: Record<string, number>): string =>
  Object.entries(ends)
    .map(([status, count]) => `${count} ${status}`)
    .join(', ');

function report({ histories, runs, faultedRuns, ends, struck, failed }: Summary, seconds: number): void {
  console.log(
    `${histories} histories, ${runs} runs (${faultedRuns} among faults) in ${seconds.toFixed(1)} s: ${describe(ends)}`,
  );
  const counts = [...struck].toSorted((a, b) => b[1] - a[1]).map(([kind, count]) => `${kind} ${count}`);
  console.log(`Faults: ${counts.join(', ')}`);
  console.log(failed.length === 0 ? 'Every invariant holds.' : `${failed.length} histories are broken.`);
}

async function many({ seed, runs, threads }: Options): Promise<number> {
  const begin = performance.now();
  const summary = await liveThroughMany({
    seed,
    runs,
    threads,
    onHistory: (history) => {
      for (const text of history.broken) console.log(`seed ${history.seed}: ${text}`);
      if (history.broken.length > 0) console.log(`  npm run faults -- --seed ${history.seed} --trace`);
    },
  });
  report(summary, (performance.now() - begin) / 1000);
  return summary.failed.length === 0 ? 0 : 1;
}

if (options.help) console.log(HELP);
else process.exitCode = await (options.trace ? trace(options) : many(options));
// A call that was never answered still holds a timer of real time.
process.exit();
