import * as z from 'zod';
import {
  blame,
  fileChecksum,
  flag,
  macAddress,
  oneOf,
  type SettingsRule,
  shaped,
  text,
  whole,
} from './fields.ts';

/** Name of a storage of the node. */
export const pool = shaped(/^[A-Za-z][A-Za-z0-9._-]{0,99}$/, 'is no storage of Proxmox');
const diskFormat = ['raw', 'qcow2', 'vmdk', 'qcow', 'cow', 'qed', 'cloop'] as const;
const cardModels = [
  'virtio',
  'e1000',
  'e1000-82540em',
  'e1000-82544gc',
  'e1000-82545em',
  'rtl8139',
  'vmxnet3',
  'ne2k_pci',
  'ne2k_isa',
  'pcnet',
  'i82551',
  'i82557b',
  'i82559er',
] as const;

const adapter = z.strictObject({
  model: oneOf(cardModels, 'Kind of the card. Default: e1000.'),
  bridge: shaped(/^[A-Za-z][A-Za-z0-9._-]{0,31}$/, 'is no bridge such as vmbr0').describe(
    'Bridge of the node.',
  ),
  vlanTag: shaped(/^([1-9]\d{0,2}|[1-3]\d{3}|40[0-8]\d|409[0-4])$/, 'is no VLAN id, as text from 1 to 4094')
    .optional()
    .describe('VLAN id, as text. Default: none.'),
  macAddress: z
    .union([macAddress, z.literal('repeatable')])
    .optional()
    .describe('MAC address; repeatable: made from the ids. Default: any.'),
  mtu: whole(0, 65_520, 'Largest packet, bytes; 1: that of the bridge; 0: default of Proxmox. Default: 0.'),
  packetQueues: whole(1, 64, 'Packet queues, virtio only. Default: 1.'),
  firewall: flag("Use Proxmox's firewall. Default: false."),
});

const disk = z.strictObject({
  type: oneOf(['scsi', 'sata', 'virtio', 'ide'], 'Bus. Default: scsi.'),
  storagePool: pool.describe('Storage that the disk is in.'),
  diskSize: shaped(/^[1-9]\d{0,6}[MGT]$/, 'is no size such as 20G').describe(
    'Size with its unit: M, G or T.',
  ),
  format: oneOf(diskFormat, 'Format of the disk. Default: raw.'),
  cacheMode: oneOf(['none', 'writethrough', 'writeback', 'unsafe', 'directsync'], 'Cache. Default: none.'),
  ioThread: flag('An I/O thread; needs scsiController virtio-scsi-single. Default: false.'),
  asyncio: oneOf(['io_uring', 'native', 'threads'], 'Asynchronous I/O. Default: io_uring.'),
  discard: flag('Pass TRIM on. Default: false.'),
  ssd: flag('Show the disk as an SSD; not with virtio. Default: false.'),
  excludeFromBackup: flag('Leave the disk out of backups. Default: false.'),
});

const isoFile = z.strictObject({
  type: oneOf(['ide', 'sata', 'scsi'], 'Bus. Default: ide.'),
  isoFile: shaped(/^[A-Za-z][A-Za-z0-9._-]*:iso\/[^\s{}]+$/, 'is no file of a storage: store:iso/file')
    .optional()
    .describe('File of a storage, for example local:iso/virtio-win.iso. Either this or isoUrl.'),
  isoUrl: shaped(/^https?:\/\/[^\s/?#{}@]+(\/[^\s{}]*)?$/, 'is no https or http URL')
    .optional()
    .describe('URL that the file is fetched from; needs isoChecksum and isoStoragePool.'),
  isoChecksum: fileChecksum.optional().describe('Checksum of the file at isoUrl, or none.'),
  isoStoragePool: pool.optional().describe('Storage that the file at isoUrl is put in.'),
  isoDownloadPve: flag('Let the node fetch isoUrl itself. Default: false.'),
  unmount: flag('Take the ISO out of the template. Default: false.'),
  keepCdromDevice: flag('With unmount: leave the empty drive in the template. Default: false.'),
});

/** What both builders say of the machine. */
export const hardware = {
  cores: whole(1, 255, 'CPU cores. Default: 1.'),
  sockets: whole(1, 255, 'CPU sockets. Default: 1.'),
  cpuType: text(64, 'CPU type; host is the fastest. Default: kvm64.'),
  memory: whole(16, 4_194_304, 'Memory, MB. Default: 512.'),
  ballooningMinimum: whole(0, 4_194_304, 'Least memory with ballooning, MB; 0: no ballooning. Default: 0.'),
  numa: flag('Non-uniform memory access. Default: false.'),
  os: oneOf(
    [
      'l26',
      'l24',
      'win11',
      'win10',
      'win8',
      'win7',
      'wvista',
      'w2k8',
      'w2k3',
      'w2k',
      'wxp',
      'solaris',
      'other',
    ],
    'Guest type. Default: other.',
  ),
  bios: oneOf(['seabios', 'ovmf'], 'Firmware; ovmf is UEFI and needs efiConfig. Default: seabios.'),
  machine: shaped(/^(pc|q35|pc-i440fx-[\w.+-]{1,20}|pc-q35-[\w.+-]{1,20})$/, 'is no machine type such as q35')
    .optional()
    .describe('Machine type. Default: pc.'),
  scsiController: oneOf(
    ['virtio-scsi-single', 'virtio-scsi-pci', 'lsi', 'lsi53c810', 'megasas', 'pvscsi'],
    'SCSI controller. Default: lsi.',
  ),
  qemuAgent: flag('The guest runs the QEMU agent, which tells its address. Default: true.'),
  disableKvm: flag('Emulate the CPU. Default: false.'),
  vga: z
    .strictObject({
      type: oneOf(
        [
          'std',
          'virtio',
          'qxl',
          'qxl2',
          'qxl3',
          'qxl4',
          'cirrus',
          'vmware',
          'serial0',
          'serial1',
          'serial2',
          'serial3',
          'none',
        ],
        'Kind. Default: std.',
      ),
      memory: whole(4, 512, 'Memory, MB.'),
    })
    .optional()
    .describe('Graphics adapter.'),
  rng0: z
    .strictObject({
      source: z.enum(['/dev/urandom', '/dev/random', '/dev/hwrng']).describe('Device of the host.'),
      maxBytes: z.int().min(0).max(1_048_576).describe('Most bytes each period; 0: no limit.'),
      period: whole(0, 3_600_000, 'Period, ms. Default: 1000.'),
    })
    .optional()
    .describe('Random number generator. Default: none.'),
  efiConfig: z
    .strictObject({
      efiStoragePool: pool.describe('Storage of the EFI disk.'),
      efiFormat: oneOf(diskFormat, 'Format of the EFI disk. Default: raw.'),
      efiType: oneOf(['2m', '4m'], 'Size of the firmware. Default: 4m.'),
      preEnrolledKeys: flag("Load Microsoft's keys for secure boot. Default: false."),
    })
    .optional()
    .describe('EFI disk, for bios ovmf.'),
  tpmConfig: z
    .strictObject({
      tpmStoragePool: pool.describe('Storage of the TPM state.'),
      tpmVersion: oneOf(['v1.2', 'v2.0'], 'Version. Default: v2.0.'),
    })
    .optional()
    .describe('Virtual TPM. Default: none.'),
  networkAdapters: z.array(adapter).max(32).optional().describe('Network cards. Default: none.'),
  disks: z.array(disk).max(30).optional().describe('Disks. Default: none, or those of the template.'),
  additionalIsoFiles: z
    .array(isoFile)
    .max(10)
    .optional()
    .describe("Further ISOs, such as drivers; the system's comes from the operating system. Default: none."),
  serials: z
    .array(shaped(/^(socket|\/dev\/[A-Za-z0-9]{1,30})$/, 'is no serial port: socket or /dev/…'))
    .max(4)
    .optional()
    .describe('Serial ports. Default: none.'),
};

type Machine = {
  bios?: string | undefined;
  efiConfig?: unknown;
  memory?: number | undefined;
  ballooningMinimum?: number | undefined;
  scsiController?: string | undefined;
  disks?: z.infer<typeof disk>[] | undefined;
  networkAdapters?: z.infer<typeof adapter>[] | undefined;
  additionalIsoFiles?: z.infer<typeof isoFile>[] | undefined;
};
/** What must fit together of it. */
export const machineRule: SettingsRule<Machine> = (settings, issues) => {
  if (settings.bios === 'ovmf' && settings.efiConfig === undefined)
    blame(issues, 'efiConfig', 'bios ovmf needs it');
  if ((settings.ballooningMinimum ?? 0) > (settings.memory ?? 512))
    blame(issues, 'ballooningMinimum', 'is more than memory');
  for (const [at, one] of (settings.networkAdapters ?? []).entries())
    if ((one.packetQueues ?? 1) > 1 && one.model !== 'virtio')
      blame(issues, ['networkAdapters', at, 'packetQueues'], 'needs the model virtio');
  for (const [at, one] of (settings.disks ?? []).entries())
    diskRule(one, settings.scsiController, (field, why) => blame(issues, ['disks', at, field], why));
  for (const [at, one] of (settings.additionalIsoFiles ?? []).entries())
    isoRule(one, (field, why) => blame(issues, ['additionalIsoFiles', at, field], why));
};

type BlameField = (field: string, why: string) => void;

const isoRule = (iso: z.infer<typeof isoFile>, blameField: BlameField): void => {
  const { isoUrl: url, keepCdromDevice, unmount } = iso;
  if ((iso.isoFile === undefined) === (url === undefined))
    blameField('isoFile', 'give either isoFile or isoUrl');
  for (const field of ['isoChecksum', 'isoStoragePool'] as const)
    if (url !== undefined && iso[field] === undefined) blameField(field, 'isoUrl needs it');
  if (iso.isoDownloadPve === true && url === undefined) blameField('isoDownloadPve', 'needs isoUrl');
  if (keepCdromDevice === true && unmount !== true) blameField('keepCdromDevice', 'needs unmount');
};

const diskRule = (
  { type = 'scsi', ioThread, ssd }: z.infer<typeof disk>,
  controller: string | undefined,
  blameField: BlameField,
): void => {
  if (ioThread === true && controller !== 'virtio-scsi-single')
    blameField('ioThread', 'needs the scsiController virtio-scsi-single');
  if (ioThread === true && type !== 'scsi' && type !== 'virtio')
    blameField('ioThread', 'needs a scsi or virtio disk');
  if (ssd === true && type === 'virtio') blameField('ssd', 'is not possible with a virtio disk');
};
