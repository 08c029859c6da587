/**
 * Runs the commands of a buildspec as CodeBuild does: each as a script of its own, in the shell of the
 * build, where what the last one exported and the folder it ended in are restored first. So `cd` and
 * `export` carry over, shell functions and unexported variables do not, and `exit` ends one command only.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { markProcess, type ProcessMark } from './processes.ts';

const exitSchema = z.tuple([z.number().nullable(), z.string().nullable()]);

export interface ShellOptions {
  shell: 'sh' | 'bash';
  /** The build's folder; the shell keeps its own files in `.codebuild` below it. */
  workspace: string;
  /** Where the first command runs. */
  directory: string;
  /** The whole environment of the first command. */
  environment: Record<string, string>;
  buildId: string;
  /** Appended to by the commands themselves, so they never depend on a reader. */
  logFile: string;
  /** Told of each command's process, and of its end. */
  onProcess: (process: ProcessMark | undefined) => void;
}

export class Shell {
  readonly #options: ShellOptions;
  readonly #files: string;

  private constructor(options: ShellOptions) {
    this.#options = options;
    this.#files = join(options.workspace, '.codebuild');
  }

  /** Prepares a shell; nothing runs yet. */
  static async create(options: ShellOptions): Promise<Shell> {
    const shell = new Shell(options);
    await mkdir(shell.#files, { recursive: true });
    await shell.export(options.environment);
    await writeFile(join(shell.#files, 'dir.txt'), options.directory);
    return shell;
  }

  /** Sets variables for the commands to come. */
  async export(variables: Record<string, string>): Promise<void> {
    const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}\n`);
    await writeFile(join(this.#files, 'env.sh'), lines.join(''), { flag: 'a' });
  }

  /** Runs one command and answers its exit status; 128 when a signal ended it. */
  async run(command: string): Promise<number> {
    const script = join(this.#files, 'script.sh');
    await writeFile(script, this.#wrap(command));
    const log = openSync(this.#options.logFile, 'a');
    try {
      return await this.#execute(script, log);
    } finally {
      closeSync(log);
    }
  }

  async #execute(script: string, log: number): Promise<number> {
    const child = spawn(`/bin/${this.#options.shell}`, [script], {
      // The script restores everything; only what marks the process as the build's own is given here.
      env: { CODEBUILD_BUILD_ID: this.#options.buildId },
      stdio: ['ignore', log, log],
      detached: true,
    });
    const exit = once(child, 'exit');
    if (child.pid !== undefined) this.#options.onProcess(markProcess(child.pid));
    const [code] = exitSchema.parse(await exit);
    this.#options.onProcess(undefined);
    return code ?? 128;
  }

  #wrap(command: string): string {
    const env = quote(join(this.#files, 'env.sh'));
    const dir = quote(join(this.#files, 'dir.txt'));
    return [
      `. ${env}`,
      `cd "$(cat ${dir})"`,
      command,
      'CODEBUILD_LAST_EXIT=$?',
      `export -p > ${env}`,
      `pwd > ${dir}`,
      'exit $CODEBUILD_LAST_EXIT',
      '',
    ].join('\n');
  }
}

/** A word for sh that stands for exactly this text. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
