import { galleryVersion, imageNameOf } from '../../domain/definition/image-name.ts';
import type { TemplateObject } from '../expression.ts';
import { PlatformError, type SourceInput } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import type { AzureSnapshot, ImageSource } from './base-image.ts';
import { isSameName, temporaryGroupName } from './names.ts';

type Input = SourceInput<AzureSnapshot>;
type Builder = AzureSnapshot['builderConfiguration'];
type Managed = Extract<Builder, { builderType: 'azure-managed' }>['settings'];
type Gallery = Extract<Builder, { builderType: 'azure-gallery' }>['settings'];

const managedFields = (settings: Managed, { snapshot, run }: Input): TemplateObject => ({
  managed_image_resource_group_name: settings.managedImageResourceGroupName,
  managed_image_name: finalName(snapshot, run),
  managed_image_storage_account_type: settings.managedImageStorageAccountType,
  managed_image_zone_resilient: settings.managedImageZoneResilient,
  managed_image_os_disk_snapshot_name: settings.managedImageOsDiskSnapshotName,
  managed_image_data_disk_snapshot_prefix: settings.managedImageDataDiskSnapshotPrefix,
});

/**
 * Resource group of the managed image that some builds make on the way into a gallery. It is in the subscription that
 * the VM is in. Newer Packer takes its own temporary group, with which the image goes; 1.6 wants one that is there.
 */
const intermediateGroup = (settings: Gallery, { snapshot, run, generation }: Input): string => {
  if (settings.buildResourceGroupName !== undefined) return settings.buildResourceGroupName;
  if (generation === 'modern') return temporaryGroupName(run.runId);
  const { subscription, resourceGroup } = settings.sharedImageGalleryDestination;
  const own = snapshot.connection.settings.subscriptionId;
  if (subscription !== undefined && !isSameName(subscription, own)) {
    const message = `"${snapshot.builderConfiguration.name}" cannot be built by Packer 1.6: it makes a managed image on the way, and neither is there a buildResourceGroupName to put it in, nor is the gallery's resource group in the connection's subscription.`;
    throw new PlatformError('packer-too-old', message);
  }
  return resourceGroup;
};

/** What a VM with these settings has cannot be kept in a managed image. */
const refuseSecurity = (settings: Gallery): void => {
  const { securityType, secureBootEnabled, vtpmEnabled, diskEncryptionSetId } = settings;
  const wanted = securityType ?? diskEncryptionSetId;
  const { specialized } = settings.sharedImageGalleryDestination;
  if (wanted === undefined && secureBootEnabled !== true && vtpmEnabled !== true && specialized !== true)
    return;
  throw new PlatformError(
    'builder-setting-invalid',
    'The base image is a managed image: from it Packer builds through another managed image, which can be neither specialised, encrypted with a key of yours, nor have securityType, secureBootEnabled or vtpmEnabled.',
  );
};

/** Packer 1.6 captures a managed image first; newer Packer does only where it starts from one. */
const intermediateFields = (settings: Gallery, input: Input, source: ImageSource): TemplateObject => {
  if (input.generation === 'modern' && source.kind !== 'managed') return {};
  refuseSecurity(settings);
  const { imageName, number } = input.run;
  return {
    managed_image_resource_group_name: intermediateGroup(settings, input),
    managed_image_name: imageNameOf('azure-managed', imageName, number),
  };
};

/** Packer 1.6 reads a date in UTC only. */
const utc = (date: string | undefined): string | undefined =>
  date === undefined ? undefined : new Date(date).toISOString();

const replicaCount = ({ sharedImageGalleryReplicaCount: count, ...rest }: Gallery, isOld: boolean) => {
  const { targetRegion } = rest.sharedImageGalleryDestination;
  if (targetRegion === undefined) return count;
  // Each region has a count of its own; for Packer 1.6 they were found to be equal.
  return isOld ? targetRegion[0]?.replicas : undefined;
};

const versionFields = (settings: Gallery, isOld: boolean): TemplateObject => ({
  shared_image_gallery_replica_count: replicaCount(settings, isOld),
  shared_image_gallery_timeout: settings.sharedImageGalleryTimeout,
  shared_gallery_image_version_end_of_life_date: utc(settings.sharedGalleryImageVersionEndOfLifeDate),
  shared_gallery_image_version_exclude_from_latest: settings.sharedGalleryImageVersionExcludeFromLatest,
});

/** Packer 1.6 has one list of regions, which must not be empty. */
const oldRegions = ({ sharedImageGalleryDestination: to, location }: Gallery): TemplateObject => ({
  replication_regions:
    to.replicationRegions ??
    to.targetRegion?.map(({ name }) => name) ??
    (location === undefined ? [] : [location]),
});

const modernRegions = ({ sharedImageGalleryDestination: to }: Gallery): TemplateObject => ({
  replication_regions: to.replicationRegions,
  target_region: to.targetRegion?.map(({ name, replicas, diskEncryptionSetId }) => ({
    name,
    replicas,
    disk_encryption_set_id: diskEncryptionSetId,
  })),
  storage_account_type: to.storageAccountType,
  specialized: to.specialized,
  use_shallow_replication: to.useShallowReplication,
});

const securityFields = (settings: Gallery): TemplateObject => ({
  security_type: settings.securityType,
  secure_boot_enabled: settings.secureBootEnabled,
  vtpm_enabled: settings.vtpmEnabled,
  disk_encryption_set_id: settings.diskEncryptionSetId,
});

const galleryFields = (settings: Gallery, input: Input, source: ImageSource): TemplateObject => {
  const { snapshot, run, generation } = input;
  const { subscription, resourceGroup, galleryName } = settings.sharedImageGalleryDestination;
  const isOld = generation === '1.6';
  return {
    ...intermediateFields(settings, input, source),
    shared_image_gallery_destination: {
      subscription: subscription ?? snapshot.connection.settings.subscriptionId,
      resource_group: resourceGroup,
      gallery_name: galleryName,
      image_name: finalName(snapshot, run),
      image_version: galleryVersion(run.number),
      ...(isOld ? oldRegions(settings) : modernRegions(settings)),
    },
    ...versionFields(settings, isOld),
    ...(isOld ? {} : securityFields(settings)),
  };
};

/** Where Packer puts the image. Throws PlatformError when it cannot be put there. */
export const destinationFields = (input: Input, source: ImageSource): TemplateObject => {
  const { builderConfiguration: builder } = input.snapshot;
  return builder.builderType === 'azure-managed'
    ? managedFields(builder.settings, input)
    : galleryFields(builder.settings, input, source);
};
