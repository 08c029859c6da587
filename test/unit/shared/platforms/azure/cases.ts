import type { RunSnapshot } from '../../../../../shared/contracts/snapshot.ts';
import type { AzureSnapshot } from '../../../../../shared/platforms/azure/base-image.ts';
import { demandPlatform } from '../../../../../shared/platforms/snapshot-of.ts';
import type { PlatformCase } from '../../../../support/platform-case.ts';
import { builderSettings } from '../../../../support/platform-bodies.ts';
import { storedBuilder, storedConnection, storedSystem } from '../../../../support/stored-entities.ts';
import { powershell, snapshot as plain, step } from '../../packer/fixtures.ts';

export const subscriptionId = '00000000-0000-4000-8000-000000000001';
export const otherSubscription = '00000000-0000-4000-8000-000000000002';
const secret = { value: 'planted-secret' };

export const ubuntu = {
  type: 'azure-marketplace',
  publisher: 'Canonical',
  offer: 'ubuntu-24_04-lts',
  sku: 'server',
  version: 'latest',
};
export const windowsServer = {
  type: 'azure-marketplace',
  publisher: 'MicrosoftWindowsServer',
  offer: 'WindowsServer',
  sku: '2022-datacenter-g2',
  version: 'latest',
};

type Parts = {
  settings?: object;
  image?: object;
  connection?: Parameters<typeof storedConnection>[0];
  windows?: boolean;
  fields?: Partial<RunSnapshot>;
};

/** A snapshot of a run on Azure. Settings of the example that are `undefined` here are left out. */
export const azureSnapshot = (
  builderType: 'azure-managed' | 'azure-gallery',
  { settings = {}, image, connection = 'azure client-secret', windows = false, fields = {} }: Parts = {},
): AzureSnapshot => {
  const systemImage = image ?? (windows ? windowsServer : ubuntu);
  return demandPlatform(
    {
      ...plain(),
      operatingSystem: storedSystem([systemImage], { family: windows ? 'windows' : 'linux' }),
      builderConfiguration: storedBuilder(builderType, settings),
      connection: storedConnection(connection),
      ...(windows ? { steps: [step(1, powershell())] } : {}),
      ...fields,
    },
    'azure',
  );
};

/** Only what must be said; the example's further settings are left out. */
export const managedMinimum = {
  osDiskSizeGb: undefined,
  managedImageStorageAccountType: undefined,
  virtualNetworkName: undefined,
  virtualNetworkSubnetName: undefined,
  virtualNetworkResourceGroupName: undefined,
};
export const galleryMinimum = {
  osDiskSizeGb: undefined,
  sharedImageGalleryTimeout: undefined,
  securityType: undefined,
  secureBootEnabled: undefined,
  vtpmEnabled: undefined,
  sharedImageGalleryDestination: {
    resourceGroup: 'images',
    galleryName: 'golden.images',
    replicationRegions: ['West Europe', 'North Europe'],
  },
};

const machine = {
  diskAdditionalSize: [32, 64],
  diskCachingType: 'ReadOnly',
  userAssignedManagedIdentities: [
    `/subscriptions/${subscriptionId}/resourceGroups/identities/providers/Microsoft.ManagedIdentity/userAssignedIdentities/build`,
  ],
  pollingDurationTimeout: '30m',
  asyncResourcegroupDelete: true,
};
const newer = {
  diskControllerType: 'NVMe',
  acceleratedNetworking: true,
  encryptionAtHost: true,
  licenseType: 'RHEL_BYOS',
  spot: { evictionPolicy: 'Delete', maxPrice: 0.25 },
};
const ssh = {
  sshUsername: 'builder',
  sshPassword: secret,
  sshPort: 2222,
  sshTimeout: '20m',
  sshHandshakeAttempts: 20,
};
const winrm = {
  winrmUsername: 'builder',
  winrmPassword: secret,
  winrmPort: 5987,
  winrmTimeout: '45m',
  winrmUseSsl: true,
  winrmInsecure: true,
};
const ownVault = {
  location: undefined,
  buildResourceGroupName: 'builds',
  buildKeyVaultName: 'build-certificates',
  buildKeyVaultSku: 'premium',
};

const encryptionSet = (name: string) =>
  `/subscriptions/${subscriptionId}/resourceGroups/keys/providers/Microsoft.Compute/diskEncryptionSets/${name}`;

export const imageId = `/subscriptions/${subscriptionId}/resourceGroups/images/providers/Microsoft.Compute/images/Web-Base-v7`;
export const versionId = (gallery = 'golden.images', subscription = subscriptionId) =>
  `/subscriptions/${subscription}/resourceGroups/images/providers/Microsoft.Compute/galleries/${gallery}/images/Web-Base/versions/7.0.0`;

const managedText = (os: string) =>
  `OSType: ${os}\nManagedImageResourceGroupName: images\nManagedImageName: Web-Base-v7\nManagedImageId: ${imageId}\nManagedImageLocation: West Europe\n`;
const builderId = 'Azure.ResourceManagement.VMImage';
/** What Packer prints of a managed image (artifact.go of 1.6 and of the plugin). */
export const managedArtifact = (os = 'Linux') => ({
  builderId,
  id: imageId,
  description: `Azure.ResourceManagement.VMImage:\n\n${managedText(os)}`,
});
/** What Packer 1.6 prints of a gallery image: the managed image on the way, then the version. */
export const oldGalleryArtifact = () => ({
  builderId,
  id: imageId,
  description: `Azure.ResourceManagement.VMImage:\n\n${managedText('Linux')}ManagedImageSharedImageGalleryId: ${versionId()}\n`,
});
/** What the plugin prints of a version that was made of the VM itself. */
export const galleryArtifact = (os = 'Linux') => ({
  builderId,
  id: versionId(),
  description: `Azure.ResourceManagement.VMImage:\n\nOSType: ${os}\nManagedImageSharedImageGalleryId: ${versionId()}\nSharedImageGalleryResourceGroup: images\nSharedImageGalleryName: golden.images\nSharedImageGalleryImageName: Web-Base\nSharedImageGalleryImageVersion: 7.0.0\nSharedImageGalleryReplicatedRegions: westeurope, northeurope\n`,
});

export const managedLocator = {
  role: 'primary' as const,
  subscriptionId,
  resourceGroup: 'images',
  imageName: 'Web-Base-v7',
  resourceId: imageId,
  location: 'westeurope',
};
export const galleryLocator = {
  role: 'primary' as const,
  subscriptionId,
  resourceGroup: 'images',
  gallery: 'golden.images',
  definition: 'Web-Base',
  version: '7.0.0',
  regions: ['westeurope', 'northeurope'],
};

const linuxImage = { id: 'Canonical:ubuntu-24_04-lts:server:24.04.202611010' };
const windowsImage = { id: 'MicrosoftWindowsServer:WindowsServer:2022-datacenter-g2:20348.4294.261105' };
const managed = (os?: string) => ({ artifact: managedArtifact(os), locators: [managedLocator] });
const gallery = (os?: string) => ({ artifact: galleryArtifact(os), locators: [galleryLocator] });
const onlyModern = { generations: ['modern' as const] };

const managedCases: PlatformCase[] = [
  {
    name: 'azure-managed linux',
    snapshot: azureSnapshot('azure-managed', { settings: managedMinimum }),
    baseImage: linuxImage,
    ...managed(),
  },
  {
    name: 'azure-managed linux network',
    snapshot: azureSnapshot('azure-managed', {
      settings: {
        ...machine,
        ...ssh,
        cloudEnvironmentName: 'USGovernment',
        privateVirtualNetworkWithPublicIp: true,
        managedImageZoneResilient: true,
        managedImageOsDiskSnapshotName: 'web_base_os',
        managedImageDataDiskSnapshotPrefix: 'web_base_data',
      },
      image: { ...ubuntu, plan: { name: 'server', product: 'ubuntu', publisher: 'canonical' } },
    }),
    baseImage: linuxImage,
    ...managed(),
  },
  {
    name: 'azure-managed linux full',
    snapshot: azureSnapshot('azure-managed', {
      settings: {
        ...managedMinimum,
        ...machine,
        ...newer,
        osDiskSizeGb: 64,
        managedImageStorageAccountType: 'StandardSSD_LRS',
        allowedInboundIpAddresses: ['192.0.2.1', '198.51.100.0/24'],
        publicIpSku: 'Standard',
      },
      connection: 'azure workload-identity',
    }),
    baseImage: linuxImage,
    ...managed(),
    ...onlyModern,
  },
  {
    name: 'azure-managed windows',
    snapshot: azureSnapshot('azure-managed', {
      settings: { ...managedMinimum, ...ownVault, ...winrm },
      windows: true,
    }),
    baseImage: windowsImage,
    ...managed('Windows'),
  },
];

const galleryCases: PlatformCase[] = [
  {
    name: 'azure-gallery linux',
    snapshot: azureSnapshot('azure-gallery', { settings: galleryMinimum }),
    baseImage: { id: versionId('base.images') },
    ...gallery(),
  },
  {
    name: 'azure-gallery linux full',
    snapshot: azureSnapshot('azure-gallery', {
      settings: {
        ...machine,
        ...newer,
        ...ssh,
        cloudEnvironmentName: 'China',
        virtualNetworkName: 'build-net',
        virtualNetworkSubnetName: 'build',
        virtualNetworkResourceGroupName: 'network',
        privateVirtualNetworkWithPublicIp: false,
        diskEncryptionSetId: encryptionSet('build'),
        sharedGalleryImageVersionEndOfLifeDate: '2030-01-01T01:00:00+01:00',
        sharedGalleryImageVersionExcludeFromLatest: true,
        sharedImageGalleryDestination: {
          ...builderSettings['azure-gallery'].sharedImageGalleryDestination,
          subscription: otherSubscription,
          targetRegion: [
            { name: 'westeurope', replicas: 2, diskEncryptionSetId: encryptionSet('west') },
            { name: 'northeurope' },
          ],
          storageAccountType: 'Premium_LRS',
          specialized: true,
        },
      },
    }),
    baseImage: linuxImage,
    ...gallery(),
    ...onlyModern,
  },
  {
    name: 'azure-gallery windows',
    snapshot: azureSnapshot('azure-gallery', {
      settings: {
        ...galleryMinimum,
        ...ownVault,
        ...winrm,
        sharedImageGalleryReplicaCount: 3,
        sharedImageGalleryTimeout: '2h',
      },
      windows: true,
    }),
    baseImage: windowsImage,
    ...gallery('Windows'),
  },
  {
    name: 'azure-gallery linux shallow',
    snapshot: azureSnapshot('azure-gallery', {
      settings: {
        ...galleryMinimum,
        allowedInboundIpAddresses: ['192.0.2.1'],
        publicIpSku: 'Basic',
        sharedImageGalleryDestination: {
          resourceGroup: 'images',
          galleryName: 'golden.images',
          useShallowReplication: true,
        },
      },
      image: {
        type: 'azure-gallery-image',
        imageVersionId: '/communityGalleries/almalinux-1/images/almalinux-9/versions/latest',
      },
      connection: 'azure workload-identity',
    }),
    baseImage: { id: '/CommunityGalleries/almalinux-1/Images/almalinux-9/Versions/9.6.202605230' },
    ...gallery(),
    ...onlyModern,
  },
];

export const cases: PlatformCase[] = [...managedCases, ...galleryCases];
