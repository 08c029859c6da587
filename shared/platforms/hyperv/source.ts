import { POWERSHELL_SYNTAX } from '../../contracts/platforms/hyperv.ts';
import { asArguments } from '../arguments.ts';
import { bootArguments, endsByItself } from '../boot.ts';
import { type BootMedium, bootMediumOf } from '../boot-medium.ts';
import { communicatorFields } from '../communicator.ts';
import { PlatformError } from '../errors.ts';
import { type TemplateObject, variable } from '../expression.ts';
import { imageFolderOf, imageFolderVariable } from '../image-folder.ts';
import { loginOf } from '../login.ts';
import { demandWayIn } from '../management-server.ts';
import { refuseOnOldPacker } from '../old-packer.ts';
import type { Source, SourceInput } from '../platform.ts';
import { finalName, osImageOf } from '../snapshot-of.ts';
import { unattendedFields } from '../unattended.ts';
import type { HypervSettings, HypervSnapshot } from './names.ts';

type Input = SourceInput<HypervSnapshot>;

/** Extension of a disk, without the dot: it is what tells Packer that there is a disk and no ISO. */
const diskExtension = (url: string): 'vhd' | 'vhdx' => {
  const found = /\.(vhdx?)([?#].*)?$/i.exec(url)?.[1]?.toLowerCase();
  if (found === 'vhd' || found === 'vhdx') return found;
  throw new PlatformError(
    'base-image-not-found',
    `The base disk ${url} is none of Hyper-V: its name ends in neither .vhd nor .vhdx.`,
  );
};

/** A differencing disk needs its base for as long as it is not exported, and what a run downloads goes with the run. */
const demandLasting = ({ path }: BootMedium, settings: HypervSettings): void => {
  if (path !== undefined || settings.differencingDisk !== true || settings.skipExport !== true) return;
  throw new PlatformError(
    'builder-setting-invalid',
    'differencingDisk with skipExport needs a base disk that stays: a file:// URL, or the image of another definition.',
  );
};

/** The plugin puts these into its scripts as they are. Settings of an earlier release were not checked. */
const refuseSyntax = (name: string, text: string | undefined): void => {
  if (!POWERSHELL_SYNTAX.test(text ?? '')) return;
  throw new PlatformError(
    'builder-setting-invalid',
    `${name} holds a character that PowerShell would read: " $ or \`.`,
  );
};

const mediumFields = (snapshot: HypervSnapshot): TemplateObject => {
  const medium = bootMediumOf(snapshot);
  const { settings } = snapshot.builderConfiguration;
  // Packer looks at the name only: what is called an ISO here may be a disk to it.
  refuseSyntax('The path of the base image', medium.path);
  const place = { iso_url: medium.url, iso_checksum: medium.checksum };
  if (medium.kind === 'iso') return place;
  demandLasting(medium, settings);
  return {
    ...place,
    iso_target_extension: diskExtension(medium.url),
    differencing_disk: settings.differencingDisk,
  };
};

const machineFields = (settings: HypervSettings): TemplateObject => ({
  ...asArguments(settings, [
    'generation',
    'cpus',
    'memory',
    'enableDynamicMemory',
    'diskSize',
    'diskBlockSize',
    'diskAdditionalSize',
    'useFixedVhdFormat',
    'skipCompaction',
    'skipExport',
    'keepRegistered',
    'switchName',
    'switchVlanId',
    'vlanId',
    'macAddress',
    'useLegacyNetworkAdapter',
    'enableMacSpoofing',
    'enableSecureBoot',
    'secureBootTemplate',
    'enableVirtualizationExtensions',
    'guestAdditionsMode',
    'configurationVersion',
    'firstBootDevice',
    'secondaryIsoImages',
  ]),
  headless: settings.headless ?? true,
});

/** Whether the last step switches the machine off, and Packer must not. */
const isOffByItself = (snapshot: HypervSnapshot): boolean => {
  const { disableShutdown, shutdownCommand } = snapshot.builderConfiguration.settings;
  return disableShutdown ?? (shutdownCommand === undefined && endsByItself(snapshot));
};

/** What Packer 1.6 does not know; without `disable_shutdown` it asks Hyper-V, for which a machine that is off is right. */
const modernFields = (snapshot: HypervSnapshot): TemplateObject => ({
  enable_tpm: snapshot.builderConfiguration.settings.enableTpm,
  disable_shutdown: isOffByItself(snapshot) ? true : undefined,
});

const refuseOld = ({ snapshot, generation }: Input): void => {
  const { settings } = snapshot.builderConfiguration;
  refuseOnOldPacker(generation, {
    enableTpm: settings.enableTpm === true,
    disableShutdown: settings.disableShutdown === true,
    // It keeps the machine, but deletes its disk.
    keepRegistered: settings.keepRegistered === true,
  });
};

const bootFields = (settings: HypervSettings): TemplateObject => {
  const { boot_key_interval, ...rest } = bootArguments(settings);
  // Hyper-V's builder waits between keys by this name.
  return { ...rest, boot_keygroup_interval: boot_key_interval };
};

/**
 * Where the machine and its image lie. The machine does so in the folder for images, too: that of the job is gone when a
 * run was stopped, and its machine is to stay.
 */
const placeFields = ({ snapshot, run }: Input): Pick<Source, 'variables'> & { body: TemplateObject } => {
  const { outputDirectory, tempPath } = snapshot.builderConfiguration.settings;
  const folder = imageFolderOf(snapshot, run, outputDirectory);
  const isFolderUsed = outputDirectory === undefined || tempPath === undefined;
  return {
    body: {
      vm_name: finalName(snapshot, run),
      output_directory: folder.directory,
      temp_path: tempPath ?? variable(imageFolderVariable.name),
    },
    variables: isFolderUsed ? [imageFolderVariable] : [],
  };
};

/**
 * Packer's `hyperv-iso` source of a run. Throws PlatformError for what cannot be built: no ISO or disk that Packer can
 * fetch, nobody to log in as or no password, a setting that Packer 1.6 does not know.
 */
export const hypervSource = (input: Input): Source => {
  const { snapshot, generation } = input;
  const { settings } = snapshot.builderConfiguration;
  refuseOld(input);
  refuseSyntax('switchName', settings.switchName);
  const login = loginOf(snapshot);
  demandWayIn(snapshot, login, false);
  const unattended = unattendedFields(snapshot, osImageOf(snapshot));
  const place = placeFields(input);
  return {
    type: 'hyperv-iso',
    body: {
      ...place.body,
      ...mediumFields(snapshot),
      ...machineFields(settings),
      ...bootFields(settings),
      ...unattended.body,
      ...(generation === 'modern' ? modernFields(snapshot) : {}),
      ...communicatorFields(snapshot, login),
    },
    files: [],
    downloads: unattended.downloads,
    ...(place.variables === undefined ? {} : { variables: place.variables }),
  };
};
