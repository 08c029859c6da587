/**
 * A whole Goldsmith for tests: ports, state and home folder of its own, the checkout's Python environments and base disk.
 * The tests of a run share one (see vitest-stack.ts, `inject('localStack')`); who breaks things starts another one.
 */
import { appendFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTakenPort } from '../../infra/local/stack/ports.ts';
import { killProcesses } from '../../infra/local/stack/process-table.ts';
import { Saves } from '../../infra/local/stack/saves.ts';
import {
  BLOCK_SIZE,
  portsOf,
  REGION,
  type StackPaths,
  stackPaths,
} from '../../infra/local/stack/settings.ts';
import { type Stack, startStack } from '../../infra/local/stack/stack.ts';
import { becomeSupervisor, findSupervisor } from '../../infra/local/stack/supervisor-file.ts';
import { prepareEnvironments } from '../../infra/local/stages/environments.ts';
import { type Output, StagePrinter } from '../../infra/local/terminal/stage-printer.ts';
import { adoptDeployment, ensureDeployment } from './deployment-cache.ts';

const HOME_PREFIX = 'goldsmith-test-';

/** Blocks of ports for tests: below the ports that the system gives out, above those of `npm start`. */
const FIRST_BASE = 20_000;
const BLOCKS = 1_000;

/** What a test needs to know of a stack; plain data that can be handed to another process. */
export interface LocalStackInfo {
  /** Without `/v1`. */
  apiUrl: string;
  socketUrl: string;
  /** The seeded owner's access token. */
  token: string;
  workspaceId: string;
  /** Of `QuickStart`. */
  imageDefinitionId: string;
  /** Of the customer's account: where build VMs are started. */
  subnetId: string;
  awsEndpoint: string;
  ec2Endpoint: string;
  codebuildEndpoint: string;
  vmManagerUrl: string;
  region: string;
  pids: { emulator: number; codebuild: number; ec2: number; vmManager: number };
  /** Accounts at the stand-ins of other clouds. */
  cloudsFile: string;
  /** The stack's folder, as `.goldsmith` is for `npm start`. */
  home: string;
}

/** A running stack that is the caller's to save, to break and to stop. */
export interface LocalStack extends LocalStackInfo {
  /** Resolves with the name of the first server that ends unasked. */
  broken: Promise<string>;
  /** Saves both accounts together, as a graceful stop does. */
  save: () => Promise<void>;
  /** Ends everything. Removes the folder, unless the caller gave it; then the state is saved in it first. */
  stop: () => Promise<void>;
}

export interface LocalStackOptions {
  /** Goes on from what an earlier stack of the tests left there. Default: a new temporary folder. */
  home?: string;
  /** Receives the course of the start. Default: `test-start.log` in the home folder. */
  log?: (line: string) => void;
}

/**
 * Starts a stack: 4 s when the deployment of the present sources is known, 20 s more when it has to be made.
 * @throws the error of the stage that failed; then nothing is left running
 */
export async function startLocalStack(options: LocalStackOptions = {}): Promise<LocalStack> {
  const home = options.home ?? (await mkdtemp(join(tmpdir(), HOME_PREFIX)));
  const paths = stackPaths(home);
  await mkdir(paths.state, { recursive: true });
  await becomeSupervisor(paths);
  const log = options.log ?? ((line: string) => appendFileSync(join(home, 'test-start.log'), `${line}\n`));
  const printer = new StagePrinter(outputTo(log));
  const { signal } = new AbortController();
  await prepareEnvironments(printer, paths, signal);
  const basePort = await findFreeBlock();
  if ((await new Saves(paths.state).current()) === undefined)
    await adoptDeployment(await ensureDeployment(printer), paths, basePort);
  const stack = await startStack({ paths, basePort, printer, signal });
  const stop = async () => {
    await stack.stop({ save: options.home !== undefined });
    await rm(options.home === undefined ? home : paths.supervisorFile, { recursive: true, force: true });
  };
  return { ...describe(stack, paths, basePort), broken: stack.servers.broken, save: stack.save, stop };
}

function describe(stack: Stack, { home, cloudsFile }: StackPaths, basePort: number): LocalStackInfo {
  const { servers, outputs } = stack;
  return {
    ...stack.seeded,
    apiUrl: outputs.ApiUrl,
    socketUrl: outputs.SocketUrl,
    token: stack.token.token,
    subnetId: stack.subnetId,
    awsEndpoint: servers.emulator.endpoint,
    ec2Endpoint: servers.ec2.endpoint,
    codebuildEndpoint: servers.codebuild.endpoint,
    vmManagerUrl: `http://127.0.0.1:${portsOf(basePort).vmManager}`,
    region: REGION,
    pids: {
      emulator: servers.emulator.pid,
      codebuild: servers.codebuild.pid,
      ec2: servers.ec2.pids.launcher,
      vmManager: servers.ec2.pids.manager,
    },
    home,
    cloudsFile,
  };
}

/** Ends what test runs that were killed have left, and removes their folders. */
export async function removeAbandonedStacks(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(HOME_PREFIX)) continue;
    const paths = stackPaths(join(tmpdir(), name));
    if ((await findSupervisor(paths)) !== undefined) continue;
    await killProcesses(paths);
    for (const folder of [paths.home, paths.temporary]) await rm(folder, { recursive: true, force: true });
  }
}

/** A block of ports that nobody listens on. A random one, because several test runs may look at the same time. */
export async function findFreeBlock(): Promise<number> {
  for (;;) {
    const base = FIRST_BASE + Math.floor(Math.random() * BLOCKS) * BLOCK_SIZE;
    if ((await findTakenPort(base)) === undefined) return base;
  }
}

function outputTo(log: (line: string) => void): Output {
  return { isTerminal: false, columns: 100, write: (text) => log(text.trimEnd()) };
}
