import type { PackerGeneration } from '../../contracts/bundle.ts';
import { refuseOnOldPacker } from '../old-packer.ts';
import type { ProxmoxSettings, ProxmoxSnapshot } from './names.ts';

type Asked = Record<string, boolean>;

/** Whether a setting says anything but what Packer 1.6 does by itself. */
const isOther = (value: unknown, usual: unknown): boolean => value !== undefined && value !== usual;

const askedOfDisks = ({ disks = [] }: ProxmoxSettings): Asked => ({
  'disks/asyncio': disks.some(({ asyncio }) => isOther(asyncio, 'io_uring')),
  'disks/discard': disks.some(({ discard }) => discard === true),
  'disks/ssd': disks.some(({ ssd }) => ssd === true),
  'disks/excludeFromBackup': disks.some(({ excludeFromBackup }) => excludeFromBackup === true),
});

const askedOfCards = ({ networkAdapters = [] }: ProxmoxSettings): Asked => ({
  'networkAdapters/mtu': networkAdapters.some(({ mtu }) => isOther(mtu, 0)),
  'networkAdapters/macAddress repeatable': networkAdapters.some(
    ({ macAddress }) => macAddress === 'repeatable',
  ),
});

const askedOfMachine = (settings: ProxmoxSettings): Asked => ({
  bios: isOther(settings.bios, 'seabios'),
  efiConfig: settings.efiConfig !== undefined,
  tpmConfig: settings.tpmConfig !== undefined,
  machine: isOther(settings.machine, 'pc'),
  rng0: settings.rng0 !== undefined,
  serials: (settings.serials ?? []).length > 0,
  numa: settings.numa === true,
  ballooningMinimum: isOther(settings.ballooningMinimum, 0),
  cloudInitDiskType: isOther(settings.cloudInitDiskType, 'ide'),
  // Packer 1.6 puts them into the template only, when the build is over.
  additionalIsoFiles: (settings.additionalIsoFiles ?? []).length > 0,
});

const askedOfBuilder = ({ builderConfiguration: builder }: ProxmoxSnapshot): Asked => {
  if (builder.builderType === 'proxmox-iso')
    return { isoDownloadPve: builder.settings.isoDownloadPve === true };
  const { disks = [], ipconfig = [], nameserver, searchdomain } = builder.settings;
  return {
    // Packer 1.6 makes the first of them in place of the template's disk.
    disks: disks.length > 0,
    ipconfig: ipconfig.length > 0,
    nameserver: nameserver !== undefined,
    searchdomain: searchdomain !== undefined,
  };
};

/** Refuses what Packer 1.6 does not know or does wrong on Proxmox. Throws PlatformError that names the settings. */
export const refuseOld = (generation: PackerGeneration, snapshot: ProxmoxSnapshot): void => {
  const { builderConfiguration, connection } = snapshot;
  const { settings } = builderConfiguration;
  refuseOnOldPacker(generation, {
    ...askedOfBuilder(snapshot),
    ...askedOfMachine(settings),
    ...askedOfDisks(settings),
    ...askedOfCards(settings),
    "the connection's token": connection.settings.auth.type === 'token',
  });
};
