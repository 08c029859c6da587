import * as z from 'zod';
import { credentialsAfter, imageField, withoutEchoes } from '../checks.ts';
import { gcpName } from '../../contracts/platforms/gcp.ts';
import type { BaseImage } from '../../contracts/entities/image-version.ts';
import type { ConnectionAccess, PlatformCheck, RunIdentity } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { type GcpSnapshot, imageProjectOf, resolvedImage } from './base-image.ts';
import { check, fail, pass, settingField, type Verdict, warn } from './client-check.ts';
import { lifeCheck } from './client-credential-life.ts';
import { architectureOf, architectures, type Image, readImage } from './client-images.ts';
import { placeChecks } from './client-places.ts';
import type { Session } from './client-session.ts';
import { isGone, translateError } from './errors.ts';
import { imagePath } from './names.ts';
import { buildNeeds, connectionNeeds, type Needed } from './permissions.ts';

const granted = z.looseObject({ permissions: z.array(z.string()).default([]) });

/** Which of the permissions the connection has in a project ("projects.testIamPermissions" of the Resource Manager). */
const hasOf = async (
  session: Session,
  { projectId, permissions, elsewhere }: Needed,
): Promise<Set<string>> => {
  const url = `https://cloudresourcemanager.googleapis.com/v1/projects/${projectId}:testIamPermissions`;
  const answer = await session.request('POST', url, { permissions: [...permissions, ...elsewhere] });
  return new Set(granted.parse(answer).permissions);
};

const checkPermissions = async (session: Session, needed: Needed): Promise<Verdict> => {
  const { projectId } = needed;
  const has = await hasOf(session, needed);
  const missing = needed.permissions.filter((permission) => !has.has(permission));
  const unsure = needed.elsewhere.filter((permission) => !has.has(permission));
  if (missing.length > 0)
    return fail('permission-denied', `Missing in ${projectId}: ${[...missing, ...unsure].join(', ')}.`);
  if (unsure.length > 0)
    return warn(
      'permission-denied',
      `Not granted in ${projectId}: ${unsure.join(', ')}. They may be granted on the subnetwork, the service account or the tunnel itself.`,
    );
  return pass(`All ${needed.permissions.length + needed.elsewhere.length} in ${projectId}`);
};

const checkCredentials = async (session: Session, field: string): Promise<PlatformCheck> => {
  try {
    await session.authenticate();
    return { id: 'credentials', field, ...pass('Google gives a token for them.') };
  } catch (error) {
    return credentialsAfter(translateError(error), field);
  }
};

const checkImageName = async (
  session: Session,
  snapshot: GcpSnapshot,
  run: RunIdentity,
): Promise<Verdict> => {
  const place = { projectId: imageProjectOf(snapshot), image: finalName(snapshot, run) };
  const found = await readImage(session, place);
  return found === undefined
    ? pass(`${imagePath(place)} is free.`)
    : fail('image-name-taken', `${imagePath(place)} exists already.`);
};

const checkFamily = (family: string): Promise<Verdict> =>
  Promise.resolve(
    gcpName.safeParse(family).success
      ? pass(family)
      : fail(
          'builder-setting-invalid',
          `${family} is no name of a family: at most 63 lower-case letters, digits and hyphens.`,
        ),
  );

const isSecureBootable = ({ guestOsFeatures }: Image): boolean =>
  (guestOsFeatures ?? []).some(({ type }) => type === 'UEFI_COMPATIBLE');

const judgeImage = (
  image: Image,
  path: string,
  { operatingSystem, builderConfiguration }: GcpSnapshot,
): Verdict => {
  const { state } = image.deprecated ?? {};
  if (image.status !== 'READY' || state === 'OBSOLETE' || state === 'DELETED')
    return fail('base-image-not-found', `${path} is not usable: ${state ?? image.status}.`);
  const [found, wanted] = [architectureOf(image), architectures[operatingSystem.architecture]];
  if (found !== wanted)
    return fail('base-image-mismatch', `${path} is for ${found}, the operating system says ${wanted}.`);
  if (builderConfiguration.settings.enableSecureBoot === true && !isSecureBootable(image))
    return fail(
      'builder-setting-invalid',
      `${path} cannot be started with secure boot.`,
      'Leave enableSecureBoot out, or choose another image.',
    );
  return state === 'DEPRECATED'
    ? warn(
        'base-image-not-found',
        `${path} is deprecated.`,
        'Switch to the image that came after it, or to its family.',
      )
    : pass(path);
};

const checkBaseImage = async (
  session: Session,
  snapshot: GcpSnapshot,
  { id }: BaseImage,
): Promise<Verdict> => {
  const image = await readImage(session, resolvedImage(id));
  return image === undefined
    ? fail('base-image-not-found', `There is no image ${id}.`)
    : judgeImage(image, id, snapshot);
};

/** Size of the disk that Packer makes where a builder names none, GB. */
const DEFAULT_DISK_SIZE = 20;

const checkDiskSize = async (
  session: Session,
  snapshot: GcpSnapshot,
  { id }: BaseImage,
): Promise<Verdict> => {
  const { diskSize = DEFAULT_DISK_SIZE } = snapshot.builderConfiguration.settings;
  const image = await readImage(session, resolvedImage(id));
  const least = Number(image?.diskSizeGb ?? 0);
  return diskSize < least
    ? fail(
        'builder-setting-invalid',
        `The disk has ${diskSize} GB, the base image needs ${least} GB.`,
        `Set diskSize to ${least} or more.`,
      )
    : pass(`${diskSize} GB`);
};

const keyAnswer = z.looseObject({ primary: z.looseObject({ state: z.string() }).optional() });

const checkKey = async (session: Session, kmsKeyName: string): Promise<Verdict> => {
  const name = kmsKeyName.replace(/\/cryptoKeyVersions\/\d+$/, '');
  try {
    const { primary } = keyAnswer.parse(
      await session.request('GET', `https://cloudkms.googleapis.com/v1/${name}`),
    );
    return primary?.state === 'ENABLED'
      ? pass(name)
      : fail(
          'encryption-key-unusable',
          `${name} is not enabled: ${primary?.state ?? 'it has no primary version'}.`,
        );
  } catch (error) {
    if (isGone(error)) return fail('encryption-key-unusable', `There is no key ${name}.`);
    throw error;
  }
};

const keyChecks = (session: Session, { builderConfiguration: { settings } }: GcpSnapshot) =>
  (['diskEncryptionKey', 'imageEncryptionKey'] as const).flatMap((field) => {
    const key = settings[field];
    const look = () => checkKey(session, key?.kmsKeyName ?? '');
    return key === undefined ? [] : [check('encryption-key', settingField(`${field}/kmsKeyName`), look)];
  });

const AUTH = '/connection/settings/auth';

/** What is in a zone; quotas are asked for the machine type. */
const ECHOES = {
  [settingField('zone')]: [settingField('machineType'), settingField('diskType')],
  [settingField('machineType')]: [settingField('machineType')],
};

/** Everything that a run would meet in the project, looked at at once. Without credentials there is nothing to see. */
export const preflight = async (
  session: Session,
  { snapshot, run, decrypt }: Pick<ConnectionAccess<GcpSnapshot>, 'snapshot' | 'run' | 'decrypt'>,
  baseImage: BaseImage,
): Promise<PlatformCheck[]> => {
  const credentials = await checkCredentials(session, AUTH);
  if (credentials.status !== 'pass') return [credentials];
  const { imageFamily } = snapshot.builderConfiguration.settings;
  const others = await Promise.all([
    ...buildNeeds(snapshot).map((needed) =>
      check('permissions', AUTH, () => checkPermissions(session, needed)),
    ),
    ...placeChecks(session, snapshot),
    check('disk', settingField('diskSize'), () => checkDiskSize(session, snapshot, baseImage)),
    check('base-image', imageField(snapshot), () => checkBaseImage(session, snapshot, baseImage)),
    // The number is what tells this image from the ones before it.
    check('image-name', '/firstNumber', () => checkImageName(session, snapshot, run)),
    ...(imageFamily === undefined
      ? []
      : [check('image-name', settingField('imageFamily'), () => checkFamily(imageFamily))]),
    ...keyChecks(session, snapshot),
    lifeCheck(session, { snapshot, decrypt }),
  ]);
  return [credentials, ...withoutEchoes(others, ECHOES)];
};

/** What Google says of a service that is not switched on ("Troubleshooting API errors", SERVICE_DISABLED). */
const SWITCHED_OFF = /has not been used in project|SERVICE_DISABLED|accessNotConfigured/;

const checkProject = async ({ compute, patient, projectId }: Session): Promise<Verdict> => {
  try {
    const zones = await compute.zones();
    await zones.list({ project: projectId, maxResults: 1 }, { ...patient, autoPaginate: false });
    return pass(`Compute Engine answers in ${projectId}.`);
  } catch (error) {
    const { message } = translateError(error);
    if (isGone(error)) return fail('permission-denied', message, 'Correct the project of the connection.');
    if (SWITCHED_OFF.test(message))
      return fail('permission-denied', message, 'Switch the Compute Engine API on in the project.');
    throw error;
  }
};

/** Whether the connection works: credentials first, then the project and what builds need of it. */
export const verify = async (session: Session): Promise<PlatformCheck[]> => {
  const credentials = await checkCredentials(session, '/settings/auth');
  if (credentials.status !== 'pass') return [credentials];
  const needed = connectionNeeds(session.projectId);
  const others = await Promise.all([
    check('project', '/settings/projectId', () => checkProject(session)),
    check('permissions', '/settings/auth', () => checkPermissions(session, needed)),
  ]);
  return [credentials, ...others];
};
