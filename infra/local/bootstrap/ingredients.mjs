/**
 * Everything that a fresh clone fetches, as data: what the plan prints and what the set-up looks for.
 *
 * Sizes are what crosses the network, in MB, measured on Debian 12 (x86_64); licences are the packages' own.
 * `programs` are looked up in PATH and in the sbin folders, `files` by their path: whoever has a program from
 * elsewhere needs no package. `test/unit/infra/local/start-ingredients.test.ts` holds this table against the
 * requirements files and the package list of the EC2 stand-in.
 */

/** Oldest Node that may run `npm start`: 20 reads the syntax of this folder and can run the newest npm. */
export const OLDEST_NODE = 20;

/** Oldest Python, as minor of 3: what the AWS emulator's package metadata asks for. */
export const OLDEST_PYTHON_MINOR = 10;

/**
 * @typedef {{name: string, version: string, megabytes: number, licence: string, why: string}} Ingredient
 * @typedef {Ingredient & {package: string, programs?: string[], files?: string[]}} SystemPackage
 * @typedef {Ingredient & {id: string, requirements: string}} PythonEnvironment
 * @typedef {Ingredient & {into: string}} Item an ingredient and where it goes
 */

/**
 * Packages of the system, for apt. Their names are the same on Debian 12, 13 and Ubuntu 22.04, 24.04.
 * @type {SystemPackage[]}
 */
export const systemPackages = [
  {
    package: 'packer',
    name: 'HashiCorp Packer',
    version: '1.6.6',
    megabytes: 17,
    licence: 'MPL-2.0',
    why: 'builds the images',
    programs: ['packer'],
  },
  {
    package: 'qemu-system-x86',
    name: 'QEMU',
    version: "the system's",
    megabytes: 15,
    licence: 'GPL-2.0',
    why: 'runs the instances of the stand-in for EC2 as small virtual machines',
    programs: ['qemu-system-x86_64'],
  },
  {
    package: 'qemu-utils',
    name: 'QEMU disk tools',
    version: "the system's",
    megabytes: 2,
    licence: 'GPL-2.0',
    why: 'makes and copies the disks of instances and images',
    programs: ['qemu-img'],
  },
  {
    package: 'syslinux',
    name: 'Syslinux',
    version: "the system's",
    megabytes: 0.2,
    licence: 'GPL-2.0',
    why: 'boot loader of the base disk',
    programs: ['syslinux'],
  },
  {
    package: 'syslinux-common',
    name: 'Syslinux boot records',
    version: "the system's",
    megabytes: 1.3,
    licence: 'GPL-2.0',
    why: 'master boot record of the base disk',
    files: ['/usr/lib/syslinux/mbr/mbr.bin'],
  },
  {
    package: 'mtools',
    name: 'mtools',
    version: "the system's",
    megabytes: 0.2,
    licence: 'GPL-3.0',
    why: 'fills the boot partition of the base disk without root',
    programs: ['mcopy'],
  },
  {
    package: 'dosfstools',
    name: 'dosfstools',
    version: "the system's",
    megabytes: 0.2,
    licence: 'GPL-3.0',
    why: 'formats the boot partition of the base disk',
    programs: ['mkfs.fat'],
  },
  {
    package: 'e2fsprogs',
    name: 'e2fsprogs',
    version: "the system's",
    megabytes: 0.6,
    licence: 'GPL-2.0',
    why: 'makes the root file system of the base disk without root',
    programs: ['mke2fs', 'debugfs'],
  },
  {
    package: 'fdisk',
    name: 'fdisk',
    version: "the system's",
    megabytes: 0.2,
    licence: 'GPL-2.0',
    why: 'partitions the base disk',
    programs: ['sfdisk'],
  },
  {
    package: 'xz-utils',
    name: 'XZ Utils',
    version: "the system's",
    megabytes: 0.5,
    licence: 'public domain, GPL-2.0',
    why: 'unpacks the drivers of the base disk',
    programs: ['xz'],
  },
];

/**
 * What Python needs to make an environment of its own; looked for by importing it.
 * @type {SystemPackage}
 */
export const pythonVenvPackage = {
  package: 'python3-venv',
  name: "Python's venv module",
  version: "the system's",
  megabytes: 2,
  licence: 'PSF-2.0',
  why: 'keeps the emulators apart from your own Python packages',
};

/**
 * What npm fetches, in two lines, because the second is a program and not a library.
 * @type {Item[]}
 */
export const npmPackages = [
  {
    name: 'npm packages',
    version: 'package-lock.json',
    megabytes: 275,
    licence: 'MIT, Apache-2.0, ISC, BSD, MPL-2.0',
    why: 'AWS CDK and SDK, esbuild, TypeScript, test and lint tools',
    into: 'node_modules',
  },
  {
    name: 'Node.js',
    version: '24.21.0',
    megabytes: 51,
    licence: 'MIT',
    why: 'runs Goldsmith and its Lambda functions; your own Node stays as it is',
    into: 'node_modules',
  },
];

/**
 * Virtual environments of Python. `requirements` is a path below this folder's parent.
 * @type {PythonEnvironment[]}
 */
export const pythonEnvironments = [
  {
    id: 'emulator',
    name: 'MiniStack',
    version: '1.5.33',
    megabytes: 25,
    licence: 'MIT',
    why: 'the AWS emulator that the CDK app is deployed to',
    requirements: 'emulator/requirements.txt',
  },
  {
    id: 'ec2',
    name: 'moto',
    version: '5.2.5',
    megabytes: 31,
    licence: 'Apache-2.0',
    why: "stands in for EC2 in the customer's account",
    requirements: 'standins/ec2/requirements.txt',
  },
];

/**
 * The disk that the base images of the stand-in have, made once from packages of the system's own archive.
 * @type {Ingredient}
 */
export const baseDisk = {
  name: 'base disk',
  version: "the system's kernel, BusyBox, OpenSSH",
  megabytes: 41,
  licence: 'GPL-2.0, BSD and others',
  why: 'a small bootable Linux: what images are built from here',
};
