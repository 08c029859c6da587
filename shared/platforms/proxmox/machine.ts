import type { PackerGeneration } from '../../contracts/bundle.ts';
import type { TemplateObject } from '../expression.ts';
import type { CloneSettings, ProxmoxSettings } from './names.ts';

type Disk = NonNullable<ProxmoxSettings['disks']>[number];
type Adapter = NonNullable<ProxmoxSettings['networkAdapters']>[number];
type Iso = NonNullable<ProxmoxSettings['additionalIsoFiles']>[number];

/** Packer types faster than many consoles read. */
const KEY_INTERVAL = '100ms';

/** Kinds of storage as Packer 1.6 wants to know them: one keeps volumes, the other files. */
const VOLUMES = 'lvm';
const FILES = 'dir';

/** Volumes of a storage of volumes have no format but raw; a file says its format in its name. */
const oldDiskFields = ({ format = 'raw' }: Disk): TemplateObject => ({
  storage_pool_type: format === 'raw' ? VOLUMES : FILES,
  format,
});

const newDiskFields = (disk: Disk): TemplateObject => ({
  format: disk.format,
  asyncio: disk.asyncio,
  discard: disk.discard,
  ssd: disk.ssd,
  exclude_from_backup: disk.excludeFromBackup,
});

const diskFields = (disk: Disk, generation: PackerGeneration): TemplateObject => ({
  type: disk.type,
  storage_pool: disk.storagePool,
  disk_size: disk.diskSize,
  cache_mode: disk.cacheMode,
  io_thread: disk.ioThread,
  ...(generation === '1.6' ? oldDiskFields(disk) : newDiskFields(disk)),
});

const adapterFields = (adapter: Adapter): TemplateObject => ({
  model: adapter.model,
  bridge: adapter.bridge,
  vlan_tag: adapter.vlanTag,
  mac_address: adapter.macAddress,
  // 0 is the default of Proxmox, and Packer 1.6 does not know the word.
  mtu: adapter.mtu === 0 ? undefined : adapter.mtu,
  // One queue is what every card has; Packer takes the word as a wish for more, which only virtio can have.
  packet_queues: adapter.packetQueues === 1 ? undefined : adapter.packetQueues,
  firewall: adapter.firewall,
});

/** What both generations of Packer know of the machine. */
export const commonFields = (settings: ProxmoxSettings, generation: PackerGeneration): TemplateObject => ({
  node: settings.node,
  pool: settings.pool,
  vm_id: settings.vmId,
  boot: settings.boot,
  onboot: settings.onboot,
  vm_interface: settings.vmInterface,
  cores: settings.cores,
  sockets: settings.sockets,
  cpu_type: settings.cpuType,
  memory: settings.memory,
  os: settings.os,
  scsi_controller: settings.scsiController,
  qemu_agent: settings.qemuAgent,
  disable_kvm: settings.disableKvm,
  vga: settings.vga === undefined ? undefined : { type: settings.vga.type, memory: settings.vga.memory },
  network_adapters: settings.networkAdapters?.map(adapterFields),
  disks: settings.disks?.map((disk) => diskFields(disk, generation)),
  cloud_init: settings.cloudInit,
  cloud_init_storage_pool: settings.cloudInitStoragePool,
  boot_wait: settings.bootWait,
  boot_key_interval: settings.bootKeyInterval ?? KEY_INTERVAL,
});

const isoFields = (iso: Iso): TemplateObject => ({
  type: iso.type,
  iso_file: iso.isoFile,
  iso_url: iso.isoUrl,
  iso_checksum: iso.isoChecksum,
  iso_storage_pool: iso.isoStoragePool,
  iso_download_pve: iso.isoDownloadPve,
  unmount: iso.unmount,
  keep_cdrom_device: iso.keepCdromDevice,
});

const firmwareFields = ({ bios, machine, efiConfig, tpmConfig, rng0 }: ProxmoxSettings): TemplateObject => ({
  bios,
  machine,
  efi_config: efiConfig && {
    efi_storage_pool: efiConfig.efiStoragePool,
    efi_format: efiConfig.efiFormat,
    efi_type: efiConfig.efiType,
    pre_enrolled_keys: efiConfig.preEnrolledKeys,
  },
  tpm_config: tpmConfig && {
    tpm_storage_pool: tpmConfig.tpmStoragePool,
    tpm_version: tpmConfig.tpmVersion,
  },
  rng0: rng0 && { source: rng0.source, max_bytes: rng0.maxBytes, period: rng0.period },
});

/** What only a current Packer knows; `discs` are further CDs of the run itself. */
export const modernFields = (settings: ProxmoxSettings, discs: TemplateObject[]): TemplateObject => {
  const isos = [...(settings.additionalIsoFiles ?? []).map(isoFields), ...discs];
  return {
    ballooning_minimum: settings.ballooningMinimum,
    numa: settings.numa,
    ...firmwareFields(settings),
    serials: settings.serials,
    task_timeout: settings.taskTimeout,
    cloud_init_disk_type: settings.cloudInitDiskType,
    additional_iso_files: isos.length === 0 ? undefined : isos,
  };
};

/** Addresses that cloud-init gives to a cloned machine; only a current Packer knows them. */
export const addressFields = ({ nameserver, searchdomain, ipconfig }: CloneSettings): TemplateObject => ({
  nameserver,
  searchdomain,
  ipconfig: ipconfig?.map(({ ip, gateway, ip6, gateway6 }) => ({ ip, gateway, ip6, gateway6 })),
});
