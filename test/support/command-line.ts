/** `npm start` and `npm stop` as a person runs them, in a home folder of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalFile, readLocalFile } from '../../infra/local/stack/local-file.ts';
import { findProcesses, killProcesses } from '../../infra/local/stack/process-table.ts';
import { CHECKOUT, type StackPaths, stackPaths } from '../../infra/local/stack/settings.ts';
import { StagePrinter } from '../../infra/local/terminal/stage-printer.ts';
import { adoptDeployment, ensureDeployment } from './deployment-cache.ts';
import { findFreeBlock } from './local-stack.ts';

/** A command that runs or has run. */
export interface Command {
  process: ChildProcess;
  /** All that it has printed so far. */
  output: () => string;
  /** Resolves with the exit code, 128 after a signal. */
  ended: Promise<number>;
  /** Resolves when it has ended well; throws with its output when it has not. */
  succeeded: () => Promise<void>;
  /** Resolves when it has printed this; throws with its output when it ends before. */
  printed: (text: string) => Promise<void>;
}

/** A home folder with a deployment in it, as after a first start that was stopped at once. */
export class CommandLine {
  readonly paths: StackPaths;
  readonly #basePort: number;

  private constructor(paths: StackPaths, basePort: number) {
    this.paths = paths;
    this.#basePort = basePort;
  }

  static async create(): Promise<CommandLine> {
    const paths = stackPaths(await mkdtemp(join(tmpdir(), 'goldsmith-cli-')));
    await mkdir(paths.state);
    const basePort = await findFreeBlock();
    const printer = new StagePrinter({ isTerminal: false, columns: 100, write: () => {} });
    await adoptDeployment(await ensureDeployment(printer), paths, basePort);
    return new CommandLine(paths, basePort);
  }

  /** Runs `npm <name> -- <args>`, without npm. */
  run(name: 'start' | 'stop', ...args: string[]): Command {
    const child = spawn(process.execPath, [join(CHECKOUT, 'infra/local/bootstrap.mjs'), name, ...args], {
      env: { ...process.env, GOLDSMITH_HOME: this.paths.home, GOLDSMITH_PORT: String(this.#basePort) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return observe(child);
  }

  /** What local.json says. */
  async readLocal(): Promise<LocalFile> {
    const local = await readLocalFile(this.paths);
    if (local === undefined) throw new Error(`No ${this.paths.localFile}`);
    return local;
  }

  /** Programs of the stack that run now, by name. */
  async programs(): Promise<string[]> {
    return (await findProcesses(this.paths)).map(({ program }) => program);
  }

  /** Pid of the AWS emulator. */
  async emulatorPid(): Promise<number> {
    for (const { pid } of await findProcesses(this.paths)) {
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (commandLine.includes('emulator/launcher.py')) return pid;
    }
    throw new Error('No emulator runs');
  }

  async remove(): Promise<void> {
    await killProcesses(this.paths);
    for (const folder of [this.paths.home, this.paths.temporary])
      await rm(folder, { recursive: true, force: true });
  }
}

function observe(child: ChildProcess): Command {
  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data) => {
      output += String(data);
      for (const listener of listeners) listener();
    });
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 128)));
  const printed = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => output.includes(text) && resolve();
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`"${text}" was never printed:\n${output}`)));
    });
  const succeeded = async () => {
    const code = await ended;
    if (code !== 0) throw new Error(`It ended with ${code}:\n${output}`);
  };
  return { process: child, output: () => output, ended, succeeded, printed };
}
