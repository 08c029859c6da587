/**
 * AWS CodeBuild on one machine: serves StartBuild, StopBuild, BatchGetBuilds and ListBuildsForProject, and
 * runs the buildspec of projects that CloudFormation made in the emulator as local processes. Reached only
 * through the SDK's own `AWS_ENDPOINT_URL_CODEBUILD`.
 */
import { join, resolve } from 'node:path';
import { startServerProcess } from '../../emulator/child-process.ts';
import { networkVariables, SETTINGS_VARIABLE, type Settings } from './settings.ts';

export { readBuilds } from './build-store.ts';

const CHECKOUT = resolve(import.meta.dirname, '../../../..');

/** It starts in 0.2 s; killing the builds of a former life can take seconds. */
const START_LIMIT_MS = 20_000;

/** Killing builds is a matter of milliseconds; the limit guards against a hanging process. */
const STOP_LIMIT_MS = 10_000;

export interface CodeBuildOptions {
  host: string;
  port: number;
  /** Where the projects and their S3 sources are. */
  emulatorEndpoint: string;
  region: string;
  /** Builds and their logs (`logs/<uuid>.log`). */
  stateDir: string;
  /** Where builds have their folders; of a short path, because sockets are made in them. Default: `stateDir`/work. */
  workDir?: string | undefined;
  /** Builds that run at one time; those above it stay QUEUED, in order. */
  concurrency: number;
  /** Given to every build, such as `AWS_ENDPOINT_URL_…`; of the caller's own environment only the proxy
   * and certificate variables and PATH are. */
  environment: Record<string, string>;
  /** Receives what the stand-in writes about its own faults. */
  log?: ((line: string) => void) | undefined;
  /** Length of a minute of the API's time-outs in milliseconds. Default: 60,000. */
  minuteMs?: number | undefined;
}

export interface CodeBuild {
  endpoint: string;
  pid: number;
  /** Resolves when the process has ended, for whatever reason. */
  ended: Promise<void>;
  /** Kills all builds and ends the stand-in. Idempotent. */
  stop: () => Promise<void>;
}

/**
 * Starts the stand-in as a process of its own and resolves when it is healthy. Builds that a killed
 * stand-in left in the state folder are ended first.
 * @throws Error with its last lines when it does not start.
 */
export async function startCodeBuild(options: CodeBuildOptions): Promise<CodeBuild> {
  const endpoint = `http://${options.host}:${options.port}`;
  const { log, ...given } = options;
  const settings: Settings = {
    ...given,
    stateDir: resolve(options.stateDir),
    workDir: resolve(options.workDir ?? join(options.stateDir, 'work')),
    minuteMs: options.minuteMs ?? 60_000,
  };
  const server = await startServerProcess({
    name: 'The CodeBuild stand-in',
    command: join(CHECKOUT, 'node_modules', '.bin', 'node'),
    args: [join(import.meta.dirname, 'server.ts')],
    environment: {
      PATH: process.env['PATH'] ?? '',
      ...networkVariables(process.env),
      // Compiled code is kept: a start takes 0.2 s instead of 0.35 s.
      NODE_COMPILE_CACHE: join(settings.stateDir, 'code'),
      [SETTINGS_VARIABLE]: JSON.stringify(settings),
    },
    healthUrl: `${endpoint}/health`,
    startLimitMs: START_LIMIT_MS,
    stopLimitMs: STOP_LIMIT_MS,
    log: log ?? (() => {}),
  });
  return { endpoint, ...server };
}
