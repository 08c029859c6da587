import type { Rule } from './rule.ts';

/** OAuth of Google and Compute Engine, by the sentences and reasons that both Packer and Google's libraries print. */
export const googleRules: readonly Rule[] = [
  {
    errorId: 'credentials-invalid',
    pattern:
      /invalid_(grant|client)|oauth2: cannot fetch token: 4\d\d|UNAUTHENTICATED|Request had invalid authentication credentials/,
  },
  { errorId: 'encryption-key-unusable', pattern: /Cloud KMS error|cloudkms\.cryptoKey/ },
  { errorId: 'quota-exceeded', pattern: /Quota '\w{1,100}' exceeded|QUOTA_EXCEEDED/ },
  {
    errorId: 'insufficient-capacity',
    pattern: /ZONE_RESOURCE_POOL_EXHAUSTED|does not have enough resources available to fulfill/,
  },
  { errorId: 'requests-throttled', pattern: /rateLimitExceeded|Rate Limit Exceeded|RESOURCE_EXHAUSTED/i },
  {
    errorId: 'permission-denied',
    pattern:
      /Required '[\w.]{1,100}' permission|Permission '[\w.]{1,100}' denied|PERMISSION_DENIED|has not been used in project|does not have access to service account|googleapi: Error 403/,
  },
  {
    errorId: 'image-name-taken',
    pattern: /Image \S{1,200} already exists|\/global\/images\/[^\s']{1,200}' already exists/,
  },
  {
    errorId: 'base-image-not-found',
    pattern: /Could not find image, |\/global\/images\/[^\s']{1,200}' was not found/,
  },
  {
    errorId: 'network-not-found',
    pattern:
      /\/(sub)?networks\/[^\s']{1,200}' was not found|referenced (sub)?network resource cannot be found|referenced (sub)?network does not exist/,
  },
  {
    errorId: 'instance-type-invalid',
    pattern: /\/machineTypes\/[^\s']{1,200}' was not found|Machine type with name .{1,200} does not exist/,
  },
  {
    errorId: 'region-invalid',
    pattern: /'projects\/[^/']{1,200}\/(zones|regions)\/[^/']{1,100}' was not found|Unknown zone\b/,
  },
  { errorId: 'architecture-mismatch', pattern: /not compatible with machine type architecture/ },
  {
    errorId: 'startup-script-failed',
    pattern: /[Ss]tartup script exited with error|Error waiting for startup script/,
  },
  { errorId: 'windows-password-timeout', pattern: /Error creating windows password/ },
  { errorId: 'build-vm-not-ready', pattern: /time out while waiting for instance to/ },
  { errorId: 'image-creation-timeout', pattern: /time out while waiting for image to register/ },
  { errorId: 'image-creation-failed', pattern: /Error waiting for image: / },
  {
    errorId: 'builder-setting-invalid',
    pattern:
      /Invalid value for field '|googleapi: Error 4\d\d|not secure boot compatible|INVALID_ARGUMENT|FAILED_PRECONDITION|ALREADY_EXISTS/,
  },
];
