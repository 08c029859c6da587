/** The real Packer of this machine, in a folder of its own and with nothing of this process's environment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { readPackerLine } from '../../shared/packer/output/events.ts';
import { uiLines } from '../../shared/packer/output/ui-text.ts';

export type TextFile = { path: string; content: string };

export type PackerEnd = {
  exitCode: number | null;
  /** What Packer said, a line of a terminal each, without the prefix of the build. */
  lines: string[];
  /** Of these, what it said as an error: also what a script printed to its standard error. */
  errors: string[];
};

/** Writes files below a folder. */
export const writeFiles = async (folder: string, files: readonly TextFile[]): Promise<void> => {
  for (const { path, content } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
};

/** A folder for as long as `work` takes. */
export const inFolder = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), 'goldsmith-packer-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Runs Packer in a folder to its end; `variables` are values of the template's variables, `more` of its environment. */
export const runPacker = async (
  folder: string,
  args: string[],
  variables: Record<string, string> = {},
  more: Record<string, string> = {},
): Promise<PackerEnd> => {
  const values = Object.entries(variables).map(([name, value]) => [`PKR_VAR_${name}`, value] as const);
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    TMPDIR: folder,
    CHECKPOINT_DISABLE: '1',
    PACKER_NO_COLOR: '1',
    ...Object.fromEntries(values),
    ...more,
  };
  const packer = spawn('packer', args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(packer, 'close');
  const end: PackerEnd = { exitCode: null, lines: [], errors: [] };
  for await (const line of createInterface({ input: packer.stdout, crlfDelay: Number.POSITIVE_INFINITY })) {
    const event = readPackerLine(line);
    const texts = event.kind === 'ui' ? uiLines(event.data) : [];
    end.lines.push(...(event.kind === 'plain' ? [event.text] : texts));
    if (event.kind === 'ui' && event.voice === 'error') end.errors.push(...texts);
  }
  await ended;
  return { ...end, exitCode: packer.exitCode };
};
