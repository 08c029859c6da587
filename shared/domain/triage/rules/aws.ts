import type { Rule } from './rule.ts';

/** EC2 and what Packer's Amazon builders say ("Error codes for the Amazon EC2 API"). */
export const awsRules: readonly Rule[] = [
  { errorId: 'base-image-ambiguous', pattern: /query returned more than one result/ },
  { errorId: 'image-name-taken', pattern: /is used by an existing AMI|InvalidAMIName\.Duplicate/ },
  { errorId: 'base-image-not-subscribed', pattern: /OptInRequired/ },
  {
    errorId: 'base-image-not-found',
    pattern:
      /No AMI was found matching filters|InvalidAMIID\.|InvalidParameter: .{0,100}SSM .{0,100}not found/,
  },
  {
    errorId: 'spot-interrupted',
    pattern:
      /Server\.SpotInstance(Termination|Shutdown)|instance-terminated-(by-price|no-capacity|capacity-oversubscribed)|marked-for-termination/,
  },
  { errorId: 'spot-price-too-low', pattern: /SpotMaxPriceTooLow/ },
  {
    errorId: 'network-not-found',
    pattern:
      /Invalid(Subnet|SubnetID|Vpc|VpcID|Group|GroupId|SecurityGroup|SecurityGroupID)\.(NotFound|Malformed)|InvalidSubnet\b|VPCIdNotSpecified|MissingInput.{0,200}subnet|No default VPC|No Subnets? was found|Your filter matched \d+ Subnets|Couldn't find specified security group|for non-default VPCs/,
  },
  {
    errorId: 'image-not-shareable',
    pattern:
      /encrypted with the AWS Managed CMK can.t be shared|EBS default key cannot be shared|Cannot share (AMI|snapshot) encrypted with default KMS key/,
  },
  { errorId: 'image-share-target-invalid', pattern: /InvalidAMIAttributeItemValue|InvalidUserID\.Malformed/ },
  {
    errorId: 'tag-refused',
    pattern: /TagPolicyViolation|TagLimitExceeded|InvalidTagKey|Tag keys starting with/,
  },
  { errorId: 'role-not-assumable', pattern: /cannot be assumed|Cannot assume IAM Role|sts:AssumeRole/ },
  {
    errorId: 'clock-skewed',
    pattern: /RequestTimeTooSkewed|Signature (expired|not yet current)|clock skew/i,
  },
  // The credentials are good: it is where they are used that is not there.
  { errorId: 'region-invalid', pattern: /scoped to a valid region/ },
  {
    errorId: 'credentials-invalid',
    pattern:
      /NoCredentialProviders|[Nn]o valid credential sources|AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient|ExpiredToken|RequestExpired|InvalidAccessKeyId|failed to (refresh cached credentials|retrieve credentials)/,
  },
  {
    errorId: 'account-disabled',
    pattern: /PendingVerification|AccountDisabled|account is currently blocked/,
  },
  { errorId: 'instance-profile-invalid', pattern: /[Ii]nstance [Pp]rofile|iam:PassRole/ },
  { errorId: 'encryption-key-unusable', pattern: /Client error on launch|KMS|Kms|kms:/ },
  {
    errorId: 'permission-denied',
    pattern: /UnauthorizedOperation|UnauthorizedAccess|AccessDenied|not authorized to perform/,
  },
  {
    errorId: 'requests-throttled',
    pattern: /RequestLimitExceeded|Throttling|TooManyRequests|RateExceeded|Rate exceeded/,
  },
  {
    errorId: 'quota-exceeded',
    pattern:
      /(Vcpu|Instance|Volume|Resource|Address|SecurityGroup|Snapshot|KeyPair|SpotInstance)\w{0,60}LimitExceeded|MaxSpot\w{1,30}CountExceeded|MaxIOPSLimitExceeded|[A-Z]\w{1,60}LimitExceeded|vCPU (capacity|limit)|AMI (quota|limit)/,
  },
  { errorId: 'insufficient-capacity', pattern: /Insufficient\w{0,60}(Capacity|Addresses\w{0,30})\b/ },
  { errorId: 'architecture-mismatch', pattern: /architecture ('.{1,60}' )?of the specified/ },
  {
    errorId: 'instance-type-invalid',
    pattern:
      /InvalidInstanceType|InvalidParameterValue: .{0,300}[Ii]nstance ?[Tt]ype|instance type .{1,100} (does not exist|not supported|is not supported)|Unsupported: /,
  },
  {
    errorId: 'region-invalid',
    pattern:
      /Invalid region\(s\)|unknown region|is not a valid region|[Rr]egion .{1,100} is not (valid|enabled)|not subscribed to this (region|service in)/,
  },
  {
    errorId: 'build-vm-lost',
    pattern: /InvalidInstanceID\.NotFound|Error finding source instance|^instance not found/,
  },
];

/** What is tried last, as its words are general. */
export const generalRules: readonly Rule[] = [
  {
    errorId: 'certificate-untrusted',
    pattern:
      /x509: |tls: failed to verify certificate|CERT_HAS_EXPIRED|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|SELF_SIGNED_CERT|unable to get local issuer certificate/,
  },
  { errorId: 'proxy-refused', pattern: /proxyconnect tcp|Proxy Authentication Required/ },
  {
    errorId: 'platform-unreachable',
    pattern:
      /error validating regions|RequestError: send request failed|no such host|connection refused|TLS handshake timeout|i\/o timeout|no route to host|dial tcp|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|DEADLINE_EXCEEDED|UNAVAILABLE: |googleapi: Error 5\d\d/,
  },
  {
    errorId: 'image-creation-timeout',
    pattern:
      /Error waiting for AMI.{0,500}exceeded (wait attempts|max wait time)|^original error: ResourceNotReady: exceeded wait/,
  },
  {
    errorId: 'builder-setting-invalid',
    pattern:
      /InvalidParameter|MissingParameter|InvalidBlockDeviceMapping|ValidationError|InvalidSnapshot|Invalid[A-Z]\w{1,60}\.(NotFound|Malformed)/,
  },
  {
    errorId: 'build-vm-not-ready',
    pattern: /Instance state change details|Error waiting for instance .{1,200} to become ready/,
  },
  {
    errorId: 'image-copy-failed',
    pattern:
      /Error [Cc]opying AMI|Error waiting for AMI (Copy|\([^)]{1,60}\) in region)|Error describing copied AMI/,
  },
  { errorId: 'image-creation-failed', pattern: /Error (creating|registering|waiting for|describing) AMI/ },
  {
    errorId: 'platform-fault',
    pattern:
      /InternalError\b|InternalServerError|InternalFailure|ServiceUnavailable|Service Unavailable|UnknownError/,
  },
  { errorId: 'runner-tool-missing', pattern: /executable file not found/ },
  {
    errorId: 'runner-disk-full',
    pattern: /[Nn]o space left on device|There is not enough space on the disk/,
  },
  { errorId: 'hypervisor-unusable', pattern: /QemuImg error: |^PowerShell error: / },
  { errorId: 'builder-setting-invalid', pattern: /PropertyChangeNotAllowed|StatusCode: 400\b/ },
  {
    errorId: 'template-invalid',
    pattern:
      /Failed (to initialize build|preparing (provisioner|post-processor)-block)|([Uu]nknown|Deprecated) configuration key/,
    weak: true,
  },
  // A diagnostic of HCL, whatever it is about.
  {
    errorId: 'template-invalid',
    pattern: /^\s{1,8}on [^ ]{1,200}\.pkr\.(json|hcl) line \d{1,6}/,
    above: /^Error: /,
    weak: true,
  },
  { errorId: 'build-interrupted', pattern: /^Build was cancelled/, weak: true },
];
