/** The servers of a stack: the AWS emulator, CodeBuild's stand-in, the customer's account with its VMs, other clouds. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../emulator/index.ts';
import { environments } from '../stages/environments.ts';
import { type CodeBuild, startCodeBuild } from '../standins/codebuild/index.ts';
import { cloudVariables, startClouds } from '../standins/clouds/index.ts';
import type { ChildServer } from '../standins/ec2/child-server.ts';
import { type Ec2Standin, startEc2 } from '../standins/ec2/index.ts';
import type { StagePrinter } from '../terminal/stage-printer.ts';
import { openLog } from './log-files.ts';
import { readStartTime } from './process-table.ts';
import type { OpenedSave, Saves } from './saves.ts';
import { cloudNetworkOf, portsOf, REGION, SSH_PORT, type StackPaths } from './settings.ts';

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
  clouds: ChildServer;
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
    printer.stage('stand-in for Azure and Google Cloud', () => startOtherClouds(options)),
  ]);
  const [emulator, codebuild, ec2, clouds] = started;
  if (
    emulator.status === 'rejected' ||
    codebuild.status === 'rejected' ||
    ec2.status === 'rejected' ||
    clouds.status === 'rejected'
  ) {
    for (const each of started) if (each.status === 'fulfilled') await each.value.stop();
    throw started.find((each) => each.status === 'rejected')?.reason;
  }
  return joinServers(emulator.value, codebuild.value, ec2.value, clouds.value);
}

function joinServers(
  emulator: Emulator,
  codebuild: CodeBuild,
  ec2: Ec2Standin,
  clouds: ChildServer,
): Servers {
  const watch = watchProcesses({ ...ec2.pids, clouds: clouds.pid });
  const broken = Promise.race([
    emulator.ended.then(() => 'The AWS emulator'),
    codebuild.ended.then(() => 'The stand-in for CodeBuild'),
    watch.ended,
  ]);
  const stop = async () => {
    watch.stop();
    // Builds first: they talk to both accounts.
    await codebuild.stop();
    await Promise.all([ec2.stop(), clouds.stop(), emulator.stop()]);
  };
  return { emulator, codebuild, ec2, clouds, broken, stop };
}

/** How programs in both accounts' service find what is not where AWS has it; the SDKs' and Packer's own variables. */
function endpointVariables({ basePort, paths }: ServerOptions): Record<string, string> {
  const ports = portsOf(basePort);
  const customerAccount = `http://127.0.0.1:${ports.ec2}`;
  return {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${ports.emulator}`,
    AWS_ENDPOINT_URL_CODEBUILD: `http://127.0.0.1:${ports.codebuild}`,
    // What Goldsmith asks of the customer's account: its role, its machines, its images.
    AWS_ENDPOINT_URL_STS: customerAccount,
    AWS_ENDPOINT_URL_EC2: customerAccount,
    AWS_ENDPOINT_URL_SERVICE_QUOTAS: customerAccount,
    ...cloudVariables({ port: ports.clouds, folder: cloudsFolder(paths) }),
  };
}

function startAws(options: ServerOptions): Promise<Emulator> {
  const { paths, basePort, saves } = options;
  return startEmulator({
    port: portsOf(basePort).emulator,
    stateDir: saves.workingEmulator,
    tmpDir: paths.temporary,
    venvDir: environments.emulator,
    region: REGION,
    environment: endpointVariables(options),
    log: openLog(paths.logs, 'emulator'),
  });
}

function startBuilds(options: ServerOptions): Promise<CodeBuild> {
  const { paths, basePort } = options;
  const ports = portsOf(basePort);
  return startCodeBuild({
    host: '127.0.0.1',
    port: ports.codebuild,
    emulatorEndpoint: `http://127.0.0.1:${ports.emulator}`,
    region: REGION,
    stateDir: join(paths.state, 'codebuild'),
    workDir: join(paths.temporary, 'work'),
    concurrency: CONCURRENT_BUILDS,
    environment: endpointVariables(options),
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

const cloudsFolder = ({ state }: StackPaths): string => join(state, 'clouds');

async function startOtherClouds({ paths, basePort, vpcCidr }: ServerOptions): Promise<ChildServer> {
  return startClouds({
    port: portsOf(basePort).clouds,
    folder: cloudsFolder(paths),
    accountsFile: paths.cloudsFile,
    cacheDir: paths.cache,
    network: cloudNetworkOf(vpcCidr),
    sshPort: SSH_PORT,
    log: join(paths.logs, 'clouds.log'),
  });
}

/** Resolves with a process's name when it is gone. */
function watchProcesses(pids: Ec2Standin['pids'] & { clouds: number }) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const names = {
    [pids.launcher]: "The stand-in for the customer's AWS account",
    [pids.manager]: 'The VM manager',
    [pids.clouds]: 'The stand-in for Azure and Google Cloud',
  };
  const timer = setInterval(() => {
    for (const [pid, name] of Object.entries(names))
      void readStartTime(Number(pid)).then((startTime) => startTime === undefined && resolve(name));
  }, WATCH_MS);
  return { ended: promise, stop: () => clearInterval(timer) };
}
