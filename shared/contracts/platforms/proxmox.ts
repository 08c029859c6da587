import * as z from 'zod';
import {
  blame,
  bootFields,
  flag,
  loginFields,
  namedByRun,
  oneOf,
  shaped,
  span,
  text,
  whole,
  written,
} from './fields.ts';
import { serverConnectionSettings } from './on-premises.ts';
import { hardware, machineRule, pool } from './proxmox-hardware.ts';

/** Settings of a Proxmox connection. */
export const proxmoxConnectionSettings = <S extends z.ZodType>(secret: S) =>
  serverConnectionSettings(secret, {
    username: shaped(
      /^[^\s!@{}]{1,64}@[A-Za-z0-9_-]{1,32}![A-Za-z][A-Za-z0-9._-]{1,63}$/,
      'is no token id: user@realm!token',
    ).describe('Id of the API token: user@realm!token.'),
    token: secret.describe('Secret of the API token.'),
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

/** Proxmox shuts the machine down itself: its builders have no command for that, nor a time for it. */
const { bootWait, bootKeyInterval } = bootFields;

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
  bootWait,
  bootKeyInterval,
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

const elsewhere = (where: string, ...fields: string[]) =>
  Object.fromEntries(fields.map((field) => [field, `is in the ${where}`]));
const byProxmox = 'is no argument of the Proxmox builders: Proxmox itself shuts the machine down';
const notOurs = {
  ...namedByRun('vmName', 'templateName'),
  shutdownCommand: byProxmox,
  shutdownTimeout: byProxmox,
  ...elsewhere('connection', 'proxmoxUrl', 'username', 'password', 'token', 'insecureSkipTlsVerify'),
  ...elsewhere('operating system', 'bootIso', 'isoFile', 'isoUrl', 'isoChecksum', 'cloneVm', 'bootCommand'),
};

/** Arguments of `proxmox-iso` as they are written. */
export const proxmoxIsoInput = <S extends z.ZodType>(secret: S) =>
  written(proxmoxIsoSettings(secret), { rule: machineRule, notOurs });

/** Arguments of `proxmox-clone` as they are written. */
export const proxmoxCloneInput = <S extends z.ZodType>(secret: S) =>
  written(proxmoxCloneSettings(secret), {
    rule: (settings, issues) => {
      machineRule(settings, issues);
      const { ipconfig: addresses = [], networkAdapters: cards = [] } = settings;
      if (addresses.length > cards.length) blame(issues, 'ipconfig', 'has more entries than networkAdapters');
    },
    notOurs,
  });
