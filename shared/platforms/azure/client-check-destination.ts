import * as z from 'zod';
import { galleryVersion } from '../../domain/definition/image-name.ts';
import type { PlatformCheck, RunIdentity } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import type { AzureSnapshot } from './base-image.ts';
import { fails, passes, setting } from '../checks.ts';
import type { Session } from './client-session.ts';
import type { SourceFacts } from './client-source.ts';
import { ifThere } from './errors.ts';
import { isSameName, processors } from './names.ts';
import { parseResourceId, resourceIdOf } from './resource-id.ts';

type Builder = AzureSnapshot['builderConfiguration'];
type Gallery = Extract<Builder, { builderType: 'azure-gallery' }>['settings'];
type GalleryImage = Awaited<ReturnType<ReturnType<Session['compute']>['galleryImages']['get']>>;

const galleryField = setting('sharedImageGalleryDestination', 'galleryName');
const misfit = (detail: string, field = galleryField): PlatformCheck =>
  fails('gallery', { detail, field, errorId: 'gallery-not-found' });

/** Azure's own defaults: the first generation, and machines that were generalised. */
const misfitsOf = (
  image: GalleryImage,
  {
    settings,
    snapshot,
    facts,
  }: { settings: Gallery; snapshot: AzureSnapshot; facts: SourceFacts | undefined },
): PlatformCheck[] => {
  const name = `The image definition ${image.name}`;
  const state = settings.sharedImageGalleryDestination.specialized === true ? 'Specialized' : 'Generalized';
  const { family, architecture } = snapshot.operatingSystem;
  const generation = image.hyperVGeneration ?? 'V1';
  const security = image.features?.find((one) => one.name === 'SecurityType')?.value?.toLowerCase() ?? '';
  const { securityType } = settings;
  return [
    ...(image.osType?.toLowerCase() === family
      ? []
      : [misfit(`${name} is for ${image.osType}, the run is for ${family}.`)]),
    ...(facts?.generation === undefined || facts.generation === generation
      ? []
      : [misfit(`${name} is of generation ${generation}, the base image of ${facts.generation}.`)]),
    ...(image.osState === state
      ? []
      : [misfit(`${name} is for ${image.osState} images, the run makes a ${state} one.`)]),
    ...(isSameName(image.architecture ?? 'x64', processors[architecture])
      ? []
      : [misfit(`${name} is for ${image.architecture ?? 'x64'}, the run is for ${architecture}.`)]),
    // `TrustedLaunchSupported` takes standard machines, too, and `TrustedLaunchAndConfidentialVmSupported` takes all
    // three kinds; without a word only standard machines are taken.
    ...(securityType === undefined || security.includes(securityType.toLowerCase())
      ? []
      : [misfit(`${name} does not take ${securityType} images.`, setting('securityType'))]),
  ];
};

/** Whether the gallery and its image definition are there, and take what the run makes (S134, S135). */
export const checkGallery = async (
  session: Session,
  snapshot: AzureSnapshot,
  run: RunIdentity,
  facts: SourceFacts | undefined,
): Promise<PlatformCheck[]> => {
  const { builderConfiguration: builder } = snapshot;
  if (builder.builderType !== 'azure-gallery') return [];
  const { settings } = builder;
  const { subscription, resourceGroup, galleryName } = settings.sharedImageGalleryDestination;
  const { galleries, galleryImages } = session.compute(subscription);
  const definition = finalName(snapshot, run);
  if ((await ifThere(galleries.get(resourceGroup, galleryName))) === undefined)
    return [misfit(`There is no gallery ${galleryName} in the resource group ${resourceGroup}.`)];
  const image = await ifThere(galleryImages.get(resourceGroup, galleryName, definition));
  if (image === undefined)
    return [misfit(`The gallery ${galleryName} has no image definition ${definition}.`)];
  const misfits = misfitsOf(image, { settings, snapshot, facts });
  return misfits.length > 0 ? misfits : [passes('gallery', `${galleryName}/${definition} takes the image.`)];
};

/** The number is what tells this image from the ones before it. */
const NUMBER = '/firstNumber';

const nameCheck = (isFree: boolean, what: string, field = NUMBER): PlatformCheck =>
  isFree
    ? passes('image-name', `${what} is not there yet.`)
    : fails('image-name', { detail: `${what} exists already.`, field, errorId: 'image-name-taken' });

const checkManagedName = async (
  session: Session,
  settings: Extract<Builder, { builderType: 'azure-managed' }>['settings'],
  name: string,
): Promise<PlatformCheck[]> => {
  const { images, snapshots } = session.compute();
  const { managedImageResourceGroupName: group, managedImageOsDiskSnapshotName: snapshotName } = settings;
  const [image, snapshot] = await Promise.all([
    ifThere(images.get(group, name)),
    snapshotName === undefined ? undefined : ifThere(snapshots.get(group, snapshotName)),
  ]);
  const field = setting('managedImageOsDiskSnapshotName');
  return [
    nameCheck(image === undefined, `The image ${name} in ${group}`),
    ...(snapshotName === undefined
      ? []
      : [nameCheck(snapshot === undefined, `The snapshot ${snapshotName} in ${group}`, field)]),
  ];
};

/** Whether the name of the image that the run makes is free. */
export const checkImageName = async (
  session: Session,
  snapshot: AzureSnapshot,
  run: RunIdentity,
): Promise<PlatformCheck[]> => {
  const { builderConfiguration: builder } = snapshot;
  const name = finalName(snapshot, run);
  if (builder.builderType === 'azure-managed') return checkManagedName(session, builder.settings, name);
  const { subscription, resourceGroup, galleryName } = builder.settings.sharedImageGalleryDestination;
  const version = galleryVersion(run.number);
  const { galleryImageVersions } = session.compute(subscription);
  const found = await ifThere(galleryImageVersions.get(resourceGroup, galleryName, name, version));
  return [nameCheck(found === undefined, `The version ${version} of ${galleryName}/${name}`)];
};

const namedSets = (settings: Gallery): { id: string; field: string }[] => {
  const { diskEncryptionSetId: own, sharedImageGalleryDestination: to } = settings;
  return [
    ...(own === undefined ? [] : [{ id: own, field: setting('diskEncryptionSetId') }]),
    ...(to.targetRegion ?? []).flatMap(({ diskEncryptionSetId: id }, place) =>
      id === undefined
        ? []
        : [
            {
              id,
              field: setting('sharedImageGalleryDestination', 'targetRegion', place, 'diskEncryptionSetId'),
            },
          ],
    ),
  ];
};

/** Whether the disk encryption sets are there. */
export const checkEncryption = async (
  session: Session,
  snapshot: AzureSnapshot,
): Promise<PlatformCheck[]> => {
  const { builderConfiguration: builder } = snapshot;
  if (builder.builderType !== 'azure-gallery') return [];
  return Promise.all(
    namedSets(builder.settings).map(async ({ id, field }) => {
      const { subscriptionId, resourceGroup = '', names } = parseResourceId(id) ?? {};
      const { diskEncryptionSets } = session.compute(subscriptionId);
      const found = await ifThere(diskEncryptionSets.get(resourceGroup, names?.[0] ?? ''));
      if (found !== undefined)
        return passes('encryption-key', `The disk encryption set ${found.name} is there.`);
      const detail = `There is no disk encryption set ${id}.`;
      return fails('encryption-key', { detail, field, errorId: 'encryption-key-unusable' });
    }),
  );
};

const vaultAnswer = z.object({
  properties: z.object({
    enabledForDeployment: z.boolean().optional(),
    enabledForTemplateDeployment: z.boolean().optional(),
  }),
});

/** Whether a Windows build can use the key vault that it is given: Packer looks for it in the group that it builds in. */
export const checkVault = async (session: Session, snapshot: AzureSnapshot): Promise<PlatformCheck[]> => {
  const { buildKeyVaultName: name, buildResourceGroupName: group } = snapshot.builderConfiguration.settings;
  if (name === undefined || snapshot.operatingSystem.family !== 'windows') return [];
  const field = setting('buildKeyVaultName');
  const wrong = (detail: string, remedy: string) => [
    fails('key-vault', { detail, field, errorId: 'builder-setting-invalid', remedy }),
  ];
  if (group === undefined)
    return wrong(
      `The key vault ${name} cannot be used in a resource group that is made for the build.`,
      'Name the resource group of the key vault as buildResourceGroupName.',
    );
  const { subscriptionId } = session;
  const id = resourceIdOf({
    subscriptionId,
    resourceGroup: group,
    type: 'Microsoft.KeyVault/vaults',
    names: [name],
  });
  const body = await ifThere(session.read(id, '2023-07-01'));
  if (body === undefined)
    return wrong(
      `There is no key vault ${name} in ${group}.`,
      'Correct the name, or make the key vault in that group.',
    );
  const { enabledForDeployment: forMachines, enabledForTemplateDeployment: forTemplates } =
    vaultAnswer.parse(body).properties;
  if (forMachines === true && forTemplates === true)
    return [passes('key-vault', `The key vault ${name} is there.`)];
  return wrong(
    `The key vault ${name} does not let machines and templates read from it.`,
    'Enable it for deployment and for template deployment.',
  );
};
