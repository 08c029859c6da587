import { setting } from '../checks.ts';
import { communicatorFields } from '../communicator.ts';
import { type TemplateObject, variable } from '../expression.ts';
import { type Login, loginOf } from '../login.ts';
import { refuseOnOldPacker } from '../old-packer.ts';
import { PlatformError, type PlatformSecret, type Source, type SourceInput } from '../platform.ts';
import { type AzureSnapshot, type ImageSource, namedSource, parseSource, planOf } from './base-image.ts';
import { destinationFields } from './destination.ts';
import { resourcePrefix, temporaryGroupName, vmName } from './names.ts';
import { newerSettings } from './newer-settings.ts';
import { tagsOf } from './tags.ts';

type Input = SourceInput<AzureSnapshot>;
type Settings = AzureSnapshot['builderConfiguration']['settings'];

/** The user that Packer makes on the build VM where nobody names one. */
const DEFAULT_USER = 'packer';
const CLIENT_SECRET = 'client_secret';
/** Where a build with a workload identity asks for tokens, and what it shows there; the runner makes both. */
const IDENTITY_URL = 'identity_url';
const IDENTITY_TOKEN = 'identity_token';

/** Who logs in to the build VM, and how. */
export const azureLogin = (snapshot: AzureSnapshot): Login => loginOf(snapshot, DEFAULT_USER);

/** The connection's client secret as a variable of the template. */
export const credentialSecrets = ({ connection }: AzureSnapshot): PlatformSecret[] => {
  const { auth } = connection.settings;
  if (auth.type !== 'client-secret') return [];
  const { ciphertext, field } = auth.clientSecret;
  return [{ variable: CLIENT_SECRET, kind: 'connection', entityId: connection.id, ciphertext, field }];
};

const credentialFields = ({ connection }: AzureSnapshot): TemplateObject => {
  const { subscriptionId, auth } = connection.settings;
  const who = { subscription_id: subscriptionId, tenant_id: auth.tenantId, client_id: auth.clientId };
  return auth.type === 'client-secret'
    ? { ...who, client_secret: variable(CLIENT_SECRET) }
    : { ...who, oidc_request_url: variable(IDENTITY_URL), oidc_request_token: variable(IDENTITY_TOKEN) };
};

const identityVariables = ({ connection }: AzureSnapshot): Pick<Source, 'variables'> =>
  connection.settings.auth.type === 'workload-identity'
    ? { variables: [IDENTITY_URL, IDENTITY_TOKEN].map((name) => ({ name, from: 'runner' })) }
    : {};

const galleryImage = (source: Extract<ImageSource, { gallery: string }>): TemplateObject => {
  const { gallery, definition, version } = source;
  const exact = version.toLowerCase() === 'latest' ? undefined : version;
  if (source.kind === 'gallery')
    return {
      subscription: source.subscriptionId,
      resource_group: source.resourceGroup,
      gallery_name: gallery,
      image_name: definition,
      image_version: exact,
    };
  const path = `${gallery}/Images/${definition}${exact === undefined ? '' : `/Versions/${exact}`}`;
  return source.kind === 'community'
    ? { community_gallery_image_id: `/CommunityGalleries/${path}` }
    : { direct_shared_gallery_image_id: `/SharedGalleries/${path}` };
};

const baseImageFields = (source: ImageSource, snapshot: AzureSnapshot): TemplateObject => {
  if (source.kind === 'managed') {
    const { subscriptionId } = snapshot.connection.settings;
    if (source.subscriptionId.toLowerCase() !== subscriptionId.toLowerCase()) {
      const message = `The managed image ${source.name} is in the subscription ${source.subscriptionId}; a build starts only from one of the connection's own.`;
      throw new PlatformError('base-image-not-found', message);
    }
    return {
      custom_managed_image_name: source.name,
      custom_managed_image_resource_group_name: source.resourceGroup,
    };
  }
  if (source.kind !== 'marketplace') return { shared_image_gallery: galleryImage(source) };
  const plan = planOf(snapshot);
  return {
    image_publisher: source.publisher,
    image_offer: source.offer,
    image_sku: source.sku,
    image_version: source.version,
    plan_info: plan && {
      plan_name: plan.name,
      plan_product: plan.product,
      plan_publisher: plan.publisher,
    },
  };
};

const machineFields = (settings: Settings): TemplateObject => ({
  vm_size: settings.vmSize,
  os_disk_size_gb: settings.osDiskSizeGb,
  disk_additional_size: settings.diskAdditionalSize,
  disk_caching_type: settings.diskCachingType,
  user_assigned_managed_identities: settings.userAssignedManagedIdentities,
  build_key_vault_name: settings.buildKeyVaultName,
  build_key_vault_sku: settings.buildKeyVaultSku,
  polling_duration_timeout: settings.pollingDurationTimeout,
  async_resourcegroup_delete: settings.asyncResourcegroupDelete,
});

/** Packer looks up both the network's group and its subnet, or neither: with one of them missing it takes a wrong one. */
const networkFields = (settings: Settings): TemplateObject => {
  const { virtualNetworkResourceGroupName: group, virtualNetworkSubnetName: subnet } = settings;
  if (group !== undefined && subnet === undefined)
    throw new PlatformError(
      'builder-setting-invalid',
      'virtualNetworkResourceGroupName needs virtualNetworkSubnetName beside it: Packer looks up both or none.',
      { field: setting('virtualNetworkSubnetName') },
    );
  return {
    virtual_network_name: settings.virtualNetworkName,
    virtual_network_subnet_name: subnet,
    virtual_network_resource_group_name: group,
    private_virtual_network_with_public_ip: settings.privateVirtualNetworkWithPublicIp,
    allowed_inbound_ip_addresses: settings.allowedInboundIpAddresses,
  };
};

/** Arguments that Packer 1.6 does not know; where they are set to more than its own ways, it was refused before. */
const modernFields = (settings: Settings): TemplateObject => ({
  disk_controller_type: settings.diskControllerType,
  // The plugin does not take it beside a network that is there already.
  public_ip_sku: settings.virtualNetworkName === undefined ? settings.publicIpSku : undefined,
  accelerated_networking: settings.acceleratedNetworking,
  encryption_at_host: settings.encryptionAtHost,
  license_type: settings.licenseType,
  spot: settings.spot && {
    eviction_policy: settings.spot.evictionPolicy,
    max_price: settings.spot.maxPrice,
  },
});

const placeFields = ({ location, buildResourceGroupName }: Settings, runId: string): TemplateObject => ({
  location,
  build_resource_group_name: buildResourceGroupName,
  temp_resource_group_name: buildResourceGroupName === undefined ? temporaryGroupName(runId) : undefined,
  temp_compute_name: vmName(runId),
  custom_resource_build_prefix: resourcePrefix(runId),
});

const familyFields = ({ operatingSystem }: AzureSnapshot): TemplateObject => ({
  os_type: operatingSystem.family === 'windows' ? 'Windows' : 'Linux',
});

/**
 * Packer's `azure-arm` source of a run. Without an exact base image Azure takes the newest one. Throws PlatformError
 * when there is no base image, or when the settings do not go together or not with this generation of Packer.
 */
export const azureArmSource = (input: Input): Source => {
  const { run, snapshot, baseImage, generation } = input;
  const { settings } = snapshot.builderConfiguration;
  const source = (baseImage && parseSource(baseImage.id)) ?? namedSource(snapshot);
  const login = azureLogin(snapshot);
  const image = baseImageFields(source, snapshot);
  refuseOnOldPacker(generation, newerSettings(snapshot, source, login.communicator));
  return {
    type: 'azure-arm',
    body: {
      cloud_environment_name: settings.cloudEnvironmentName,
      ...credentialFields(snapshot),
      ...placeFields(settings, run.runId),
      ...familyFields(snapshot),
      ...image,
      ...machineFields(settings),
      ...networkFields(settings),
      ...(generation === 'modern' ? modernFields(settings) : {}),
      ...communicatorFields(snapshot, login),
      ...destinationFields(input, source),
      azure_tags: tagsOf(snapshot, run, image['plan_info'] !== undefined),
    },
    files: [],
    ...identityVariables(snapshot),
  };
};
