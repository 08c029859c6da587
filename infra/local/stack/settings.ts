/** Where one stack on this machine keeps its things, and which ports it listens on. */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The folder of the checkout. */
export const CHECKOUT = resolve(import.meta.dirname, '../../..');

/** Region of everything here; the emulators know no real one. */
export const REGION = 'us-east-1';

/** The account at the AWS emulator. */
export const EMULATOR_ACCOUNT = '000000000000';

/** The customer's account at the EC2 stand-in: moto's only account. */
export const CUSTOMER_ACCOUNT = '123456789012';

/** Credentials that the emulators take; they open nothing anywhere else. */
export const EMULATOR_CREDENTIALS = {
  accessKeyId: 'goldsmithlocal',
  secretAccessKey: 'goldsmithlocal',
} as const;

/** Port behind which an instance's SSH server is, at the instance's own address: above 1024 needs no root. */
export const SSH_PORT = 2222;

export interface StackPaths {
  /** `.goldsmith`, or the folder that a test gives instead. */
  home: string;
  /** State of the emulators: saves and the working copy. All processes of a stack name this folder. */
  state: string;
  logs: string;
  /** Downloads and the base disk: whatever can be made anew. Shared by all stacks of a checkout. */
  cache: string;
  /**
   * Unpacked Lambda code and the folders of builds. Outside the checkout, so that no function finds a module it did not
   * bring, and of a short path, because sockets are made below it: 108 characters at most (unix(7)).
   */
  temporary: string;
  /** What clients read (api.md, section 4). */
  localFile: string;
  /** Accounts at the stand-ins of Azure and Google Cloud, for connections to them. */
  cloudsFile: string;
  /** Pid and start time of the process that owns everything. */
  supervisorFile: string;
}

/** Below a longer one the sockets of Packer's plugins would not fit. */
const LONGEST_TMPDIR = 20;

/** `GOLDSMITH_HOME` lets a test start a stack of its own through the command line; people have checkouts for that. */
const DEFAULT_HOME = process.env['GOLDSMITH_HOME'] ?? join(CHECKOUT, '.goldsmith');

/**
 * The folders of a stack.
 * @param home default: `.goldsmith` in the checkout
 */
export function stackPaths(home: string = DEFAULT_HOME): StackPaths {
  const folder = resolve(home);
  const id = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  return {
    home: folder,
    state: join(folder, 'state'),
    logs: join(folder, 'logs'),
    cache: join(CHECKOUT, '.goldsmith', 'cache'),
    temporary: join(tmpdir().length > LONGEST_TMPDIR ? '/tmp' : tmpdir(), `goldsmith-${id}`),
    localFile: join(folder, 'local.json'),
    cloudsFile: join(folder, 'clouds.json'),
    supervisorFile: join(folder, 'supervisor.json'),
  };
}

export interface StackPorts {
  emulator: number;
  codebuild: number;
  ec2: number;
  vmManager: number;
  clouds: number;
}

/** Ports from one block to the next; a block has room for stand-ins to come. */
export const BLOCK_SIZE = 10;

/** The ports of the block that begins at `base`. */
export function portsOf(base: number): StackPorts {
  return { emulator: base, codebuild: base + 1, ec2: base + 2, vmManager: base + 3, clouds: base + 4 };
}

/**
 * Addresses of the instances: a /16 of the loopback network, another one for each block of ports, so that stacks
 * side by side never want the same address. 127.0 and 127.1 are left to the system's own services.
 */
export function vpcCidrOf(base: number): string {
  return `127.${2 + (Math.floor(base / BLOCK_SIZE) % 250)}.0.0/16`;
}

/** First three numbers of the addresses of other clouds' machines: in the same /16, behind the last region of EC2. */
export const cloudNetworkOf = (vpcCidr: string): string => `${vpcCidr.split('.').slice(0, 2).join('.')}.250`;
