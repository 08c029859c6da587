/** The commands of one machine, on the project's own Node. Started by bootstrap.mjs. */
import { z } from 'zod';
import type { CommandContext } from './commands/context.ts';
import { BACKGROUND_COMMAND, runBackground, startDetached } from './commands/detach.ts';
import { start } from './commands/start.ts';
import { stop } from './commands/stop.ts';
import { bench, faults, test } from './commands/test.ts';
import { standardOutput } from './terminal/stage-printer.ts';

const HELP = `npm start [-- options]     starts Goldsmith on this machine and builds QuickStart
  --yes                    downloads what is missing without asking
  --detach                 returns when the API answers; runs on in the background
  --fresh                  throws the saved state away first
npm stop                   saves and stops what runs from this folder
npm test [-- vitest args]  all tests
npm run bench -- <name>    a measurement of test/bench/
npm run faults -- --help   histories of the run engine under faults, by a seed`;

const START_OPTIONS = ['--yes', '--detach', '--fresh'];

const stagesSchema = z.array(z.object({ name: z.string(), seconds: z.number() }));

async function run([command = 'help', ...args]: string[]): Promise<number> {
  const context: CommandContext = {
    output: standardOutput(),
    earlierStages: stagesSchema.parse(JSON.parse(process.env['GOLDSMITH_SETUP_STAGES'] ?? '[]')),
  };
  switch (command) {
    case 'start':
      return runStart(context, args);
    case BACKGROUND_COMMAND:
      return runBackground(context, args.includes('--fresh'));
    case 'stop':
      return stop(context);
    case 'test':
      return test(context, args);
    case 'bench':
      return bench(context, args);
    case 'faults':
      return faults(context, args);
    default:
      console.log(HELP);
      return command === 'help' ? 0 : 2;
  }
}

async function runStart(context: CommandContext, args: readonly string[]): Promise<number> {
  const unknown = args.find((each) => !START_OPTIONS.includes(each));
  if (unknown !== undefined) {
    console.error(`npm start does not know ${unknown}.\n\n${HELP}`);
    return 2;
  }
  if (args.includes('--detach')) return startDetached(context, args);
  return start(context, { isFresh: args.includes('--fresh'), isBackground: false, onReady: () => {} });
}

// A terminal that was closed, or a reader that went away, must not keep the stack from saving and stopping.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exitCode = await run(process.argv.slice(2));
