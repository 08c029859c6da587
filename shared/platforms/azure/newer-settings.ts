import type { AzureSnapshot, ImageSource } from './base-image.ts';

type Builder = AzureSnapshot['builderConfiguration'];
type Gallery = Extract<Builder, { builderType: 'azure-gallery' }>['settings'];
type Asked = Record<string, boolean>;

/** Most replicas that Packer 1.6 asks for, without a word when more are wanted. */
const MAX_REPLICAS = 10;

/** Settings whose arguments came after 1.6; the value that 1.6 gives anyway needs nothing newer. */
const commonSettings = ({ settings }: Builder): Asked => ({
  diskControllerType: settings.diskControllerType !== undefined,
  // Packer 1.6 makes basic addresses only.
  'publicIpSku Standard': settings.publicIpSku === 'Standard',
  acceleratedNetworking: settings.acceleratedNetworking !== undefined,
  encryptionAtHost: settings.encryptionAtHost === true,
  licenseType: settings.licenseType !== undefined,
  spot: settings.spot !== undefined,
});

const replicasOf = ({ sharedImageGalleryDestination: to }: Gallery): number[] => [
  ...new Set(to.targetRegion?.map(({ replicas = 1 }) => replicas)),
];

const gallerySettings = (settings: Gallery): Asked => {
  const { sharedImageGalleryDestination: to, sharedImageGalleryReplicaCount: count = 1 } = settings;
  const isSpoken = (to.replicationRegions ?? to.targetRegion) !== undefined;
  return {
    securityType: settings.securityType !== undefined,
    secureBootEnabled: settings.secureBootEnabled === true,
    vtpmEnabled: settings.vtpmEnabled === true,
    diskEncryptionSetId: settings.diskEncryptionSetId !== undefined,
    storageAccountType: to.storageAccountType !== undefined && to.storageAccountType !== 'Standard_LRS',
    specialized: to.specialized === true,
    useShallowReplication: to.useShallowReplication === true,
    'diskEncryptionSetId of targetRegion': to.targetRegion?.some((one) => one.diskEncryptionSetId) === true,
    'replicas that differ between regions': replicasOf(settings).length > 1,
    [`more than ${MAX_REPLICAS} replicas`]: Math.max(count, ...replicasOf(settings)) > MAX_REPLICAS,
    'buildResourceGroupName without replicationRegions': settings.location === undefined && !isSpoken,
  };
};

const builderSettings = (builder: Builder): Asked =>
  builder.builderType === 'azure-gallery'
    ? gallerySettings(builder.settings)
    : {
        'managedImageStorageAccountType StandardSSD_LRS':
          builder.settings.managedImageStorageAccountType === 'StandardSSD_LRS',
      };

/** What a run needs that Packer 1.6 does not have, by the names of the settings. */
export const newerSettings = (
  { builderConfiguration: builder, connection, operatingSystem }: AzureSnapshot,
  source: ImageSource,
  communicator: string,
): Asked => ({
  'workload identity of the connection': connection.settings.auth.type === 'workload-identity',
  ...commonSettings(builder),
  ...builderSettings(builder),
  'a base image of a community gallery': source.kind === 'community',
  'a base image that is shared directly': source.kind === 'direct',
  'SSH to Windows': operatingSystem.family === 'windows' && communicator === 'ssh',
});
