/** Starts and stops the local stand-in of an AWS account. See README.md. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ensureBaseDisk } from './base-disk.ts';
import { catalogue } from './catalogue.ts';
import { type ChildServer, startServer } from './child-server.ts';
import { reapVms } from './vm/processes.ts';

export { ensureBaseDisk } from './base-disk.ts';
export { reapVms } from './vm/processes.ts';

/** Settings of {@link startEc2}. Paths are absolute. */
export interface Ec2Options {
  /** Address of the AWS API; a loopback address. */
  host: string;
  /** Port of the AWS API. */
  port: number;
  /** Port of the VM manager, on 127.0.0.1. */
  managerPort: number;
  /** Disks of instances and built images. Belongs to one stand-in at a time. */
  stateDir: string;
  /** Base disk and downloaded packages; may be shared. */
  cacheDir: string;
  /** Python virtual environment with requirements.txt installed. */
  venvDir: string;
  /** Network of the instances, a /16 within 127.0.0.0/8 that no other stand-in uses. Fixed by a saved state. */
  vpcCidr: string;
  /** Port of the instances' SSH servers; above 1023, so that no root is needed. */
  sshPort: number;
  /** File to append the log of both processes to. */
  log: string;
  /** Saved state to go on from; without it the account is empty and the disks in `stateDir` are deleted. */
  load?: string;
  /** Regions with a network for instances: at most 16. */
  regions?: readonly string[];
}

const networksSchema = z.record(
  z.string(),
  z.object({ vpcId: z.string(), subnetId: z.string(), cidr: z.string() }),
);

/** The network for instances in each region. */
export type Ec2Networks = z.infer<typeof networksSchema>;

/** A running stand-in. */
export interface Ec2Standin {
  /** Address of the AWS API (EC2, IAM, KMS, SSM, STS). */
  endpoint: string;
  /** Address of the VM manager: GET /vms, /disks, /health. */
  managerUrl: string;
  networks: Ec2Networks;
  pids: { launcher: number; manager: number };
  /** Ends both processes and all VMs. Does not save. */
  stop(): Promise<void>;
  /** Writes the account's state to a file, whole or not at all. */
  save(path: string): Promise<void>;
}

const defaultRegions = ['us-east-1', 'us-west-2', 'eu-west-1', 'eu-central-1'];

/**
 * Starts the local account and waits until it serves; makes the base disk when it is not in the cache.
 * @throws Error that names the log file when one of the processes does not get healthy; then none is left running
 */
export async function startEc2(options: Ec2Options): Promise<Ec2Standin> {
  await mkdir(options.stateDir, { recursive: true });
  const baseDisk = await ensureBaseDisk(options.cacheDir);
  const catalogueFile = join(options.stateDir, 'catalogue.json');
  await writeFile(catalogueFile, JSON.stringify(catalogue));
  const manager = await startManager(options, baseDisk);
  const started = [manager];
  try {
    const launcher = await startLauncher(options, catalogueFile);
    started.unshift(launcher);
    return await describe(options, manager, launcher);
  } catch (error) {
    for (const server of started) await server.stop();
    throw error;
  }
}

function startManager(options: Ec2Options, baseDisk: string): Promise<ChildServer> {
  const flags = {
    '--port': String(options.managerPort),
    '--state-dir': options.stateDir,
    '--base-disk': baseDisk,
    '--ssh-port': String(options.sshPort),
  };
  return startServer({
    name: 'the VM manager',
    program: process.execPath,
    args: [join(import.meta.dirname, 'vm-manager.ts'), ...Object.entries(flags).flat()],
    healthUrl: `${managerUrl(options)}/health`,
    log: options.log,
  });
}

function startLauncher(options: Ec2Options, catalogueFile: string): Promise<ChildServer> {
  const flags = {
    '--host': options.host,
    '--port': String(options.port),
    '--manager-url': managerUrl(options),
    '--catalogue': catalogueFile,
    '--vpc-cidr': options.vpcCidr,
    '--regions': (options.regions ?? defaultRegions).join(','),
    ...(options.load === undefined ? {} : { '--load': options.load }),
  };
  return startServer({
    name: 'the AWS emulator',
    program: join(options.venvDir, 'bin', 'python'),
    args: [join(import.meta.dirname, 'launcher.py'), ...Object.entries(flags).flat()],
    healthUrl: `${endpointUrl(options)}/goldsmith/health`,
    log: options.log,
  });
}

async function describe(
  options: Ec2Options,
  manager: ChildServer,
  launcher: ChildServer,
): Promise<Ec2Standin> {
  const endpoint = endpointUrl(options);
  const response = await fetch(`${endpoint}/goldsmith/network`);
  return {
    endpoint,
    managerUrl: managerUrl(options),
    networks: networksSchema.parse(await response.json()),
    pids: { launcher: launcher.pid, manager: manager.pid },
    stop: async () => {
      await launcher.stop();
      await manager.stop();
      await reapVms(options.stateDir);
    },
    save: (path) => save(endpoint, path, options.log),
  };
}

async function save(endpoint: string, path: string, log: string): Promise<void> {
  const response = await fetch(`${endpoint}/goldsmith/save`, {
    method: 'POST',
    body: JSON.stringify({ path }),
  });
  if (!response.ok)
    throw new Error(
      `the state of the local AWS account was not saved (status ${response.status}): see ${log}`,
    );
}

function endpointUrl(options: Ec2Options): string {
  return `http://${options.host}:${options.port}`;
}

function managerUrl(options: Ec2Options): string {
  return `http://127.0.0.1:${options.managerPort}`;
}
