/** Runs a program to its end, tells what it says, and ends it when asked. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { kill } from './process-table.ts';

export interface ProgramOptions {
  command: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment. */
  environment: Record<string, string>;
  /** Receives each line of its output. */
  onLine: (line: string) => void;
  /** Ends the program, and all that it started. */
  signal?: AbortSignal | undefined;
}

/** Lines of a failed program that its error repeats: an error message of the CDK with its cause. */
const LAST_LINES = 40;

/**
 * Runs a program in a process group of its own, so that a Ctrl-C in the terminal does not reach it.
 * @throws Error with the program's last lines when it fails or is ended
 */
export async function runProgram(options: ProgramOptions): Promise<void> {
  const child = spawn(options.command, [...options.args], {
    cwd: options.cwd,
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      if (lines.push(line) > LAST_LINES) lines.shift();
      options.onLine(line);
    });
  // Minus: the whole group.
  const end = () => child.pid !== undefined && kill(-child.pid, 'SIGKILL');
  options.signal?.addEventListener('abort', end);
  try {
    const outcome = await new Promise<string | undefined>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? code}`));
    });
    options.signal?.throwIfAborted();
    if (outcome !== undefined)
      throw new Error(`${options.command} ${options.args.join(' ')} ${outcome}:\n${lines.join('\n')}`);
  } finally {
    options.signal?.removeEventListener('abort', end);
  }
}
