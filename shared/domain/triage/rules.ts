import type { ErrorId } from './catalogue.ts';

/**
 * A known failure and how its lines look, in the words of Packer 1.6 and of modern Packer. `last`: of several lines
 * the last counts, because Packer says it last while a script may print the same words before.
 */
export type Rule = { errorId: ErrorId; pattern: RegExp; last?: true };

/**
 * In order of weight: a rule further up wins over all further down, whatever the order of the lines. What a step
 * itself did comes first, because a script may print anything, also an error of the platform that it called.
 */
export const rules: readonly Rule[] = [
  {
    errorId: 'script-failed',
    pattern: /Script exited with non-zero exit status: (?<exitCode>-?\d+)/,
    last: true,
  },
  { errorId: 'script-disconnected', pattern: /Script disconnected unexpectedly/ },
  {
    errorId: 'packer-crashed',
    pattern: /PACKER CRASH|panic: runtime error|^unexpected EOF|connection is shut down/,
  },
  { errorId: 'build-interrupted', pattern: /Cancelling build after receiving/ },
  // The runner's own line names the step and its limit; Packer's does not.
  { errorId: 'step-timed-out', pattern: /^Step .*: timed out: it took longer than its limit/ },
  {
    errorId: 'step-timed-out',
    pattern: /Cancelling provisioner after a timeout|context (canceled|deadline exceeded)/,
  },
  // The runner's own words: nothing was started yet.
  {
    errorId: 'resource-unavailable',
    pattern: /^The file \S+ could not be fetched: |^Nobody said where \S+ is fetched from/,
  },
  {
    errorId: 'upload-failed',
    pattern: /Error uploading|Upload failed|scp: .*(denied|No such file|No space)/,
  },
  {
    errorId: 'template-invalid',
    pattern:
      /Extraneous JSON object property|No argument or block type is named|Unset variable|Unsupported argument|Bad (script|source) '|Invalid template interpolation|Unknown variable/,
  },
  {
    errorId: 'packer-plugin-missing',
    pattern:
      /[Uu]nknown (builder|provisioner)|Missing plugins|plugins? .*(not installed|not found)|Failed to load .*plugin/,
  },
  // Microsoft Entra and Azure Resource Manager, by the codes that both print.
  { errorId: 'account-disabled', pattern: /(ReadOnly)?DisabledSubscription/ },
  { errorId: 'credentials-invalid', pattern: /AADSTS\d{5,7}|(Invalid|Expired)AuthenticationToken/ },
  {
    errorId: 'permission-denied',
    pattern: /(Linked)?AuthorizationFailed|does not have authorization to perform|RequestDisallowedByPolicy/,
  },
  {
    errorId: 'image-name-taken',
    pattern: /(managed image|snapshot) named \S+ already exists|gallery image version for image name:version/,
  },
  {
    errorId: 'base-image-not-subscribed',
    pattern: /MarketplacePurchase\w*|ResourcePurchaseValidationFailed|VMMarketplaceInvalidInput/,
  },
  {
    errorId: 'base-image-not-found',
    pattern: /PlatformImageNotFound|VMImage was not found|Cannot find an image named/,
  },
  {
    errorId: 'gallery-not-found',
    pattern:
      /the Shared Gallery Image to which to publish|failed to get image .* from image gallery|(Resource|ParentResource)NotFound.*Microsoft\.Compute\/galleries/,
  },
  {
    errorId: 'network-not-found',
    pattern:
      /Cannot find a (resource group with a virtual network|subnet in the resource group)|Found multiple (resource groups|subnets)|(ResourceNotFound|InvalidResourceReference).*(virtualNetworks|subnets)/,
  },
  {
    errorId: 'resource-group-not-found',
    pattern:
      /ResourceGroupNotFound|Cannot locate the .*resource group|resource group you want to use does not exist/,
  },
  {
    errorId: 'quota-exceeded',
    pattern: /QuotaExceeded|exceeding approved .*quota|PublicIPCountLimitReached/i,
  },
  {
    errorId: 'insufficient-capacity',
    pattern: /AllocationFailed|OverconstrainedAllocationRequest|SkuNotAvailable.*Capacity Restrictions/,
  },
  {
    errorId: 'instance-type-invalid',
    pattern: /SkuNotAvailable|cannot boot Hypervisor Generation|InvalidParameter.*vmSize/,
  },
  {
    errorId: 'region-invalid',
    pattern: /LocationNotAvailableFor|NoRegisteredProviderFound|provided location .* is not available/,
  },
  { errorId: 'requests-throttled', pattern: /SubscriptionRequestsThrottled/ },
  { errorId: 'platform-unreachable', pattern: /^AuthenticationRequiredError: network_error/ },
  {
    errorId: 'encryption-key-unusable',
    pattern: /KeyVaultAccessForbidden|ResourceNotFound.*diskEncryptionSets/,
  },
  { errorId: 'builder-setting-invalid', pattern: /InvalidTemplateDeployment|InvalidTemplate\b/ },
  // OAuth of Google and Compute Engine, by the sentences and reasons that both Packer and Google's libraries print.
  {
    errorId: 'credentials-invalid',
    pattern:
      /invalid_(grant|client)|oauth2: cannot fetch token: 4\d\d|UNAUTHENTICATED|Request had invalid authentication credentials/,
  },
  { errorId: 'encryption-key-unusable', pattern: /Cloud KMS error|cloudkms\.cryptoKey/ },
  { errorId: 'quota-exceeded', pattern: /Quota '\w+' exceeded|QUOTA_EXCEEDED/ },
  {
    errorId: 'insufficient-capacity',
    pattern: /ZONE_RESOURCE_POOL_EXHAUSTED|does not have enough resources available to fulfill/,
  },
  { errorId: 'requests-throttled', pattern: /rateLimitExceeded|Rate Limit Exceeded|RESOURCE_EXHAUSTED/i },
  {
    errorId: 'permission-denied',
    pattern:
      /Required '[\w.]+' permission|Permission '[\w.]+' denied|PERMISSION_DENIED|has not been used in project|does not have access to service account|googleapi: Error 403/,
  },
  { errorId: 'image-name-taken', pattern: /Image \S+ already exists|\/global\/images\/\S+' already exists/ },
  {
    errorId: 'base-image-not-found',
    pattern: /Could not find image, |\/global\/images\/\S+' was not found/,
  },
  {
    errorId: 'network-not-found',
    pattern:
      /\/(sub)?networks\/\S+' was not found|referenced (sub)?network resource cannot be found|referenced (sub)?network does not exist/,
  },
  {
    errorId: 'instance-type-invalid',
    pattern: /\/machineTypes\/\S+' was not found|Machine type with name .* does not exist/,
  },
  {
    errorId: 'region-invalid',
    pattern: /'projects\/[^/']+\/(zones|regions)\/[^/']+' was not found|Unknown zone\b/,
  },
  { errorId: 'windows-password-timeout', pattern: /Error creating windows password/ },
  { errorId: 'build-vm-not-ready', pattern: /time out while waiting for instance to/ },
  { errorId: 'image-creation-failed', pattern: /Error waiting for image: / },
  {
    errorId: 'builder-setting-invalid',
    pattern:
      /Invalid value for field '|googleapi: Error 4\d\d|not secure boot compatible|INVALID_ARGUMENT|FAILED_PRECONDITION|ALREADY_EXISTS/,
  },
  // vCenter (govmomi and Packer's vSphere builders) and Proxmox, by the sentences and status lines that Packer prints.
  {
    errorId: 'credentials-invalid',
    pattern:
      /Cannot complete login due to an incorrect user name or password|^(Could not retrieve VM: )?401 (authentication|Unauthorized|No ticket|invalid|permission denied - invalid)/,
  },
  {
    errorId: 'permission-denied',
    pattern: /Permission to perform this operation was denied|403 Permission check failed/,
  },
  { errorId: 'image-name-taken', pattern: /already exists, you can use -force flag to destroy it/ },
  {
    errorId: 'base-image-not-found',
    pattern: /[Ee]rror finding (vm|virtual machine) to clone|\b[Vv]m '[^']+' not found/,
  },
  {
    errorId: 'network-not-found',
    pattern: /\bnetwork '[^']+' not found|[Bb]ridge '[^']+' does not exist/,
  },
  {
    errorId: 'builder-setting-invalid',
    pattern:
      /\b(datacenter|datastore|host|cluster|compute resource|folder|resource pool) '[^']+' not found|storage '[^']+' does not exist|hostname lookup '[^']+' failed/,
  },
  { errorId: 'build-vm-not-ready', pattern: /^(Timeout|timeout) waiting for IP address/ },
  { errorId: 'platform-unreachable', pattern: /x509: |tls: failed to verify certificate/ },
  {
    errorId: 'ssh-authentication',
    pattern: /authentication error when trying to connect via SSH|ssh: unable to authenticate/,
  },
  { errorId: 'ssh-timeout', pattern: /Timeout waiting for SSH/ },
  { errorId: 'winrm-timeout', pattern: /Timeout waiting for WinRM/i },
  { errorId: 'windows-password-timeout', pattern: /Timeout waiting for password|Error waiting for password/ },
  { errorId: 'base-image-ambiguous', pattern: /query returned more than one result/ },
  { errorId: 'image-name-taken', pattern: /is used by an existing AMI|InvalidAMIName\.Duplicate/ },
  { errorId: 'base-image-not-subscribed', pattern: /OptInRequired/ },
  { errorId: 'base-image-not-found', pattern: /No AMI was found matching filters|InvalidAMIID\./ },
  {
    errorId: 'network-not-found',
    pattern:
      /Invalid(Subnet|SubnetID|Vpc|VpcID|Group|GroupId|SecurityGroup|SecurityGroupID)\.(NotFound|Malformed)|InvalidSubnet\b|VPCIdNotSpecified|MissingInput.*subnet|No default VPC|No Subnets? was found|Couldn't find specified security group|for non-default VPCs/,
  },
  {
    errorId: 'image-not-shareable',
    pattern:
      /encrypted with the AWS Managed CMK can.t be shared|EBS default key cannot be shared|Cannot share (AMI|snapshot) encrypted with default KMS key/,
  },
  { errorId: 'role-not-assumable', pattern: /cannot be assumed|Cannot assume IAM Role|sts:AssumeRole/ },
  {
    errorId: 'credentials-invalid',
    pattern:
      /NoCredentialProviders|[Nn]o valid credential sources|AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient|ExpiredToken|RequestExpired|InvalidAccessKeyId|failed to (refresh cached credentials|retrieve credentials)/,
  },
  { errorId: 'instance-profile-invalid', pattern: /[Ii]nstance [Pp]rofile|iam:PassRole/ },
  { errorId: 'encryption-key-unusable', pattern: /Client error on launch|KMS|Kms|kms:/ },
  {
    errorId: 'permission-denied',
    pattern: /UnauthorizedOperation|UnauthorizedAccess|AccessDenied|not authorized to perform/,
  },
  { errorId: 'requests-throttled', pattern: /RequestLimitExceeded|Throttling|TooManyRequests/ },
  {
    errorId: 'quota-exceeded',
    pattern:
      /(Vcpu|Instance|Volume|Resource|Address|SecurityGroup|Snapshot|KeyPair|SpotInstance)\w*LimitExceeded|MaxSpotInstanceCountExceeded|MaxIOPSLimitExceeded|vCPU (capacity|limit)/,
  },
  { errorId: 'insufficient-capacity', pattern: /Insufficient\w*(Capacity|Addresses\w*)\b/ },
  {
    errorId: 'architecture-mismatch',
    pattern: /architecture '.*' of the specified|architecture of the specified/,
  },
  {
    errorId: 'instance-type-invalid',
    pattern:
      /InvalidInstanceType|InvalidParameterValue: .*[Ii]nstance ?[Tt]ype|instance type .* (does not exist|not supported)|Unsupported: /,
  },
  {
    errorId: 'region-invalid',
    pattern: /Invalid region\(s\)|unknown region|is not a valid region|[Rr]egion .* is not (valid|enabled)/,
  },
  {
    errorId: 'platform-unreachable',
    pattern:
      /error validating regions|RequestError: send request failed|no such host|connection refused|i\/o timeout|no route to host|dial tcp|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|DEADLINE_EXCEEDED|UNAVAILABLE: |googleapi: Error 5\d\d/,
  },
  {
    errorId: 'builder-setting-invalid',
    pattern:
      /InvalidParameter|MissingParameter|InvalidBlockDeviceMapping|ValidationError|InvalidSnapshot|Invalid[A-Z]\w+\.(NotFound|Malformed)/,
  },
  {
    errorId: 'build-vm-not-ready',
    pattern: /Instance state change details|Error waiting for instance .* to become ready/,
  },
  { errorId: 'image-creation-failed', pattern: /Error (creating|registering|waiting for|describing) AMI/ },
];
