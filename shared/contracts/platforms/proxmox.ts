import * as z from 'zod';
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

/** Settings of a Proxmox connection. */
export const proxmoxConnectionSettings = <S extends z.ZodType>(secret: S) =>
  serverConnectionSettings(secret, {
    username: shaped(
      /^[^\s!@{}]{1,64}@[A-Za-z0-9_-]{1,32}![A-Za-z][A-Za-z0-9._-]{1,63}$/,
      'is no token id: user@realm!token',
    ).describe('Id of the API token: user@realm!token.'),
    token: secret.describe('Secret of the API token.'),
  });

const pool = shaped(/^[A-Za-z][A-Za-z0-9._-]{0,99}$/, 'is no storage of Proxmox');
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

const ipconfig = z.strictObject({
  ip: z
    .union([z.cidrv4(), z.literal('dhcp')])
    .optional()
    .describe('IPv4 with prefix length, or dhcp.'),
  gateway: z.ipv4().optional().describe('IPv4 gateway.'),
  ip6: z
    .union([z.cidrv6(), z.enum(['auto', 'dhcp'])])
    .optional()
    .describe('IPv6 with prefix length, auto or dhcp.'),
  gateway6: z.ipv6().optional().describe('IPv6 gateway.'),
});

const hardware = {
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
  serials: z
    .array(shaped(/^(socket|\/dev\/[A-Za-z0-9]{1,30})$/, 'is no serial port: socket or /dev/…'))
    .max(4)
    .optional()
    .describe('Serial ports. Default: none.'),
};

const common = {
  node: shaped(/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/, 'is no node name').describe(
    'Node that builds.',
  ),
  pool: text(100, 'Resource pool of the machine. Default: none.'),
  vmId: whole(
    100,
    999_999_999,
    'Id of the machine and template. Only one run at a time can have it. Default: the next free one.',
  ),
  boot: text(100, 'Boot order, for example order=virtio0;ide2;net0. Default: that of Proxmox.'),
  onboot: flag('Start the machine with the node. Default: false.'),
  taskTimeout: span('How long to wait for a task of Proxmox. Default: 1m.'),
  vmInterface: shaped(/^[A-Za-z0-9._-]{1,32}$/, 'is no network interface')
    .optional()
    .describe('Interface of the guest that has its address. Default: the first.'),
  templateDescription: text(2000, 'Description of the template. Default: none.'),
  cloudInit: flag('Add an empty cloud-init drive to the template. Default: false.'),
  cloudInitStoragePool: pool.optional().describe('Storage of that drive. Default: that of the system disk.'),
  cloudInitDiskType: oneOf(['ide', 'scsi', 'sata'], 'Bus of that drive. Default: ide.'),
  ...hardware,
  ...bootFields,
};

const isoFields = {
  ...common,
  isoStoragePool: pool
    .optional()
    .describe("Storage that the operating system's ISO is uploaded to, where it is a URL."),
  isoDownloadPve: flag('Let the node fetch the ISO itself. Default: false.'),
  unmountIso: flag('Take the ISO out of the template. Default: true.'),
};

/** Arguments of Packer's `proxmox-iso` builder. */
export const proxmoxIsoSettings = <S extends z.ZodType>(secret: S) =>
  z.strictObject({ ...isoFields, ...loginFields(secret) });

const cloneFields = {
  ...common,
  fullClone: flag('Copy the disks, not only link them. Default: true.'),
  nameserver: z.union([z.ipv4(), z.ipv6()]).optional().describe("DNS server. Default: the host's."),
  searchdomain: shaped(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, 'is no domain')
    .optional()
    .describe("DNS search domain. Default: the host's."),
  ipconfig: z.array(ipconfig).max(32).optional().describe('Addresses of the network cards, in their order.'),
};

/** Arguments of Packer's `proxmox-clone` builder. */
export const proxmoxCloneSettings = <S extends z.ZodType>(secret: S) =>
  z.strictObject({ ...cloneFields, ...loginFields(secret) });

type Common = {
  bios?: string | undefined;
  efiConfig?: unknown;
  memory?: number | undefined;
  ballooningMinimum?: number | undefined;
  scsiController?: string | undefined;
  disks?: z.infer<typeof disk>[] | undefined;
  networkAdapters?: z.infer<typeof adapter>[] | undefined;
};
const commonRule: SettingsRule<Common> = (settings, issues) => {
  if (settings.bios === 'ovmf' && settings.efiConfig === undefined)
    blame(issues, 'efiConfig', 'bios ovmf needs it');
  if ((settings.ballooningMinimum ?? 0) > (settings.memory ?? 512))
    blame(issues, 'ballooningMinimum', 'is more than memory');
  for (const [at, one] of (settings.networkAdapters ?? []).entries())
    if ((one.packetQueues ?? 1) > 1 && one.model !== 'virtio')
      blame(issues, ['networkAdapters', at, 'packetQueues'], 'needs the model virtio');
  for (const [at, one] of (settings.disks ?? []).entries())
    diskRule(one, settings.scsiController, (field, why) => blame(issues, ['disks', at, field], why));
};

const diskRule = (
  { type = 'scsi', ioThread, ssd }: z.infer<typeof disk>,
  controller: string | undefined,
  blameField: (field: string, why: string) => void,
): void => {
  if (ioThread === true && controller !== 'virtio-scsi-single')
    blameField('ioThread', 'needs the scsiController virtio-scsi-single');
  if (ioThread === true && type !== 'scsi' && type !== 'virtio')
    blameField('ioThread', 'needs a scsi or virtio disk');
  if (ssd === true && type === 'virtio') blameField('ssd', 'is not possible with a virtio disk');
};

const elsewhere = (where: string, ...fields: string[]) =>
  Object.fromEntries(fields.map((field) => [field, `is in the ${where}`]));
const notOurs = {
  ...namedByRun('vmName', 'templateName'),
  ...elsewhere('connection', 'proxmoxUrl', 'username', 'password', 'token', 'insecureSkipTlsVerify'),
  ...elsewhere('operating system', 'bootIso', 'isoFile', 'isoUrl', 'isoChecksum', 'cloneVm', 'bootCommand'),
};

/** Arguments of `proxmox-iso` as they are written. */
export const proxmoxIsoInput = <S extends z.ZodType>(secret: S) =>
  written(proxmoxIsoSettings(secret), { rule: commonRule, notOurs });

/** Arguments of `proxmox-clone` as they are written. */
export const proxmoxCloneInput = <S extends z.ZodType>(secret: S) =>
  written(proxmoxCloneSettings(secret), {
    rule: (settings, issues) => {
      commonRule(settings, issues);
      const { ipconfig: addresses = [], networkAdapters: cards = [] } = settings;
      if (cards.length > 0 && addresses.length > cards.length)
        blame(issues, 'ipconfig', 'has more entries than networkAdapters');
    },
    notOurs,
  });
