/**
 * `npm run bench -- prepare [rounds]`: how long a fresh process takes until it can speak with a platform, with the client
 * of each cloud read when it is asked for, beside a process that asks for none; and how many bytes are read for it.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { FUNCTION_FILE, filesOfProgram, writeFiles } from '../../infra/constructs/bundle.ts';
import { median, table } from './support/figures.ts';
import { machine } from './support/with-stack.ts';

const ROUNDS = 9;
const CHILD = join(import.meta.dirname, 'support/cold-start.mjs');
const PLATFORMS = ['none', 'aws', 'azure', 'gcp'] as const;
const timesSchema = z.object({ loaded: z.number(), answered: z.number() });

const rounds = Number(process.argv[2] ?? ROUNDS);

/** Milliseconds since the process began: until the program was there, and until the client was. */
const start = async (file: string, platform: string) => {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, file, JSON.stringify({ platform })]);
  return timesSchema.parse(JSON.parse(stdout));
};

const files = filesOfProgram(join(import.meta.dirname, 'support/platform-client.ts'));
const folder = await mkdtemp(join(tmpdir(), 'goldsmith-bench-'));
try {
  writeFiles(folder, files);
  const times = new Map(PLATFORMS.map((platform) => [platform, [] as number[]]));
  for (let round = 0; round < rounds; round += 1)
    for (const platform of PLATFORMS)
      times.get(platform)?.push((await start(join(folder, FUNCTION_FILE), platform)).answered);
  const bare = median(times.get('none') ?? []);
  console.log(`${machine()}, ${rounds} fresh processes of each\n`);
  console.log(
    table(
      ['client', 'ms since the start', 'beside none', 'ratio'],
      [...times].map(([platform, all]) => {
        const middle = median(all);
        return [platform, middle.toFixed(0), (middle - bare).toFixed(0), (middle / bare).toFixed(2)];
      }),
    ),
  );
} finally {
  await rm(folder, { recursive: true });
}
