import * as z from 'zod';
import {
  absoluteFolder,
  blame,
  bootFields,
  flag,
  loginFields,
  namedByRun,
  oneOf,
  type SettingsRule,
  shaped,
  whole,
  written,
} from './fields.ts';

const size = shaped(/^[1-9]\d{0,8}[KMGT]?$/i, 'is no size such as 40G; without a unit: megabytes');
const netDevices = [
  'virtio-net',
  'virtio-net-pci',
  'virtio',
  'e1000',
  'e1000e',
  'rtl8139',
  'vmxnet3',
  'ne2k_pci',
  'pcnet',
  'usb-net',
  'i82551',
  'i82557b',
  'i82559er',
] as const;

const fields = {
  accelerator: oneOf(
    ['kvm', 'tcg', 'hvf', 'whpx', 'xen', 'hax', 'none'],
    'Accelerator; tcg works everywhere. Default: kvm where there is one, else tcg.',
  ),
  machineType: shaped(/^[a-z0-9][a-z0-9._-]{0,60}$/, 'is no machine type such as q35')
    .optional()
    .describe('Machine type; UEFI with secure boot needs q35. Default: pc.'),
  cpuModel: shaped(/^[A-Za-z0-9][A-Za-z0-9._,+=-]{0,200}$/, 'is no CPU model such as host')
    .optional()
    .describe('CPU model; host is the fastest. Default: that of QEMU.'),
  cpus: whole(1, 255, 'Virtual CPUs. Default: 1, or sockets times cores times threads.'),
  sockets: whole(1, 255, 'Sockets. Default: 1.'),
  cores: whole(1, 255, 'Cores of each socket. Default: 1.'),
  threads: whole(1, 16, 'Threads of each core. Default: 1.'),
  memory: whole(16, 4_194_304, 'Memory, MB. Default: 512.'),
  diskSize: size
    .optional()
    .describe('Size of the disk, with K, M, G or T; without a unit: megabytes. Default: 40960M.'),
  diskAdditionalSize: z.array(size).max(20).optional().describe('Sizes of further disks. Default: none.'),
  diskInterface: oneOf(
    ['virtio', 'virtio-scsi', 'scsi', 'sata', 'ide', 'sd'],
    'Bus of the disks. Default: virtio.',
  ),
  diskCache: oneOf(
    ['writethrough', 'writeback', 'none', 'unsafe', 'directsync'],
    'Cache. Default: writeback.',
  ),
  diskDiscard: oneOf(['unmap', 'ignore'], 'Discard. Default: ignore.'),
  diskDetectZeroes: oneOf(['unmap', 'on', 'off'], 'Detection of zeroes. Default: off.'),
  format: oneOf(['qcow2', 'raw'], 'Format of the image. Default: qcow2.'),
  diskCompression: flag('Compress the image, qcow2 only. Default: false.'),
  skipCompaction: flag('Do not compact the image. Default: false.'),
  skipResizeDisk: flag('Keep the size of a base disk. Default: false.'),
  useBackingFile: flag(
    'Keep only what differs from the base disk, which must be qcow2 and stay where it is. Default: false.',
  ),
  netDevice: oneOf(netDevices, 'Network card. Default: virtio-net.'),
  netBridge: shaped(/^[A-Za-z0-9._-]{1,15}$/, 'is no bridge such as virbr0')
    .optional()
    .describe("Bridge of the agent's machine. Default: QEMU's own network."),
  efiBoot: flag('Boot by UEFI. Default: false.'),
  efiDropEfivars: flag('Leave the UEFI variables out of the image. Default: false.'),
  vtpm: flag('Virtual TPM. Default: false.'),
  tpmDeviceType: oneOf(
    ['tpm-tis', 'tpm-crb', 'tpm-spapr', 'tpm-tis-device'],
    'Kind of the TPM. Default: tpm-tis.',
  ),
  headless: flag("No window on the agent's machine. Default: true."),
  outputDirectory: absoluteFolder
    .optional()
    .describe(
      "Folder of the agent's machine that the image goes to, in a folder of its own. Default: the agent's image folder.",
    ),
  ...bootFields,
};

/**
 * Arguments of Packer's `qemu` builder. Free arguments of QEMU (`qemuargs`) and paths of programs and firmware are
 * not among them: they would read and write any file of the agent's machine.
 */
export const qemuSettings = <S extends z.ZodType>(secret: S) =>
  z.strictObject({ ...fields, ...loginFields(secret) });

type Settings = {
  format?: string | undefined;
  diskCompression?: boolean | undefined;
  useBackingFile?: boolean | undefined;
  tpmDeviceType?: unknown;
  vtpm?: boolean | undefined;
};
const settingsRule: SettingsRule<Settings> = (settings, issues) => {
  for (const field of ['diskCompression', 'useBackingFile'] as const)
    if (settings[field] === true && settings.format === 'raw') blame(issues, field, 'needs the format qcow2');
  if (settings.tpmDeviceType !== undefined && settings.vtpm !== true)
    blame(issues, 'vtpm', 'tpmDeviceType needs it');
};

/** Arguments of `qemu` as they are written. */
export const qemuInput = <S extends z.ZodType>(secret: S) =>
  written(qemuSettings(secret), {
    rule: settingsRule,
    notOurs: {
      ...namedByRun('vmName'),
      isoUrl: 'is in the operating system',
      isoChecksum: 'is in the operating system',
      diskImage: 'follows from the operating system: disk or iso',
      bootCommand: 'is in the operating system',
      qemuargs: "is not taken: it would reach any file of the agent's machine",
    },
  });
