import * as z from 'zod';
import { templateSafeText } from '../common.ts';
import {
  blame,
  flag,
  loginFields,
  namedByRun,
  oneOf,
  price,
  type SettingsRule,
  shaped,
  span,
  tagsOf,
  uuid,
  whole,
  written,
} from './fields.ts';

/** A location as Azure's tools print it (`westeurope`) or as people write it (`West Europe`). */
export const azureLocation = shaped(/^[A-Za-z][A-Za-z0-9 ]{1,48}[A-Za-z0-9]$/, 'is no Azure location');

const resourceGroup = shaped(
  /^[A-Za-z0-9][\w.()-]{0,89}(?<![.-])$/,
  'is no resource group name: at most 90 letters, digits and _ . ( ) -, not ending in . or -',
);
const networkName = shaped(/^[A-Za-z0-9][\w.-]{0,79}(?<![.-])$/, 'is no name of a network or subnet');
const galleryName = shaped(/^[A-Za-z0-9]([\w.]{0,78}[A-Za-z0-9])?$/, 'is no gallery name');
const resourceId = (type: string, what: string) =>
  shaped(
    new RegExp(`^/subscriptions/[^/\\s{}]+/resourceGroups/[^/\\s{}]+/providers/${type}/[^/\\s{}]+$`, 'i'),
    `is no resource id of ${what}`,
  );
const encryptionSet = resourceId('Microsoft\\.Compute/diskEncryptionSets', 'a disk encryption set');

/** Tags on the finished image and on what a build makes for a while. Azure compares names without regard to case. */
export const azureTags = tagsOf(
  templateSafeText(512)
    .min(1)
    .regex(/^[^<>%&\\?/]+$/, 'must not hold < > % & \\ ? /')
    .regex(/^(?!microsoft|azure|windows)/i, 'must not begin with microsoft, azure or windows'),
  templateSafeText(256),
);

/** Settings of an Azure connection; `secret` is the form a secret has there. */
export const azureConnectionSettings = <S extends z.ZodType>(secret: S) => {
  const application = {
    tenantId: uuid.describe('Tenant (directory) that the application is registered in.'),
    clientId: uuid.describe('Application (client) id of the service principal.'),
  };
  return z.strictObject({
    subscriptionId: uuid.describe('Subscription that builds run in and images are made in.'),
    auth: z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('client-secret'),
        ...application,
        clientSecret: secret.describe('Client secret of the application.'),
      }),
      z.strictObject({ type: z.literal('workload-identity'), ...application }),
    ]),
  });
};

const buildFields = {
  cloudEnvironmentName: oneOf(['Public', 'USGovernment', 'China'], 'Azure cloud. Default: Public.'),
  location: azureLocation
    .optional()
    .describe('Where the build VM runs and the image is made. Either this or buildResourceGroupName.'),
  buildResourceGroupName: resourceGroup
    .optional()
    .describe('Existing resource group to build in. Default: one that is made for the build and deleted.'),
  vmSize: shaped(/^[A-Za-z]+_[A-Za-z0-9_-]{1,60}$/, 'is no VM size such as Standard_D2s_v5').describe(
    'Size of the build VM, for example Standard_D2s_v5.',
  ),
  osDiskSizeGb: whole(1, 4095, 'Size of the system disk, GB. Default: that of the base image.'),
  diskAdditionalSize: z
    .array(z.int().min(1).max(32_767))
    .min(1)
    .max(64)
    .optional()
    .describe('Sizes of further data disks, GB each.'),
  diskCachingType: oneOf(['None', 'ReadOnly', 'ReadWrite'], 'Caching of the disks. Default: ReadWrite.'),
  diskControllerType: oneOf(['SCSI', 'NVMe'], 'Disk controller of the build VM. Default: Azure decides.'),
  virtualNetworkName: networkName
    .optional()
    .describe('Existing virtual network for the build VM, which then has a private address only.'),
  virtualNetworkSubnetName: networkName.optional().describe('Subnet of that network. Default: its only one.'),
  virtualNetworkResourceGroupName: resourceGroup
    .optional()
    .describe('Resource group of that network. Default: looked up.'),
  privateVirtualNetworkWithPublicIp: flag(
    'Give a VM in that network a public address as well. Default: false.',
  ),
  allowedInboundIpAddresses: z
    .array(z.union([z.ipv4(), z.cidrv4()]))
    .min(1)
    .max(50)
    .optional()
    .describe('Addresses that may reach the build VM. Not together with virtualNetworkName.'),
  publicIpSku: oneOf(['Basic', 'Standard'], 'Kind of the public address. Default: Standard.'),
  acceleratedNetworking: flag('Accelerated networking on the build VM. Default: Azure decides.'),
  encryptionAtHost: flag('Encryption at host for the build VM. Default: false.'),
  userAssignedManagedIdentities: z
    .array(resourceId('Microsoft\\.ManagedIdentity/userAssignedIdentities', 'a managed identity'))
    .min(1)
    .max(20)
    .optional()
    .describe('Resource ids of managed identities that the build VM has.'),
  licenseType: oneOf(
    ['Windows_Client', 'Windows_Server', 'RHEL_BYOS', 'SLES_BYOS'],
    'Licence that is brought along (Azure Hybrid Benefit). Default: pay as you go.',
  ),
  spot: z
    .strictObject({
      evictionPolicy: z.enum(['Delete', 'Deallocate']).describe('What happens to an evicted VM.'),
      maxPrice: price.optional().describe('US dollars an hour.'),
    })
    .optional()
    .describe('Build on a spot VM. Default: no.'),
  buildKeyVaultName: shaped(/^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$/, 'is no key vault name')
    .optional()
    .describe('Existing key vault for the certificate of a Windows build. Default: one made for the build.'),
  buildKeyVaultSku: oneOf(['standard', 'premium'], 'Kind of a key vault that is made. Default: standard.'),
  pollingDurationTimeout: span('How long to wait for a deployment. Default: 15m.'),
  asyncResourcegroupDelete: flag(
    'Do not wait until the temporary resource group is deleted. Default: false.',
  ),
};

const managedFields = {
  ...buildFields,
  managedImageResourceGroupName: resourceGroup.describe('Existing resource group that the image is put in.'),
  managedImageStorageAccountType: oneOf(
    ['Standard_LRS', 'StandardSSD_LRS', 'Premium_LRS'],
    'Storage of the image. Default: Standard_LRS.',
  ),
  managedImageZoneResilient: flag('Keep the image in zone-redundant storage. Default: false.'),
  managedImageOsDiskSnapshotName: shaped(/^\w{1,79}$/, 'is no snapshot name')
    .optional()
    .describe('Also make a snapshot of the system disk under this name. Default: none.'),
  managedImageDataDiskSnapshotPrefix: shaped(/^\w{1,59}$/, 'is no prefix of a snapshot name')
    .optional()
    .describe('Also make snapshots of the data disks, named with this prefix. Default: none.'),
};

/** Arguments of Packer's `azure-arm` for a managed image: one image in one region. */
export const azureManagedSettings = <S extends z.ZodType>(secret: S) =>
  z.strictObject({ ...managedFields, ...loginFields(secret) });

const targetRegion = z.strictObject({
  name: azureLocation.describe('Region that the version is replicated to.'),
  replicas: whole(1, 100, 'Replicas there. Default: 1.'),
  diskEncryptionSetId: encryptionSet.optional().describe('Disk encryption set of that region.'),
});

const galleryDestination = z.strictObject({
  subscription: uuid.optional().describe("Subscription of the gallery. Default: the connection's."),
  resourceGroup: resourceGroup.describe('Resource group of the gallery.'),
  galleryName: galleryName.describe(
    'Existing gallery. It must hold an image definition named as the Goldsmith image definition.',
  ),
  replicationRegions: z
    .array(azureLocation)
    .min(1)
    .max(50)
    .optional()
    .describe('Regions that the version is replicated to, one replica each. Either this or targetRegion.'),
  targetRegion: z
    .array(targetRegion)
    .min(1)
    .max(50)
    .optional()
    .describe('Regions that the version is replicated to, with replicas and encryption of each.'),
  storageAccountType: oneOf(
    ['Standard_LRS', 'Standard_ZRS', 'Premium_LRS'],
    'Storage of the version. Default: Standard_LRS.',
  ),
  specialized: flag('The gallery image is specialised: the VM is not generalised. Default: false.'),
  useShallowReplication: flag('Quick, for tests: only the build region, one replica. Default: false.'),
});

const galleryFields = {
  ...buildFields,
  sharedImageGalleryReplicaCount: whole(1, 100, 'Replicas in each of replicationRegions. Default: 1.'),
  sharedImageGalleryTimeout: span('How long to wait until the version is published. Default: 60m.'),
  sharedGalleryImageVersionEndOfLifeDate: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('When the version ends its life, RFC 3339. Default: never.'),
  sharedGalleryImageVersionExcludeFromLatest: flag('Not the newest for VMs that ask for it. Default: false.'),
  securityType: oneOf(['TrustedLaunch', 'ConfidentialVM'], 'Security of the build VM. Default: standard.'),
  secureBootEnabled: flag('Secure boot; trusted launch needs it. Default: false.'),
  vtpmEnabled: flag('Virtual TPM; trusted launch needs it. Default: false.'),
  diskEncryptionSetId: encryptionSet
    .optional()
    .describe('Disk encryption set of the build VM. Default: none.'),
};

/** Arguments of Packer's `azure-arm` for a version of a gallery image, replicated to any number of regions. */
export const azureGallerySettings = <S extends z.ZodType>(secret: S, destination = galleryDestination) =>
  z.strictObject({
    ...galleryFields,
    ...loginFields(secret),
    sharedImageGalleryDestination: destination.describe('Gallery and regions of the image version.'),
  });

type Common = {
  location?: unknown;
  buildResourceGroupName?: unknown;
  virtualNetworkName?: unknown;
  virtualNetworkSubnetName?: unknown;
  virtualNetworkResourceGroupName?: unknown;
  allowedInboundIpAddresses?: unknown;
};
const commonRule: SettingsRule<Common> = (settings, issues) => {
  const { virtualNetworkName: network } = settings;
  if ((settings.location === undefined) === (settings.buildResourceGroupName === undefined))
    blame(issues, 'location', 'give either location or buildResourceGroupName');
  if (network === undefined) {
    for (const field of ['virtualNetworkSubnetName', 'virtualNetworkResourceGroupName'] as const)
      if (settings[field] !== undefined) blame(issues, field, 'needs virtualNetworkName');
  } else if (settings.allowedInboundIpAddresses !== undefined)
    blame(issues, 'allowedInboundIpAddresses', 'is not possible together with virtualNetworkName');
};

const oneRegion = 'a managed image is in one region only; use the builder type azure-gallery to replicate';

/** A managed image as it is written: asking for replication is refused (S132). */
export const azureManagedInput = <S extends z.ZodType>(secret: S) =>
  written(azureManagedSettings(secret), {
    rule: commonRule,
    notOurs: {
      ...namedByRun('managedImageName'),
      sharedImageGalleryDestination: oneRegion,
      replicationRegions: oneRegion,
      targetRegion: oneRegion,
      targetRegions: oneRegion,
    },
  });

type Gallery = z.infer<typeof galleryDestination>;
const regionsRule: SettingsRule<Gallery> = (destination, issues) => {
  const { replicationRegions: plain, targetRegion: detailed } = destination;
  if (plain !== undefined && detailed !== undefined)
    blame(issues, 'replicationRegions', 'give either replicationRegions or targetRegion');
  const field = plain === undefined ? 'targetRegion' : 'replicationRegions';
  const names = plain ?? detailed?.map(({ name }) => name) ?? [];
  if (new Set(names.map(regionKey)).size < names.length) blame(issues, field, 'names a region twice');
  if (destination.useShallowReplication === true && names.length > 1)
    blame(issues, field, 'shallow replication keeps the version in the build region only');
};

/** A region's name for comparing: `West Europe` and `westeurope` are one. */
export const regionKey = (name: string): string => name.replaceAll(' ', '').toLowerCase();

type Security = {
  securityType?: string | undefined;
  secureBootEnabled?: boolean | undefined;
  vtpmEnabled?: boolean | undefined;
  sharedImageGalleryReplicaCount?: number | undefined;
  sharedImageGalleryDestination: Gallery;
};
const galleryRule: SettingsRule<Security> = (settings, issues) => {
  const { sharedImageGalleryReplicaCount: replicas = 1, sharedImageGalleryDestination: to } = settings;
  if (replicas > 1 && to.targetRegion !== undefined)
    blame(issues, 'sharedImageGalleryReplicaCount', 'targetRegion has replicas of its own');
  if (replicas > 1 && to.useShallowReplication === true)
    blame(issues, 'sharedImageGalleryReplicaCount', 'shallow replication has one replica');
  if (settings.securityType === undefined) return;
  if (settings.secureBootEnabled !== true) blame(issues, 'secureBootEnabled', 'securityType needs it');
  if (settings.vtpmEnabled !== true) blame(issues, 'vtpmEnabled', 'securityType needs it');
};

/** A gallery image as it is written (S136). */
export const azureGalleryInput = <S extends z.ZodType>(secret: S) =>
  written(
    azureGallerySettings(
      secret,
      written(galleryDestination, { rule: regionsRule, notOurs: namedByRun('imageName', 'imageVersion') }),
    ),
    {
      rule: (settings, issues) => {
        commonRule(settings, issues);
        galleryRule(settings, issues);
      },
      notOurs: namedByRun('managedImageName'),
    },
  );
