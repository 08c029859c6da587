import type { Rule } from './rule.ts';

/** Microsoft Entra and Azure Resource Manager, by the codes that both print. */
export const azureRules: readonly Rule[] = [
  { errorId: 'account-disabled', pattern: /(ReadOnly)?DisabledSubscription/ },
  { errorId: 'credentials-invalid', pattern: /AADSTS\d{5,7}|(Invalid|Expired)AuthenticationToken/ },
  {
    errorId: 'permission-denied',
    pattern: /(Linked)?AuthorizationFailed|does not have authorization to perform|RequestDisallowedByPolicy/,
  },
  {
    errorId: 'image-name-taken',
    pattern:
      /(managed image|snapshot) named \S{1,200} already exists|gallery image version for image name:version/,
  },
  {
    errorId: 'base-image-not-subscribed',
    pattern: /MarketplacePurchase\w*|ResourcePurchaseValidationFailed|VMMarketplaceInvalidInput/,
  },
  {
    errorId: 'base-image-not-found',
    pattern:
      /PlatformImageNotFound|VMImage was not found|Cannot find an image named|:latest could not be found in location/,
  },
  {
    errorId: 'gallery-not-found',
    pattern:
      /the Shared Gallery Image to which to publish|failed to get image .{1,200} from image gallery|(Resource|ParentResource)NotFound.{0,300}Microsoft\.Compute\/galleries/,
  },
  {
    errorId: 'network-not-found',
    pattern:
      /Cannot find a (resource group with a virtual network|subnet in the resource group)|Found multiple (resource groups|subnets)|(ResourceNotFound|InvalidResourceReference).{0,500}(virtualNetworks|subnets)/,
  },
  {
    errorId: 'resource-group-not-found',
    pattern:
      /ResourceGroupNotFound|Cannot locate the .{0,200}resource group|resource group you want to use does not exist/,
  },
  {
    errorId: 'quota-exceeded',
    pattern: /QuotaExceeded|exceeding (approved .{0,200}quota|quota limits)|PublicIPCountLimitReached/i,
  },
  {
    errorId: 'insufficient-capacity',
    pattern: /AllocationFailed|OverconstrainedAllocationRequest|SkuNotAvailable.{0,500}Capacity Restrictions/,
  },
  {
    errorId: 'instance-type-invalid',
    pattern: /SkuNotAvailable|cannot boot Hypervisor Generation|InvalidParameter.{0,300}vmSize/,
  },
  {
    errorId: 'region-invalid',
    pattern: /LocationNotAvailableFor|NoRegisteredProviderFound|provided location .{1,200} is not available/,
  },
  {
    errorId: 'build-vm-not-ready',
    pattern: /OSProvisioning(TimedOut|ClientError|InternalError)|VMExtensionProvisioning/,
  },
  { errorId: 'requests-throttled', pattern: /SubscriptionRequestsThrottled/ },
  { errorId: 'platform-unreachable', pattern: /^AuthenticationRequiredError: network_error/ },
  {
    errorId: 'encryption-key-unusable',
    pattern: /KeyVaultAccessForbidden|ResourceNotFound.{0,300}diskEncryptionSets/,
  },
  { errorId: 'builder-setting-invalid', pattern: /InvalidTemplateDeployment|InvalidTemplate\b/ },
];
