import * as z from 'zod';
import { mapOf, templateSafeText } from '../common.ts';
import {
  blame,
  bootFields,
  flag,
  loginFields,
  macAddress,
  namedByRun,
  oneOf,
  type SettingsRule,
  shaped,
  span,
  text,
  whole,
  written,
} from './fields.ts';
import { serverConnectionSettings } from './on-premises.ts';

/** Settings of a vSphere connection. */
export const vsphereConnectionSettings = <S extends z.ZodType>(secret: S) =>
  serverConnectionSettings(secret, {
    token: secret.describe('Session token of a service account.'),
  });

const place = {
  datacenter: text(255, 'Datacenter. Needed when vCenter has more than one.'),
  cluster: text(255, 'Cluster that the machine is made in. Either this or host, or both.'),
  host: text(255, 'ESXi host that the machine is made on, with its path if it is in a folder.'),
  folder: text(1000, 'Folder of the machine. Default: the root folder.'),
  resourcePool: text(1000, 'Resource pool, with its full path. Default: that of the host or cluster.'),
  datastore: text(255, 'Datastore of the machine. Either this or datastoreCluster.'),
  datastoreCluster: text(255, 'Datastore cluster, in which vSphere chooses.'),
  setHostForDatastoreUploads: flag('Upload files through the host named above. Default: false.'),
};

const hardware = {
  cpus: whole(1, 768, 'Number of virtual CPUs. Default: 1, or that of the template.'),
  cpuCores: whole(1, 768, 'Cores of each socket. Default: 1.'),
  cpuReservation: whole(0, 10_000_000, 'Guaranteed CPU, MHz. Default: 0.'),
  cpuLimit: whole(-1, 10_000_000, 'Highest CPU, MHz; -1: no limit. Default: no limit.'),
  cpuHotPlug: flag('CPUs can be added to the running machine. Default: false.'),
  ram: whole(4, 25_165_824, 'Memory, MB. Default: that of the guest type or the template.'),
  ramReservation: whole(0, 25_165_824, 'Guaranteed memory, MB. Not together with ramReserveAll.'),
  ramReserveAll: flag('Guarantee all memory. Default: false.'),
  ramHotPlug: flag('Memory can be added to the running machine. Default: false.'),
  videoRam: whole(1024, 262_144, 'Video memory, KB. Default: 4096.'),
  nestedHv: flag('Nested virtualisation. Default: false.'),
  firmware: oneOf(
    ['bios', 'efi', 'efi-secure'],
    'Firmware; efi-secure is UEFI with secure boot. Default: bios.',
  ),
  vtpm: flag('Virtual TPM; needs firmware efi or efi-secure. Default: false.'),
};

const libraryDestination = z.strictObject({
  library: templateSafeText(255).min(1).describe('Content library of type local.'),
  description: text(2000, 'Description of the item. Default: one by Packer.'),
  cluster: text(255, 'Cluster of the template. Default: that of the machine.'),
  folder: text(1000, 'Folder of the template. Default: that of the machine.'),
  host: text(255, 'Host of the template. Default: that of the machine.'),
  resourcePool: text(1000, 'Resource pool of the template. Default: that of the machine.'),
  datastore: text(255, 'Datastore of the template. Default: that of the library.'),
  destroy: flag('Delete the machine when the item is in the library. Default: false.'),
  ovf: flag('Store an OVF template, not a VM template. Default: false.'),
});

const common = {
  ...place,
  ...hardware,
  notes: text(2000, 'Notes on the machine. Default: none.'),
  bootOrder: shaped(
    /^(floppy|cdrom|ethernet|disk)(,(floppy|cdrom|ethernet|disk)){0,3}$/,
    'is no list of boot devices such as disk,cdrom',
  )
    .optional()
    .describe('Boot devices in order. Default: disk,cdrom while building.'),
  ipWaitTimeout: span('How long to wait for an address. Default: 30m.'),
  ipSettleTimeout: span('How long an address must stay the same. Default: 5s.'),
  ipWaitAddress: z.cidrv4().optional().describe('Network that the address must be in. Default: any IPv4.'),
  removeCdrom: flag('Take CD-ROM drives out when the build is done. Default: false.'),
  disableShutdown: flag('The last step shuts the machine down by itself. Default: false.'),
  convertToTemplate: flag(
    'Make a template of the machine. Default: true, unless a content library is named.',
  ),
  createSnapshot: flag('Make a snapshot for linked clones. Default: false.'),
  snapshotName: text(80, 'Name of that snapshot. Default: Created By Packer.'),
  configurationParameters: mapOf(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_.:-]{0,127}$/, 'is no name of a configuration parameter'),
    templateSafeText(4000),
    50,
    'parameters',
  )
    .optional()
    .describe('Extra configuration of the machine (VMX), such as disk.EnableUUID: TRUE. Default: none.'),
  contentLibraryDestination: libraryDestination
    .optional()
    .describe('Put the result in a content library. Not together with convertToTemplate.'),
  ...bootFields,
};

const disk = z.strictObject({
  diskSize: z.int().min(1).max(65_011_712).describe('Size, MiB.'),
  diskThinProvisioned: flag('Thin provisioning. Default: false.'),
  diskEagerlyScrub: flag('Zero the whole disk first. Default: false.'),
  diskControllerIndex: whole(0, 3, 'Controller of the disk, in the order of diskControllerType. Default: 0.'),
});

const adapter = z.strictObject({
  network: text(1000, 'Network, by name or inventory path. Default: the default network.'),
  networkCard: z
    .enum(['vmxnet3', 'vmxnet2', 'vmxnet', 'e1000', 'e1000e', 'pcnet32', 'sriov', 'vmxnet3vrdma'])
    .describe('Kind of the card, for example vmxnet3.'),
  macAddress: macAddress.optional().describe('MAC address. Default: any.'),
  passthrough: flag('DirectPath I/O. Default: false.'),
});

const isoFields = {
  ...common,
  guestOsType: shaped(/^[A-Za-z0-9_]{2,80}$/, 'is no guest type such as ubuntu64Guest')
    .optional()
    .describe('Guest type of vSphere, for example windows2022srvNext_64Guest. Default: otherGuest.'),
  vmVersion: whole(4, 30, 'Hardware version. Default: the newest of the host.'),
  storage: z.array(disk).min(1).max(60).describe('Disks, the system disk first.'),
  diskControllerType: z
    .array(z.enum(['lsilogic', 'lsilogic-sas', 'pvscsi', 'nvme', 'scsi', 'sata']))
    .min(1)
    .max(4)
    .optional()
    .describe('Disk controllers. Default: one lsilogic.'),
  networkAdapters: z.array(adapter).max(10).optional().describe('Network cards. Default: none.'),
  usbController: z
    .array(z.enum(['usb', 'xhci']))
    .max(2)
    .optional()
    .describe('USB controllers: usb (2.0), xhci (3.0). Default: none.'),
  cdromType: oneOf(['ide', 'sata'], 'Controller of the CD-ROM drive. Default: ide.'),
  isoPaths: z
    .array(templateSafeText(1000).min(1))
    .max(4)
    .optional()
    .describe(
      "Further ISOs in a datastore or content library, such as drivers; the system's comes from the operating system.",
    ),
};

/** Arguments of Packer's `vsphere-iso` builder. */
export const vsphereIsoSettings = <S extends z.ZodType>(secret: S) =>
  z.strictObject({ ...isoFields, ...loginFields(secret) });

const cloneFields = {
  ...common,
  linkedClone: flag("Clone linked to the template's newest snapshot. Default: false."),
  diskSize: whole(1, 65_011_712, 'Size of the system disk, MiB. Default: that of the template.'),
  network: text(1000, 'Network of the machine. Default: that of the template.'),
  macAddress: macAddress.optional().describe('MAC address; needs network. Default: any.'),
};

/** Arguments of Packer's `vsphere-clone` builder. */
export const vsphereCloneSettings = <S extends z.ZodType>(secret: S) =>
  z.strictObject({ ...cloneFields, ...loginFields(secret) });

type Common = {
  cluster?: unknown;
  host?: unknown;
  datastore?: unknown;
  datastoreCluster?: unknown;
  ramReservation?: unknown;
  ramReserveAll?: boolean | undefined;
  vtpm?: boolean | undefined;
  firmware?: string | undefined;
  convertToTemplate?: boolean | undefined;
  contentLibraryDestination?: unknown;
  snapshotName?: unknown;
  createSnapshot?: boolean | undefined;
};
const commonRule: SettingsRule<Common> = (settings, issues) => {
  if (settings.cluster === undefined && settings.host === undefined)
    blame(issues, 'cluster', 'give cluster or host');
  if (settings.datastore !== undefined && settings.datastoreCluster !== undefined)
    blame(issues, 'datastoreCluster', 'give either datastore or datastoreCluster');
  if (settings.ramReservation !== undefined && settings.ramReserveAll === true)
    blame(issues, 'ramReservation', 'is not possible together with ramReserveAll');
  if (settings.vtpm === true && !(settings.firmware ?? 'bios').startsWith('efi'))
    blame(issues, 'firmware', 'must be efi or efi-secure for a virtual TPM');
  if (settings.convertToTemplate === true && settings.contentLibraryDestination !== undefined)
    blame(issues, 'convertToTemplate', 'is not possible together with contentLibraryDestination');
  if (settings.snapshotName !== undefined && settings.createSnapshot !== true)
    blame(issues, 'snapshotName', 'needs createSnapshot');
};

/** Packer's capitals are no camelCase. */
const respelled = {
  CPUs: 'cpus',
  RAM: 'ram',
  vTPM: 'vtpm',
  NestedHV: 'nestedHv',
  CPUReservation: 'cpuReservation',
  CPULimit: 'cpuLimit',
  CPUHotPlug: 'cpuHotPlug',
  RAMReservation: 'ramReservation',
  RAMReserveAll: 'ramReserveAll',
  RAMHotPlug: 'ramHotPlug',
};
const notOurs = {
  ...namedByRun('vmName'),
  ...Object.fromEntries(Object.entries(respelled).map(([theirs, ours]) => [theirs, `is spelled ${ours}`])),
  ...Object.fromEntries(
    ['vcenterServer', 'username', 'password', 'insecureConnection'].map((field) => [
      field,
      'is in the connection',
    ]),
  ),
  ...Object.fromEntries(
    ['template', 'isoUrl', 'isoChecksum', 'bootCommand'].map((field) => [
      field,
      'is in the operating system',
    ]),
  ),
};

/** Arguments of `vsphere-iso` as they are written. */
export const vsphereIsoInput = <S extends z.ZodType>(secret: S) =>
  written(vsphereIsoSettings(secret), {
    rule: (settings, issues) => {
      commonRule(settings, issues);
      const controllers = settings.diskControllerType?.length ?? 1;
      for (const [at, { diskControllerIndex = 0 }] of settings.storage.entries())
        if (diskControllerIndex >= controllers)
          blame(issues, ['storage', at, 'diskControllerIndex'], 'is not among diskControllerType');
    },
    notOurs,
  });

/** Arguments of `vsphere-clone` as they are written. */
export const vsphereCloneInput = <S extends z.ZodType>(secret: S) =>
  written(vsphereCloneSettings(secret), {
    rule: (settings, issues) => {
      commonRule(settings, issues);
      if (settings.linkedClone === true && settings.diskSize !== undefined)
        blame(issues, 'diskSize', 'a linked clone has the disk of its template');
      if (settings.macAddress !== undefined && settings.network === undefined)
        blame(issues, 'network', 'macAddress needs it');
    },
    notOurs,
  });
