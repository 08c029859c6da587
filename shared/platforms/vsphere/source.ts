import { communicatorFields } from '../communicator.ts';
import { PlatformError } from '../errors.ts';
import { type TemplateObject, variable } from '../expression.ts';
import { loginOf } from '../login.ts';
import { authorityFiles, demandWayIn, SERVER_PASSWORD } from '../management-server.ts';
import { refuseOnOldPacker } from '../old-packer.ts';
import { originText } from '../origin-text.ts';
import type { Source, SourceInput } from '../platform.ts';
import { finalName, osImageOf } from '../snapshot-of.ts';
import { unattendedFields } from '../unattended.ts';
import { isoFields, templateOf } from './base-image.ts';
import {
  cloneFields,
  hardwareFields,
  imageFields,
  lifeFields,
  newMachineFields,
  placeFields,
} from './machine.ts';
import { machineName, type VsphereSettings, type VsphereSnapshot } from './names.ts';

type Input = SourceInput<VsphereSnapshot>;

const connectionFields = ({ connection: { settings } }: VsphereSnapshot): TemplateObject => {
  if (settings.auth.type === 'token') {
    throw new PlatformError(
      'builder-setting-invalid',
      "The connection has a token, but Packer's vSphere builders log in with a user and a password: give the connection these.",
    );
  }
  return {
    vcenter_server: settings.server,
    username: settings.auth.username,
    password: variable(SERVER_PASSWORD),
    insecure_connection: settings.insecure,
  };
};

const refuseOld = ({ generation }: Input, settings: VsphereSettings): void =>
  refuseOnOldPacker(generation, {
    vtpm: settings.vtpm === true,
    datastoreCluster: settings.datastoreCluster !== undefined,
    snapshotName: settings.snapshotName !== undefined,
    'the disk controller sata':
      'diskControllerType' in settings && settings.diskControllerType?.includes('sata') === true,
  });

/** Tags of vSphere need a category that exists, so none can carry a run's id: the notes do. */
const originFields = ({ generation, run, snapshot }: Input): TemplateObject => {
  const { notes } = snapshot.builderConfiguration.settings;
  const tags = snapshot.connection.imageTags ?? {};
  if (generation === '1.6') return { notes: originText(notes, run, tags) };
  const tag = Object.entries(tags).map(([category, name]) => ({ category, name }));
  return { notes: originText(notes, run), tag: tag.length === 0 ? undefined : tag };
};

const startFields = (snapshot: VsphereSnapshot): TemplateObject => {
  const { builderConfiguration: builder } = snapshot;
  if (builder.builderType === 'vsphere-iso')
    return { ...isoFields(snapshot, builder.settings), ...newMachineFields(builder.settings) };
  return { template: templateOf(snapshot), ...cloneFields(builder.settings) };
};

/**
 * Packer's `vsphere-iso` or `vsphere-clone` source of a run. Throws PlatformError for what cannot be built: a connection
 * with a token, an ISO that vSphere cannot read, nobody to log in as, a setting that Packer 1.6 does not know.
 */
export const vsphereSource = (input: Input): Source => {
  const { run, snapshot } = input;
  const { builderType, settings } = snapshot.builderConfiguration;
  refuseOld(input, settings);
  const login = loginOf(snapshot);
  demandWayIn(snapshot, login, builderType === 'vsphere-clone');
  const unattended = unattendedFields(snapshot, osImageOf(snapshot));
  return {
    type: builderType,
    body: {
      ...connectionFields(snapshot),
      vm_name: machineName(snapshot, run),
      ...originFields(input),
      ...placeFields(settings),
      ...startFields(snapshot),
      ...hardwareFields(settings),
      ...lifeFields(settings),
      ...unattended.body,
      ...communicatorFields(snapshot, login),
      ...imageFields(settings, finalName(snapshot, run)),
    },
    files: authorityFiles(snapshot.connection.settings),
    downloads: unattended.downloads,
  };
};
