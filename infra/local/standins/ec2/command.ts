import { execFile } from 'node:child_process';

/** What a command may need beside its arguments. */
export interface CommandOptions {
  cwd?: string;
  /** Milliseconds after which the command is killed. */
  timeoutMs?: number;
}

/**
 * Runs a program to its end and returns its standard output.
 * @throws Error that names the command and carries its standard error.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const settings = {
      cwd: options.cwd,
      timeout: options.timeoutMs ?? 0,
      maxBuffer: 16 * 1024 * 1024,
      encoding: 'utf8',
    } as const;
    execFile(program, [...args], settings, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new Error(`${program} ${args.join(' ')} failed: ${stderr.trim() || error.message}`, {
            cause: error,
          }),
        );
    });
  });
}
