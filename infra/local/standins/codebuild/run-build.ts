/**
 * Runs one build from PROVISIONING to COMPLETED. The "machine" is a temporary folder and an environment of
 * its own; at the end, however it comes, every process of the build is killed and the folder removed.
 */
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  closePhase,
  completeBuild,
  type EndStatus,
  openPhase,
  type PhaseContext,
  type PhaseType,
  phaseAfter,
} from './build.ts';
import { type BuildPaths, type BuildRecord, buildPaths, saveBuild, workspaceOf } from './build-store.ts';
import { type Buildspec, type CommandPhase, type PhaseCommands, parseBuildspec } from './buildspec.ts';
import { buildEnvironment, buildFolders } from './environment.ts';
import { killBuildProcesses, type ProcessMark } from './processes.ts';
import type { Settings } from './settings.ts';
import { Shell } from './shell.ts';
import { downloadSource } from './source.ts';

/** How a build is made to end before its commands are through. */
export interface Ending {
  status: EndStatus;
  context?: PhaseContext;
}

const TIMED_OUT: Ending = {
  status: 'TIMED_OUT',
  context: { statusCode: 'BUILD_TIMED_OUT', message: 'Build has timed out.' },
};

const COMMAND_PHASE_NAMES = {
  INSTALL: 'install',
  PRE_BUILD: 'pre_build',
  BUILD: 'build',
  POST_BUILD: 'post_build',
} as const satisfies Record<string, CommandPhase>;

export class BuildRun {
  readonly #record: BuildRecord;
  readonly #settings: Settings;
  readonly #paths: BuildPaths;
  readonly #workspace: string;
  readonly #ended = new AbortController();
  /** It gets no machine before it is ended. */
  readonly #isHeld: boolean;
  #ending: Ending | undefined;
  #hasFailed = false;

  constructor(record: BuildRecord, settings: Settings, isHeld = false) {
    this.#record = record;
    this.#settings = settings;
    this.#isHeld = isHeld;
    this.#paths = buildPaths(settings.stateDir, record.build.id);
    this.#workspace = workspaceOf(settings.workDir, record.build.id);
  }

  /** Ends the build early: kills its processes; `run` then resolves soon. The first ending counts. */
  end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#ended.abort();
    void this.#kill();
  }

  /** Runs the build; resolves when it is completed and nothing of it is left. Never rejects. */
  async run(): Promise<void> {
    const { build } = this.#record;
    const limit = setTimeout(() => this.end(TIMED_OUT), build.timeoutInMinutes * this.#settings.minuteMs);
    await this.#runPhases().catch((error: unknown) => this.end(faultOf(error)));
    clearTimeout(limit);
    await this.#kill();
    await rm(this.#workspace, { recursive: true, force: true }).catch(() => {
      // A process stuck in the kernel can hold a file; the folder is in the way of nothing.
    });
    completeBuild(build, this.#ending?.status ?? this.#outcome(), now(), this.#ending?.context);
    this.#log(`Build ${build.buildStatus}`);
    this.#save();
  }

  async #runPhases(): Promise<void> {
    const folders = buildFolders(this.#workspace);
    await this.#phase('PROVISIONING', async () => {
      await mkdir(folders.temporary, { recursive: true });
      const { signal } = this.#ended;
      if (this.#isHeld && !signal.aborted) await once(signal, 'abort');
      return undefined;
    });
    let buildspec: Buildspec | undefined;
    await this.#phase('DOWNLOAD_SOURCE', async () => {
      const { emulatorEndpoint, region } = this.#settings;
      const source = this.#record.build.source;
      const signal = this.#ended.signal;
      await downloadSource({ source, directory: folders.source, emulatorEndpoint, region, signal });
      buildspec = parseBuildspec(await readBuildspec(source.buildspec, folders.source));
      return undefined;
    });
    if (buildspec !== undefined) await this.#runCommandPhases(buildspec, await this.#openShell(buildspec));
    // What FINALIZING stands for is done by `run`, and cannot fail.
    await this.#phase('FINALIZING', async () => undefined);
  }

  async #openShell(buildspec: Buildspec): Promise<Shell> {
    const { build } = this.#record;
    const folders = buildFolders(this.#workspace);
    return Shell.create({
      shell: buildspec.shell,
      workspace: folders.workspace,
      directory: folders.source,
      environment: buildEnvironment(build, buildspec, folders, this.#settings),
      buildId: build.id,
      logFile: this.#paths.log,
      onProcess: (process) => this.#remember(process),
    });
  }

  async #runCommandPhases(buildspec: Buildspec, shell: Shell): Promise<void> {
    let phase: PhaseType = 'INSTALL';
    while (isCommandPhase(phase)) {
      const commands = buildspec.phases[COMMAND_PHASE_NAMES[phase]];
      await shell.export({ CODEBUILD_BUILD_SUCCEEDING: this.#hasFailed ? '0' : '1' });
      const hasPassed = await this.#phase(phase, () => this.#runCommands(shell, commands));
      phase = phaseAfter(phase, !hasPassed, commands?.onFailure);
    }
    // Projects have no artifacts: what a build makes goes to the API.
    if (phase === 'UPLOAD_ARTIFACTS') await this.#phase(phase, async () => undefined);
  }

  async #runCommands(shell: Shell, phase: PhaseCommands | undefined): Promise<PhaseContext | undefined> {
    const failure = await this.#runUntilFailure(shell, phase?.commands ?? []);
    const lastFailure = await this.#runUntilFailure(shell, phase?.finally ?? []);
    return failure ?? lastFailure;
  }

  async #runUntilFailure(shell: Shell, commands: readonly string[]): Promise<PhaseContext | undefined> {
    for (const command of commands) {
      if (this.#ending !== undefined) return undefined;
      this.#log(`Running command ${command}`);
      const status = await shell.run(command);
      if (status !== 0) {
        const message = `Error while executing command: ${command}. Reason: exit status ${status}`;
        return { statusCode: 'COMMAND_EXECUTION_ERROR', message };
      }
    }
    return undefined;
  }

  /** Runs a phase unless the build was ended; `action` answers why it failed, if it did. */
  async #phase(type: PhaseType, action: () => Promise<PhaseContext | undefined>): Promise<boolean> {
    if (this.#ending !== undefined) return false;
    openPhase(this.#record.build, type, now());
    this.#log(`Entering phase ${type}`);
    this.#save();
    const failure = await action().catch((error: unknown) => ({
      statusCode: 'CLIENT_ERROR',
      message: String(error),
    }));
    // The phase that was interrupted takes the build's status when that is completed.
    if (this.#ending !== undefined) return false;
    if (failure !== undefined) this.#hasFailed = true;
    const status = failure === undefined ? 'SUCCEEDED' : 'FAILED';
    closePhase(this.#record.build, status, now(), failure);
    this.#log(
      `Phase complete: ${type} State: ${status}${failure === undefined ? '' : ` (${failure.message})`}`,
    );
    return failure === undefined;
  }

  #remember(process: ProcessMark | undefined): void {
    this.#record.shell = process;
    this.#save();
    // It was started while the build was being ended.
    if (process !== undefined && this.#ending !== undefined) void this.#kill();
  }

  async #kill(): Promise<void> {
    const { build, shell } = this.#record;
    const owner = { buildId: build.id, workspace: this.#workspace };
    await killBuildProcesses(owner, shell === undefined ? [] : [shell]);
  }

  #outcome(): EndStatus {
    return this.#hasFailed ? 'FAILED' : 'SUCCEEDED';
  }

  #log(text: string): void {
    appendFileSync(this.#paths.log, `[Container] ${new Date().toISOString()} ${text}\n`);
  }

  #save(): void {
    saveBuild(this.#settings.stateDir, this.#record);
  }
}

function isCommandPhase(phase: PhaseType): phase is keyof typeof COMMAND_PHASE_NAMES {
  return phase in COMMAND_PHASE_NAMES;
}

/** The project's own text, or the file of the source that it names (`buildspec.yml` when it names none). */
async function readBuildspec(buildspec: string | undefined, source: string): Promise<string> {
  if (buildspec !== undefined && /[\n{]/.test(buildspec)) return buildspec;
  return readFile(join(source, buildspec || 'buildspec.yml'), 'utf8');
}

/** The stand-in's own failure, such as a full disk. */
function faultOf(error: unknown): Ending {
  return { status: 'FAULT', context: { statusCode: 'INTERNAL_SERVICE_ERROR', message: String(error) } };
}

function now(): number {
  return Date.now() / 1000;
}
