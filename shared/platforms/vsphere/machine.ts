import type { TemplateObject } from '../expression.ts';
import type { CloneSettings, IsoSettings, VsphereSettings } from './names.ts';

/** Where the machine is made. */
export const placeFields = (settings: VsphereSettings): TemplateObject => ({
  datacenter: settings.datacenter,
  cluster: settings.cluster,
  host: settings.host,
  folder: settings.folder,
  resource_pool: settings.resourcePool,
  datastore: settings.datastore,
  datastore_cluster: settings.datastoreCluster,
  set_host_for_datastore_uploads: settings.setHostForDatastoreUploads,
});

/** What both builders say of the machine; Packer's capitals are its own. */
export const hardwareFields = (settings: VsphereSettings): TemplateObject => ({
  CPUs: settings.cpus,
  cpu_cores: settings.cpuCores,
  CPU_reservation: settings.cpuReservation,
  CPU_limit: settings.cpuLimit,
  CPU_hot_plug: settings.cpuHotPlug,
  RAM: settings.ram,
  RAM_reservation: settings.ramReservation,
  RAM_reserve_all: settings.ramReserveAll,
  RAM_hot_plug: settings.ramHotPlug,
  video_ram: settings.videoRam,
  NestedHV: settings.nestedHv,
  firmware: settings.firmware,
  // Packer 1.6 does not know it; without one there is nothing to say.
  vTPM: settings.vtpm === true ? true : undefined,
  configuration_parameters: settings.configurationParameters,
});

/** What the machine starts from, and how it is reached and ended. */
export const lifeFields = (settings: VsphereSettings): TemplateObject => ({
  boot_order: settings.bootOrder,
  boot_wait: settings.bootWait,
  // vSphere's builders wait between keys by this name.
  boot_keygroup_interval: settings.bootKeyInterval,
  ip_wait_timeout: settings.ipWaitTimeout,
  ip_settle_timeout: settings.ipSettleTimeout,
  ip_wait_address: settings.ipWaitAddress,
  shutdown_command: settings.shutdownCommand,
  shutdown_timeout: settings.shutdownTimeout,
  disable_shutdown: settings.disableShutdown,
  remove_cdrom: settings.removeCdrom,
});

const libraryFields = (library: NonNullable<VsphereSettings['contentLibraryDestination']>, name: string) => ({
  library: library.library,
  name,
  description: library.description,
  cluster: library.cluster,
  folder: library.folder,
  host: library.host,
  resource_pool: library.resourcePool,
  datastore: library.datastore,
  destroy: library.destroy,
  ovf: library.ovf,
});

/** What becomes of the machine; `name` is that of the image. */
export const imageFields = (settings: VsphereSettings, name: string): TemplateObject => {
  const { contentLibraryDestination: library } = settings;
  return {
    convert_to_template: settings.convertToTemplate ?? library === undefined,
    create_snapshot: settings.createSnapshot,
    snapshot_name: settings.snapshotName,
    content_library_destination: library === undefined ? undefined : libraryFields(library, name),
  };
};

/** What only a machine has that is made from nothing. */
export const newMachineFields = (settings: IsoSettings): TemplateObject => ({
  guest_os_type: settings.guestOsType,
  vm_version: settings.vmVersion,
  storage: settings.storage.map((disk) => ({
    disk_size: disk.diskSize,
    disk_thin_provisioned: disk.diskThinProvisioned,
    disk_eagerly_scrub: disk.diskEagerlyScrub,
    disk_controller_index: disk.diskControllerIndex,
  })),
  disk_controller_type: settings.diskControllerType,
  network_adapters: settings.networkAdapters?.map((adapter) => ({
    network: adapter.network,
    network_card: adapter.networkCard,
    mac_address: adapter.macAddress,
    passthrough: adapter.passthrough,
  })),
  // Named twice it is one all the same, but Packer refuses it.
  usb_controller: settings.usbController && [...new Set(settings.usbController)],
  cdrom_type: settings.cdromType,
});

/** What only a machine has that is cloned. */
export const cloneFields = (settings: CloneSettings): TemplateObject => ({
  linked_clone: settings.linkedClone,
  disk_size: settings.diskSize,
  network: settings.network,
  mac_address: settings.macAddress,
});
