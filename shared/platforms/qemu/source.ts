import { setting } from '../checks.ts';
import { bootArguments, endsByItself, shutdownCommandFor } from '../boot.ts';
import { type BootMedium, bootMediumOf } from '../boot-medium.ts';
import { communicatorFields } from '../communicator.ts';
import { PlatformError } from '../errors.ts';
import type { TemplateObject } from '../expression.ts';
import { imageFolderOf } from '../image-folder.ts';
import { type Login, loginOf } from '../login.ts';
import { demandWayIn } from '../management-server.ts';
import type { Source, SourceInput } from '../platform.ts';
import { finalName, osImageOf } from '../snapshot-of.ts';
import { unattendedFields } from '../unattended.ts';
import { machineFields, refuseMachine } from './machine.ts';
import type { QemuSettings, QemuSnapshot } from './names.ts';
import { waitUntilOff } from './power-off.ts';

type Input = SourceInput<QemuSnapshot>;

/** A backing file is needed for as long as the image is, and what a run downloads goes with the run. */
const demandLasting = ({ path }: BootMedium): void => {
  if (path !== undefined) return;
  throw new PlatformError(
    'builder-setting-invalid',
    'useBackingFile needs a base disk that stays: a file:// URL, or the image of another definition.',
    { field: setting('useBackingFile') },
  );
};

const diskFields = (
  medium: BootMedium,
  settings: QemuSettings,
  generation: Input['generation'],
): TemplateObject => {
  if (medium.kind === 'iso') return {};
  const isBacked = settings.useBackingFile === true;
  if (isBacked) demandLasting(medium);
  return {
    disk_image: true,
    skip_resize_disk: settings.skipResizeDisk,
    use_backing_file: settings.useBackingFile,
    // Packer 1.6 does not tell the format of the backing file, and QEMU ≥ 6.1 does not guess it.
    qemu_img_args: isBacked && generation === '1.6' ? { create: ['-F', 'qcow2'] } : undefined,
  };
};

/** QEMU reads options behind a comma, and the path of a file that lies there already is given to it as it is. */
const refuseOptions = ({ path = '' }: BootMedium): void => {
  if (!path.includes(',')) return;
  throw new PlatformError('base-image-not-found', `The path ${path} holds a comma, which QEMU would read.`);
};

const mediumFields = ({ snapshot, generation }: Input): TemplateObject => {
  const medium = bootMediumOf(snapshot);
  refuseOptions(medium);
  const { settings } = snapshot.builderConfiguration;
  return { iso_url: medium.url, iso_checksum: medium.checksum, ...diskFields(medium, settings, generation) };
};

/** Without keys to type Packer need not wait for the machine's screen: ten seconds, if nobody says otherwise. */
const bootFields = (snapshot: QemuSnapshot, unattended: TemplateObject): TemplateObject => ({
  ...bootArguments(snapshot.builderConfiguration.settings),
  ...unattended,
  disable_vnc: unattended['boot_command'] === undefined ? true : undefined,
});

/** Whether the last step switches the machine off: a command of the user's would do it otherwise. */
const isOffByItself = (snapshot: QemuSnapshot): boolean =>
  endsByItself(snapshot) && snapshot.builderConfiguration.settings.shutdownCommand === undefined;

const shutdownFields = (snapshot: QemuSnapshot, login: Login): TemplateObject => {
  const { shutdownCommand } = snapshot.builderConfiguration.settings;
  if (isOffByItself(snapshot)) return { shutdown_command: undefined };
  return { shutdown_command: shutdownCommand ?? shutdownCommandFor(snapshot, login) };
};

/**
 * Packer's `qemu` source of a run. Throws PlatformError for what cannot be built: no ISO or disk that Packer can fetch,
 * nobody to log in as or no password, a setting that the given Packer does not know.
 */
export const qemuSource = (input: Input): Source => {
  const { run, snapshot, generation } = input;
  const { settings } = snapshot.builderConfiguration;
  refuseMachine(snapshot, generation);
  const login = loginOf(snapshot);
  demandWayIn(snapshot, login, false);
  const unattended = unattendedFields(snapshot, osImageOf(snapshot));
  const folder = imageFolderOf(snapshot, run, settings.outputDirectory);
  return {
    type: 'qemu',
    body: {
      vm_name: finalName(snapshot, run),
      output_directory: folder.directory,
      ...mediumFields(input),
      ...machineFields(snapshot, generation),
      ...bootFields(snapshot, unattended.body),
      ...communicatorFields(snapshot, login),
      ...shutdownFields(snapshot, login),
    },
    files: [],
    downloads: unattended.downloads,
    variables: folder.variables,
    closing: isOffByItself(snapshot)
      ? [waitUntilOff(folder.diskAfter('GOLDSMITH_DISK='), settings.shutdownTimeout)]
      : [],
  };
};
