import { onPremises } from '../../../../support/on-premises.ts';
import type { PlatformCase } from '../../../../support/platform-case.ts';
import { imageBodies, imageOf } from '../../../../support/platform-bodies.ts';

const secret = { value: 'planted-secret' };
const host = 'proxmox.example.com:8443';
const template = imageOf('template', {
  templateName: 'debian-12',
  access: { communicator: 'ssh', username: 'debian' },
});
const onNode = imageOf('iso', {
  url: 'local:iso/server-2022.iso',
  access: { communicator: 'winrm', username: 'Administrator' },
  unattended: { bootCommand: ['<spacebar>'], resourceIds: imageBodies.iso.unattended.resourceIds },
});

/** What both generations of Packer know. */
const machine = {
  node: 'pve1',
  pool: 'build',
  vmId: 9001,
  boot: 'order=scsi0;ide2;net0',
  onboot: true,
  vmInterface: 'ens18',
  templateDescription: 'Base image of the web team, made of ${tears}',
  cloudInit: true,
  cloudInitStoragePool: 'local-lvm',
  cores: 4,
  sockets: 2,
  cpuType: 'host',
  memory: 4096,
  os: 'l26',
  scsiController: 'virtio-scsi-single',
  qemuAgent: true,
  disableKvm: true,
  vga: { type: 'qxl', memory: 32 },
  networkAdapters: [
    {
      model: 'virtio',
      bridge: 'vmbr0',
      vlanTag: '20',
      macAddress: '0a:00:00:00:00:01',
      packetQueues: 4,
      firewall: true,
    },
  ],
  bootWait: '5s',
  bootKeyInterval: '50ms',
};
const disk = {
  type: 'scsi',
  storagePool: 'local-lvm',
  diskSize: '20G',
  format: 'qcow2',
  cacheMode: 'writeback',
  ioThread: true,
};
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
const ofStore = { type: 'sata', isoFile: 'local:iso/virtio-win.iso', unmount: true, keepCdromDevice: true };
const ofUrl = {
  isoUrl: 'https://example.com/drivers.iso',
  isoChecksum: `sha256:${'0b'.repeat(32)}`,
  isoStoragePool: 'local',
  isoDownloadPve: true,
};
const modern = {
  taskTimeout: '10m',
  cloudInitDiskType: 'scsi',
  ballooningMinimum: 1024,
  numa: true,
  bios: 'ovmf',
  machine: 'q35',
  efiConfig: { efiStoragePool: 'local-lvm', efiFormat: 'raw', efiType: '4m', preEnrolledKeys: true },
  tpmConfig: { tpmStoragePool: 'local-lvm', tpmVersion: 'v2.0' },
  rng0: { source: '/dev/urandom', maxBytes: 1024, period: 1000 },
  serials: ['socket', '/dev/ttyS1'],
  additionalIsoFiles: [ofStore, ofUrl],
  networkAdapters: machine.networkAdapters.map((card) => ({ ...card, mtu: 1400 })),
  disks: [{ ...disk, asyncio: 'native', discard: true, ssd: true, excludeFromBackup: true }],
};
const isoOnly = { isoStoragePool: 'local', unmountIso: false };
const cloneOnly = { fullClone: false };
const addresses = {
  nameserver: '192.168.1.1',
  searchdomain: 'example.com',
  ipconfig: [{ ip: '192.168.1.55/24', gateway: '192.168.1.1', ip6: 'fd00::55/64', gateway6: 'fd00::1' }],
};

const iso = (settings: object) =>
  onPremises({
    builderType: 'proxmox-iso',
    settings: { ...machine, ...isoOnly, ...ssh, ...settings },
    connection: 'proxmox password',
    images: [imageOf('iso')],
  });
const clone = (settings: object) =>
  onPremises({
    builderType: 'proxmox-clone',
    settings: { ...machine, ...cloneOnly, ...ssh, ...settings },
    connection: 'proxmox password',
    images: [template],
  });

/** All together have every setting. */
export const full = {
  'proxmox-iso': {
    '1.6': iso({ disks: [disk, { storagePool: 'local-lvm', diskSize: '1T' }] }),
    modern: iso({ ...modern, isoDownloadPve: true }),
  },
  'proxmox-clone': { '1.6': clone({}), modern: clone({ ...modern, ...addresses }) },
};

const windowsSettings = { node: 'pve1', os: 'win11', memory: 8192, ...winrm };
export const windows = {
  'proxmox-iso': onPremises({
    builderType: 'proxmox-iso',
    settings: {
      ...windowsSettings,
      isoStoragePool: 'local',
      disks: [{ storagePool: 'local-lvm', diskSize: '64G' }],
    },
    connection: 'proxmox token',
    images: [onNode],
    family: 'windows',
  }),
  'proxmox-clone': onPremises({
    builderType: 'proxmox-clone',
    settings: windowsSettings,
    connection: 'proxmox password',
    images: [imageOf('template')],
    family: 'windows',
  }),
};

const small = {
  'proxmox-iso': {
    node: 'pve1',
    isoStoragePool: 'local',
    disks: [{ storagePool: 'local-lvm', diskSize: '20G' }],
    sshUsername: 'root',
    sshPassword: secret,
  },
  'proxmox-clone': { node: 'pve1' },
};

const madeBy = (builderId: string) => ({
  baseImage: { id: 'debian-12' },
  artifact: { builderId, id: '9001', description: 'A template was created: 9001' },
  locators: [{ role: 'primary' as const, host, path: 'qemu/9001', templateName: 'Web-Base-v7' }],
});

const casesOf = (type: 'proxmox-iso' | 'proxmox-clone', image: object): PlatformCase[] => {
  const made = madeBy(type.replace('-', '.'));
  return [
    {
      name: `${type} linux`,
      snapshot: onPremises({
        builderType: type,
        settings: small[type],
        connection: 'proxmox password',
        images: [image],
      }),
      ...made,
    },
    { name: `${type} linux full`, snapshot: full[type].modern, generations: ['modern'], ...made },
    { name: `${type} linux full`, snapshot: full[type]['1.6'], generations: ['1.6'], ...made },
    {
      name: `${type} windows`,
      snapshot: windows[type],
      // A token, and a disc with the answer file, need a current Packer.
      ...(type === 'proxmox-iso' ? { generations: ['modern'] as const } : {}),
      ...made,
    },
  ];
};

export const cases: PlatformCase[] = [
  ...casesOf('proxmox-iso', imageOf('iso')),
  ...casesOf('proxmox-clone', template),
];
