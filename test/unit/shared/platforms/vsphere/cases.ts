import { onPremises } from '../../../../support/on-premises.ts';
import type { PlatformCase } from '../../../../support/platform-case.ts';
import { imageBodies, imageOf } from '../../../../support/platform-bodies.ts';

const secret = { value: 'planted-secret' };
const connection = 'vsphere password' as const;
const host = 'vsphere.example.com:8443';
const template = imageOf('template', { access: { communicator: 'ssh', username: 'debian' } });
const inDatastore = imageOf('iso', {
  url: '[nfs] iso/server-2022.iso',
  access: { communicator: 'winrm', username: 'Administrator' },
  unattended: { bootCommand: ['<spacebar>'], resourceIds: imageBodies.iso.unattended.resourceIds },
});

const machine = {
  datacenter: 'dc-1',
  cluster: 'cluster-1',
  host: 'folder/esxi-1.example.com',
  folder: '/templates/golden/',
  resourcePool: 'pools/build',
  setHostForDatastoreUploads: true,
  cpus: 4,
  cpuCores: 2,
  cpuReservation: 1000,
  cpuLimit: -1,
  cpuHotPlug: true,
  ram: 8192,
  ramHotPlug: true,
  videoRam: 8192,
  nestedHv: true,
  notes: 'Base image of the web team, made of ${tears}',
  bootOrder: 'disk,cdrom',
  ipWaitTimeout: '45m',
  ipSettleTimeout: '30s',
  ipWaitAddress: '10.0.0.0/8',
  removeCdrom: true,
  disableShutdown: true,
  createSnapshot: true,
  configurationParameters: { 'disk.EnableUUID': 'TRUE', 'svga.autodetect': 'TRUE' },
  bootWait: '5s',
  bootKeyInterval: '50ms',
  shutdownTimeout: '15m',
};
const ssh = {
  sshUsername: 'builder',
  sshPort: 2222,
  sshTimeout: '40m',
  sshHandshakeAttempts: 20,
  sshPassword: secret,
};
const winrm = {
  winrmUsername: 'DOMAIN\\builder',
  winrmPort: 15_986,
  winrmTimeout: '2h',
  winrmUseSsl: true,
  winrmInsecure: false,
  winrmPassword: secret,
};
const library = {
  library: 'Golden images',
  description: 'Of the web team',
  cluster: 'cluster-2',
  folder: 'library',
  host: 'esxi-2.example.com',
  resourcePool: 'pools/library',
  datastore: 'library-store',
  destroy: true,
  ovf: false,
};
const fromNothing = {
  guestOsType: 'ubuntu64Guest',
  vmVersion: 20,
  storage: [
    { diskSize: 40_960, diskThinProvisioned: true, diskControllerIndex: 0 },
    { diskSize: 10_240, diskEagerlyScrub: true, diskControllerIndex: 1 },
  ],
  diskControllerType: ['pvscsi', 'nvme'],
  networkAdapters: [
    { network: 'VM Network', networkCard: 'vmxnet3', macAddress: '00:50:56:00:00:01', passthrough: true },
  ],
  usbController: ['usb', 'xhci'],
  cdromType: 'sata',
  isoPaths: ['[nfs] iso/vmtools.iso'],
};
const cloned = { diskSize: 61_440, network: 'VM Network', macAddress: '00:50:56:00:00:01' };
/** What Packer 1.6 can do of the rest, and what only a current one can. */
const old = { datastore: 'nfs', ramReserveAll: true, firmware: 'efi-secure', convertToTemplate: true };
const modern = {
  ...old,
  datastore: undefined,
  datastoreCluster: 'fast',
  vtpm: true,
  snapshotName: 'base',
};

const iso = (settings: object) =>
  onPremises({
    builderType: 'vsphere-iso',
    settings: { ...machine, ...fromNothing, ...ssh, ...settings },
    connection,
    images: [imageOf('iso')],
  });
const clone = (settings: object) =>
  onPremises({
    builderType: 'vsphere-clone',
    settings: { ...machine, ...cloned, ...ssh, ...settings },
    connection,
    images: [template],
  });

/** Settings that exclude those of the others, so that all together have every one. */
export const full = {
  'vsphere-iso': {
    '1.6': [
      iso(old),
      iso({ ...old, ramReserveAll: undefined, ramReservation: 4096, convertToTemplate: false }),
    ],
    modern: [iso(modern)],
  },
  'vsphere-clone': {
    '1.6': [clone(old), clone({ ...old, diskSize: undefined, linkedClone: true, convertToTemplate: false })],
    modern: [clone(modern)],
  },
};

/** A Windows machine that becomes an item of a content library. */
const windows = {
  ...machine,
  ...winrm,
  cluster: undefined,
  datastore: 'nfs',
  ramReservation: 4096,
  disableShutdown: false,
  shutdownCommand: 'shutdown /s /t 10 /f',
  contentLibraryDestination: library,
};
export const toLibrary = {
  'vsphere-iso': onPremises({
    builderType: 'vsphere-iso',
    settings: { ...windows, ...fromNothing, guestOsType: 'windows2022srvNext_64Guest' },
    connection,
    images: [inDatastore],
    family: 'windows',
  }),
  'vsphere-clone': onPremises({
    builderType: 'vsphere-clone',
    settings: { ...windows, ...cloned, diskSize: undefined, linkedClone: true },
    connection,
    images: [imageOf('template')],
    family: 'windows',
  }),
};

const small = {
  'vsphere-iso': {
    host: 'esxi-1',
    storage: [{ diskSize: 20_480 }],
    sshUsername: 'root',
    sshPassword: secret,
  },
  'vsphere-clone': { cluster: 'cluster-1' },
};

const baseImage = { id: '/dc/vm/templates/debian-12' };
const made = {
  baseImage,
  artifact: { builderId: 'vmware.vsphere', id: 'Web-Base-v7', description: 'Web-Base-v7' },
  locators: [{ role: 'primary' as const, host, templateName: 'Web-Base-v7' }],
};
const madeInFolder = {
  ...made,
  artifact: { ...made.artifact, builderId: 'jetbrains.vsphere' },
  locators: [
    { role: 'primary' as const, host, path: 'templates/golden/Web-Base-v7', templateName: 'Web-Base-v7' },
  ],
};
const machineOfRun = 'goldsmith-run_01JD00000000000000000000RN';
const madeForLibrary = {
  baseImage,
  artifact: { builderId: 'vmware.vsphere', id: machineOfRun, description: machineOfRun },
  locators: [{ role: 'primary' as const, host, path: 'library/Web-Base-v7', templateName: 'Web-Base-v7' }],
};

const casesOf = (type: 'vsphere-iso' | 'vsphere-clone', image: object): PlatformCase[] => [
  {
    name: `${type} linux`,
    snapshot: onPremises({ builderType: type, settings: small[type], connection, images: [image] }),
    ...made,
  },
  ...full[type].modern.map((snapshot) => ({
    name: `${type} linux full`,
    snapshot,
    generations: ['modern'] as const,
    ...madeInFolder,
  })),
  ...full[type]['1.6'].slice(0, 1).map((snapshot) => ({
    name: `${type} linux full`,
    snapshot,
    generations: ['1.6'] as const,
    ...madeInFolder,
  })),
  { name: `${type} windows to a library`, snapshot: toLibrary[type], ...madeForLibrary },
];

export const cases: PlatformCase[] = [
  ...casesOf('vsphere-iso', imageOf('iso')),
  ...casesOf('vsphere-clone', template),
];
