import { onPremises } from '../../../../support/on-premises.ts';
import { imageBodies, imageOf } from '../../../../support/platform-bodies.ts';
import type { PlatformCase } from '../../../../support/platform-case.ts';
import { run } from '../../packer/fixtures.ts';

const secret = { value: 'planted-secret' };
const builderType = 'qemu' as const;
const connection = 'qemu' as const;
const { unattended } = imageBodies.iso;
const asDebian = { access: { communicator: 'ssh', username: 'debian' } };
/** Without the checksum's own URL: Packer reads it when it validates. */
const disk = imageOf('disk', { checksum: `sha256:${'0b'.repeat(32)}`, ...asDebian });
const localDisk = imageOf('disk', { url: 'file:///srv/base/debian-12.qcow2', checksum: 'none', ...asDebian });

const ssh = {
  sshUsername: 'builder',
  sshPort: 2222,
  sshTimeout: '40m',
  sshHandshakeAttempts: 20,
  sshPassword: secret,
};
const winrm = {
  winrmUsername: 'builder',
  winrmPort: 15_986,
  winrmTimeout: '2h',
  winrmUseSsl: true,
  winrmInsecure: false,
  winrmPassword: secret,
};
const machine = {
  accelerator: 'tcg',
  machineType: 'q35',
  cpus: 2,
  memory: 2048,
  diskSize: '20G',
  diskInterface: 'virtio-scsi',
  diskCache: 'unsafe',
  diskDiscard: 'unmap',
  diskDetectZeroes: 'unmap',
  format: 'qcow2',
  diskCompression: true,
  skipCompaction: false,
  netDevice: 'e1000',
  netBridge: 'virbr0',
  headless: false,
  outputDirectory: '/srv/images/',
  bootWait: '5s',
  bootKeyInterval: '50ms',
  shutdownCommand: 'sudo -S shutdown -P now # ${tears}',
  shutdownTimeout: '15m',
};
/** What Packer 1.6 does not know. */
const newer = {
  cpuModel: 'host,+vmx',
  sockets: 1,
  cores: 2,
  threads: 2,
  efiBoot: true,
  efiDropEfivars: true,
  vtpm: true,
  tpmDeviceType: 'tpm-crb',
};

const linux = (settings: object, image: object) =>
  onPremises({ builderType, settings, connection, images: [image] });

/** Every setting: a system that is installed, and one that is there already. */
export const full = {
  '1.6': [
    linux({ ...machine, ...ssh, diskAdditionalSize: ['1G', '512M'] }, imageOf('iso')),
    linux({ ...machine, ...ssh, useBackingFile: true, skipResizeDisk: true }, localDisk),
  ],
  modern: [
    linux({ ...machine, ...newer, ...ssh, diskAdditionalSize: ['1G', '512M'] }, imageOf('iso')),
    linux({ ...machine, ...newer, ...ssh, useBackingFile: true, skipResizeDisk: true }, localDisk),
  ],
};

export const windows = onPremises({
  builderType,
  settings: { memory: 8192, diskInterface: 'ide', netDevice: 'e1000e', ...winrm },
  connection,
  images: [imageOf('iso', { unattended, access: { communicator: 'winrm', username: 'Administrator' } })],
  family: 'windows',
});

const artifactIn = (folder: string) => ({
  builderId: 'transcend.qemu',
  id: 'VM',
  description: `VM files in directory: ${folder}`,
  files: [`${folder}/Web-Base-v7-1`, `${folder}/Web-Base-v7`, `${folder}/efivars.fd`],
});
const folder = `/var/lib/goldsmith/images/Web-Base-v7-${run.runId}`;
const made = {
  baseImage: { id: imageBodies.disk.url },
  artifact: artifactIn(folder),
  locators: [{ role: 'primary' as const, host: 'agent', path: `${folder}/Web-Base-v7` }],
};

export const cases: PlatformCase[] = [
  { name: 'qemu linux', snapshot: linux({ sshPassword: secret }, disk), ...made },
  ...(['1.6', 'modern'] as const).flatMap((generation) =>
    full[generation].map((snapshot, place) => ({
      name: `qemu linux full ${place === 0 ? 'installed' : 'from a disk'}`,
      snapshot,
      generations: [generation],
      ...made,
    })),
  ),
  { name: 'qemu windows', snapshot: windows, ...made },
];
