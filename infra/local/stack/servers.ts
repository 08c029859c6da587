/** The three servers of a stack: the AWS emulator, CodeBuild's stand-in, and the customer's account with its VMs. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../emulator/index.ts';
import { environments } from '../stages/environments.ts';
import { type CodeBuild, startCodeBuild } from '../standins/codebuild/index.ts';
import { type Ec2Standin, startEc2 } from '../standins/ec2/index.ts';
import type { StagePrinter } from '../terminal/stage-printer.ts';
import { openLog } from './log-files.ts';
import { readStartTime } from './process-table.ts';
import type { OpenedSave, Saves } from './saves.ts';
import { portsOf, REGION, SSH_PORT, type StackPaths } from './settings.ts';

/** How often the processes that cannot tell their end are looked at, in milliseconds. */
const WATCH_MS = 1000;

/** Builds at one time. Admission has its own limit below it (stage settings), so that nothing waits in CodeBuild. */
const CONCURRENT_BUILDS = 8;

export interface ServerOptions {
  paths: StackPaths;
  basePort: number;
  vpcCidr: string;
  saves: Saves;
  save: OpenedSave | undefined;
  printer: StagePrinter;
}

/** The servers of a running stack. */
export interface Servers {
  emulator: Emulator;
  codebuild: CodeBuild;
  ec2: Ec2Standin;
  /** Resolves with the name of the first server that ends without having been asked to. */
  broken: Promise<string>;
  stop: () => Promise<void>;
}

/**
 * Starts all servers side by side.
 * @throws the error of the first that does not start; the others are stopped again
 */
export async function startServers(options: ServerOptions): Promise<Servers> {
  const { printer } = options;
  const started = await Promise.allSettled([
    printer.stage('AWS emulator', () => startAws(options)),
    printer.stage('stand-in for CodeBuild', () => startBuilds(options)),
    printer.stage("stand-in for the customer's AWS account", () => startCustomerAccount(options)),
  ]);
  const [emulator, codebuild, ec2] = started;
  if (emulator.status === 'rejected' || codebuild.status === 'rejected' || ec2.status === 'rejected') {
    for (const each of started) if (each.status === 'fulfilled') await each.value.stop();
    throw started.find((each) => each.status === 'rejected')?.reason;
  }
  return joinServers(emulator.value, codebuild.value, ec2.value);
}

function joinServers(emulator: Emulator, codebuild: CodeBuild, ec2: Ec2Standin): Servers {
  const watch = watchProcesses(ec2.pids);
  const broken = Promise.race([
    emulator.ended.then(() => 'The AWS emulator'),
    codebuild.ended.then(() => 'The stand-in for CodeBuild'),
    watch.ended,
  ]);
  const stop = async () => {
    watch.stop();
    // Builds first: they talk to both accounts.
    await codebuild.stop();
    await Promise.all([ec2.stop(), emulator.stop()]);
  };
  return { emulator, codebuild, ec2, broken, stop };
}

/** How programs in both accounts' service find what is not where AWS has it; the SDKs' and Packer's own variables. */
function endpointVariables(basePort: number): Record<string, string> {
  const ports = portsOf(basePort);
  const customerAccount = `http://127.0.0.1:${ports.ec2}`;
  return {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${ports.emulator}`,
    AWS_ENDPOINT_URL_CODEBUILD: `http://127.0.0.1:${ports.codebuild}`,
    // What Goldsmith asks of the customer's account: its role, its machines, its images.
    AWS_ENDPOINT_URL_STS: customerAccount,
    AWS_ENDPOINT_URL_EC2: customerAccount,
  };
}

function startAws({ paths, basePort, saves }: ServerOptions): Promise<Emulator> {
  return startEmulator({
    port: portsOf(basePort).emulator,
    stateDir: saves.workingEmulator,
    tmpDir: paths.temporary,
    venvDir: environments.emulator,
    region: REGION,
    environment: endpointVariables(basePort),
    log: openLog(paths.logs, 'emulator'),
  });
}

function startBuilds({ paths, basePort }: ServerOptions): Promise<CodeBuild> {
  const ports = portsOf(basePort);
  return startCodeBuild({
    host: '127.0.0.1',
    port: ports.codebuild,
    emulatorEndpoint: `http://127.0.0.1:${ports.emulator}`,
    region: REGION,
    stateDir: join(paths.state, 'codebuild'),
    workDir: join(paths.temporary, 'work'),
    concurrency: CONCURRENT_BUILDS,
    environment: endpointVariables(basePort),
    log: openLog(paths.logs, 'codebuild'),
  });
}

async function startCustomerAccount(options: ServerOptions): Promise<Ec2Standin> {
  const { paths, basePort, vpcCidr, save } = options;
  const ports = portsOf(basePort);
  const stateDir = join(paths.state, 'ec2');
  await mkdir(stateDir, { recursive: true });
  return startEc2({
    host: '127.0.0.1',
    port: ports.ec2,
    managerPort: ports.vmManager,
    stateDir,
    cacheDir: paths.cache,
    venvDir: environments.ec2,
    vpcCidr,
    sshPort: SSH_PORT,
    log: join(paths.logs, 'ec2.log'),
    ...(save?.ec2File !== undefined && { load: save.ec2File }),
  });
}

/** Resolves with a process's name when it is gone. */
function watchProcesses(pids: Ec2Standin['pids']) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const names = {
    [pids.launcher]: "The stand-in for the customer's AWS account",
    [pids.manager]: 'The VM manager',
  };
  const timer = setInterval(() => {
    for (const [pid, name] of Object.entries(names))
      void readStartTime(Number(pid)).then((startTime) => startTime === undefined && resolve(name));
  }, WATCH_MS);
  return { ended: promise, stop: () => clearInterval(timer) };
}
