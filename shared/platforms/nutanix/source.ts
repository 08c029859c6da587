import { asArguments } from '../arguments.ts';
import { bootArguments, endsByItself, shutdownCommandFor } from '../boot.ts';
import { communicatorFields } from '../communicator.ts';
import { PlatformError } from '../errors.ts';
import type { TemplateObject } from '../expression.ts';
import { type Login, loginOf } from '../login.ts';
import { authorityFiles, demandWayIn } from '../management-server.ts';
import { originText } from '../origin-text.ts';
import type { Source, SourceInput } from '../platform.ts';
import { finalName, osImageOf } from '../snapshot-of.ts';
import { readsByHttp, unattendedFields } from '../unattended.ts';
import { connectionFields } from './connection.ts';
import { diskFields } from './disks.ts';
import { machineName, type NutanixSettings, type NutanixSnapshot } from './names.ts';

type Input = SourceInput<NutanixSnapshot>;
type Category = { key: string; value: string };

const machineFields = (settings: NutanixSettings): TemplateObject =>
  asArguments(settings, [
    'clusterName',
    'clusterUuid',
    'cpu',
    'core',
    'memoryMb',
    'hardwareVirtualization',
    'bootType',
    'bootPriority',
    'vtpm',
    'serialport',
    'project',
    'gpu',
    'vmNics',
    'vmClean',
    'userData',
    'ipWaitTimeout',
  ]);

/** Categories of the connection beside those of the builder, each once. They must exist, so none can name the run. */
const categoriesOf = (tags: Record<string, string> = {}, own: Category[] = []): Category[] | undefined => {
  const all = [...Object.entries(tags).map(([key, value]) => ({ key, value })), ...own];
  const distinct = new Map(all.map((one) => [JSON.stringify([one.key, one.value]), one]));
  return distinct.size === 0 ? undefined : [...distinct.values()];
};

const imageFields = ({ run, snapshot }: Input): TemplateObject => {
  const { settings } = snapshot.builderConfiguration;
  const { imageTags, temporaryResourceTags } = snapshot.connection;
  return {
    vm_name: machineName(run),
    vm_categories: categoriesOf(temporaryResourceTags, settings.vmCategories),
    image_name: finalName(snapshot, run),
    image_description: originText(settings.imageDescription, run),
    image_categories: categoriesOf(imageTags, settings.imageCategories),
    // Names of images need not be unique on Nutanix.
    fail_if_image_exists: true,
    // Without it the plugin keeps the machine of a build that failed.
    vm_force_delete: true,
  };
};

/** The files of an unattended installation are on a disc: the plugin serves none by HTTP. */
const unattendedOf = (snapshot: NutanixSnapshot) => {
  const { body, downloads } = unattendedFields(snapshot, osImageOf(snapshot));
  if (readsByHttp(body['boot_command']))
    throw new PlatformError(
      'builder-setting-invalid',
      `The boot command of "${snapshot.operatingSystem.name}" reads files by HTTP, and on Nutanix they are on a disc with the label cidata only.`,
    );
  return { body: { ...body, http_directory: undefined }, downloads };
};

/** How the machine ends: by its last step, by the user's command, or by one of ours, as Nutanix would cut the power. */
const shutdownFields = (snapshot: NutanixSnapshot, login: Login): TemplateObject => {
  const { shutdownCommand, disableStopInstance } = snapshot.builderConfiguration.settings;
  const isOffByItself = disableStopInstance ?? (shutdownCommand === undefined && endsByItself(snapshot));
  if (isOffByItself) return { shutdown_command: undefined, disable_stop_instance: true };
  return { shutdown_command: shutdownCommand ?? shutdownCommandFor(snapshot, login) };
};

/**
 * Packer's `nutanix` source of a run. Throws PlatformError for what cannot be built: Packer 1.6, an image that Nutanix
 * cannot get, files that nobody would find, nobody to log in as or no password.
 */
export const nutanixSource = (input: Input): Source => {
  const { snapshot, generation } = input;
  const { settings } = snapshot.builderConfiguration;
  if (generation === '1.6')
    throw new PlatformError('packer-too-old', 'Packer 1.6 has no builder for Nutanix.');
  const login = loginOf(snapshot);
  demandWayIn(snapshot, login, false);
  const unattended = unattendedOf(snapshot);
  return {
    type: 'nutanix',
    body: {
      ...connectionFields(snapshot),
      os_type: snapshot.operatingSystem.family === 'windows' ? 'Windows' : 'Linux',
      ...imageFields(input),
      ...machineFields(settings),
      ...diskFields(snapshot),
      ...bootArguments(settings),
      ...unattended.body,
      ...communicatorFields(snapshot, login),
      ...shutdownFields(snapshot, login),
    },
    files: authorityFiles(snapshot.connection.settings),
    downloads: unattended.downloads,
  };
};
