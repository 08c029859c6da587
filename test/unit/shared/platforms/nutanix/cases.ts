import { onPremises } from '../../../../support/on-premises.ts';
import { imageBodies, imageOf } from '../../../../support/platform-bodies.ts';
import type { PlatformCase } from '../../../../support/platform-case.ts';

const secret = { value: 'planted-secret' };
const builderType = 'nutanix' as const;
const uuid = '6a62d7c2-0f4e-4c46-8a9e-3a5f3c1b7e55';
const host = 'nutanix.example.com:8443';

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
const small = { clusterName: 'PHX-POC', vmNics: [{ subnetName: 'Primary' }], sshPassword: secret };
const machine = {
  cpu: 2,
  core: 4,
  memoryMb: 8192,
  hardwareVirtualization: true,
  bootType: 'secure_boot',
  bootPriority: 'disk',
  vtpm: { enabled: true },
  serialport: true,
  project: 'images, ${tears}',
  gpu: [{ name: 'Tesla T4' }],
  vmNics: [
    { subnetName: 'Primary', macAddress: '50:6b:8d:00:00:01', ipAddress: '10.0.1.50' },
    { subnetUuid: uuid, skipIpAssignment: true },
  ],
  vmDisks: [
    { imageType: 'DISK', diskSizeGb: 40, storageContainerUuid: uuid },
    { imageType: 'DISK_IMAGE', sourceImageUuid: uuid, diskSizeGb: 20 },
    { imageType: 'ISO_IMAGE', sourceImageName: 'virtio.iso' },
  ],
  vmCategories: [{ key: 'Environment', value: 'Build' }],
  imageDescription: 'Base image of the web team, made of ${tears}',
  imageCategories: [
    { key: 'OSType', value: 'ubuntu-24.04' },
    { key: 'Team', value: 'web' },
  ],
  vmClean: { cdrom: true },
  userData: 'I2Nsb3VkLWNvbmZpZwo=',
  ipWaitTimeout: '45m',
  bootWait: '5s',
  bootKeyInterval: '50ms',
  shutdownTimeout: '15m',
};
const installed = imageOf('iso', {
  access: { communicator: 'winrm', username: 'Administrator' },
  unattended: { ...imageBodies.iso.unattended, bootCommand: ['<enter>'] },
});
const template = imageOf('template', { templateName: 'debian-12-cloud' });

/** Every setting: a system that is there already, and one that is installed. */
export const full = [
  onPremises({
    builderType,
    settings: { ...machine, ...ssh, clusterName: 'PHX-POC', diskSizeGb: 60, disableStopInstance: true },
    connection: 'nutanix password',
    images: [template],
  }),
  onPremises({
    builderType,
    settings: { ...machine, ...winrm, clusterUuid: uuid, shutdownCommand: 'shutdown /s /t 60 /f' },
    connection: 'nutanix token',
    images: [installed],
    family: 'windows',
  }),
];

export const linux = onPremises({
  builderType,
  settings: small,
  connection: 'nutanix password',
  images: [
    imageOf('disk', {
      checksum: `sha256:${'0b'.repeat(32)}`,
      access: { communicator: 'ssh', username: 'debian' },
    }),
  ],
});

const made = {
  baseImage: { id: imageBodies.template.templateName },
  artifact: { builderId: 'packer.nutanix', id: uuid, description: 'Web-Base-v7' },
  locators: [{ role: 'primary' as const, host, path: `images/${uuid}`, templateName: 'Web-Base-v7' }],
  generations: ['modern'] as const,
  notValidated: 'Packer 1.6 has no builder for Nutanix',
};

export const cases: PlatformCase[] = [
  { name: 'nutanix linux', snapshot: linux, ...made },
  ...full.map((snapshot) => ({
    name: `nutanix ${snapshot.operatingSystem.family} full`,
    snapshot,
    ...made,
  })),
];
