/**
 * The AWS emulator of the local stage: MiniStack in a clean environment.
 *
 * Whatever is in the emulator's environment reaches every Lambda function, so it is built from chosen names:
 * this is also how `AWS_ENDPOINT_URL_CODEBUILD` and the like get to them.
 */
import { mkdir, rm } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { z } from 'zod';
import { startServerProcess } from './child-process.ts';
import { adoptState } from './saved-state.ts';

export { findFreePort } from './child-process.ts';
export { moveAddresses } from './saved-state.ts';
export { defaultVenvDir, ensureVenv } from './venv.ts';

const CHECKOUT = resolve(import.meta.dirname, '../../..');

/** What the emulator's virtual environment is made from. */
export const EMULATOR_REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

/** A healthy start takes 0.8 s on two cores; with much state or a busy machine some seconds. */
const START_LIMIT_MS = 60_000;

/** Writing the state takes milliseconds; the limit only guards against a process that hangs. */
const STOP_LIMIT_MS = 20_000;

/** Each idle Lambda process costs about 70 MB: those beyond a function's first go after this time. */
const WARM_SECONDS = 60;

/** Lambda processes at one time; a burst waits instead of taking 8 GB (seen with 100 processes). */
const MAX_LAMBDA_PROCESSES = 24;

export interface EmulatorOptions {
  port: number;
  /** Where the state is kept between starts; S3 objects go to its subfolder `s3`. A copy of one that was
   * saved may be used with another port. */
  stateDir: string;
  /** For unpacked Lambda code; the subfolder `emulator-<port>` is emptied at each start. */
  tmpDir: string;
  /** The virtual environment's own folder (see `ensureVenv`). */
  venvDir: string;
  /** Default: us-east-1. */
  region?: string | undefined;
  /** Added to the emulator's environment last, and so to that of every Lambda function. */
  environment?: Record<string, string> | undefined;
  /** Receives the emulator's log lines. */
  log?: ((line: string) => void) | undefined;
}

const activitySchema = z.object({
  /** Requests since the start, those of Lambda functions included. */
  requests: z.int(),
  /** Executions of Step Functions under way: they do not survive a restart. */
  executions: z.int(),
});
type Activity = z.infer<typeof activitySchema>;

export interface Emulator {
  endpoint: string;
  pid: number;
  /** Resolves when the process has ended, for whatever reason. */
  ended: Promise<void>;
  /** How busy it is. */
  activity: () => Promise<Activity>;
  /** Writes the whole state to `stateDir` while the emulator goes on; throws when it is not reachable. */
  save: () => Promise<void>;
  /** Ends the emulator; the state is written first. Idempotent. */
  stop: () => Promise<void>;
}

/**
 * Starts the emulator on 127.0.0.1 and resolves when it is healthy (0.8 s).
 * @throws Error with the emulator's last lines when it does not start (port taken, no environment).
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const endpoint = `http://127.0.0.1:${options.port}`;
  const tmpDir = join(resolve(options.tmpDir), `emulator-${options.port}`);
  await rm(tmpDir, { recursive: true, force: true });
  await mkdir(tmpDir, { recursive: true });
  await adoptState(options.stateDir, options.port);
  const server = await startServerProcess({
    name: 'The AWS emulator',
    command: join(resolve(options.venvDir), 'bin', 'python'),
    args: [join(import.meta.dirname, 'launcher.py')],
    environment: emulatorEnvironment(options, tmpDir),
    healthUrl: `${endpoint}/_ministack/health`,
    startLimitMs: START_LIMIT_MS,
    stopLimitMs: STOP_LIMIT_MS,
    log: options.log ?? (() => {}),
  });
  return { endpoint, ...server, save: () => saveState(endpoint), activity: () => readActivity(endpoint) };
}

async function readActivity(endpoint: string): Promise<Activity> {
  const answer = await fetch(`${endpoint}/_goldsmith/activity`);
  return activitySchema.parse(await answer.json());
}

async function saveState(endpoint: string): Promise<void> {
  const answer = await fetch(`${endpoint}/_goldsmith/save`, { method: 'POST' });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`The emulator did not save its state: HTTP ${answer.status}`);
}

function emulatorEnvironment(options: EmulatorOptions, tmpDir: string): Record<string, string> {
  const region = options.region ?? 'us-east-1';
  const stateDir = resolve(options.stateDir);
  return {
    // Lambda functions run on the `node` that is found first: the project's own Node 24.
    PATH: [join(CHECKOUT, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter),
    HOME: tmpDir,
    TMPDIR: tmpDir,
    LANG: 'C.UTF-8',
    GATEWAY_PORT: String(options.port),
    BIND_HOST: '127.0.0.1',
    // Otherwise queue URLs repeat whatever name the caller used.
    MINISTACK_HOST: '127.0.0.1',
    MINISTACK_REGION: region,
    AWS_DEFAULT_REGION: region,
    PERSIST_STATE: '1',
    STATE_DIR: stateDir,
    S3_PERSIST: '1',
    S3_DATA_DIR: join(stateDir, 's3'),
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    LAMBDA_ACCOUNT_CONCURRENCY: String(MAX_LAMBDA_PROCESSES),
    LAMBDA_WARM_TTL_SECONDS: String(WARM_SECONDS),
    // One line per request at INFO.
    LOG_LEVEL: 'WARNING',
    // The SDK in a function must never look for credentials on the network.
    AWS_EC2_METADATA_DISABLED: 'true',
    ...options.environment,
  };
}
