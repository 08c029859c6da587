import type { ErrorId } from '../../../../../shared/domain/triage/catalogue.ts';

/** Error lines as they were seen, and what they mean. `lines` are [step, text]. */
export type Sample = {
  title: string;
  /** Where the lines come from: recorded, a documentation, a source, or a report of somebody whom it happened to. */
  from: string;
  /** Place of the line that explains the failure; the first one when it is not said. */
  explains?: number;
  lines: [step: number | null, text: string][];
  lastStep?: number;
  errorId: ErrorId;
  exitCode?: number;
  step?: string;
};

const FROM = 'recorded with Packer 1.6.6, or in the words of packer-plugin-amazon and of EC2 error codes';
const line = (title: string, errorId: ErrorId, text: string): Sample => ({
  title,
  from: FROM,
  errorId,
  lines: [[null, text]],
});

export const samples: Sample[] = [
  {
    from: FROM,
    title: 'a failing script, Packer 1.6',
    lines: [
      [2, '==> amazon-ebs.image: E: Unable to locate package ngninx'],
      [
        2,
        "Build 'amazon-ebs.image' errored after 1 second: Script exited with non-zero exit status: 7.Allowed exit codes are: [0]",
      ],
    ],
    lastStep: 2,
    errorId: 'package-not-found',
    exitCode: 7,
    step: 'install',
  },
  {
    from: FROM,
    title: 'a failing script, modern Packer',
    lines: [
      [2, '==> amazon-ebs.image: curl: (6) Could not resolve host: example.test'],
      [
        null,
        "Build 'amazon-ebs.image' errored after 2 minutes 1 second: Script exited with non-zero exit status: 127. Allowed exit codes are: [0]",
      ],
    ],
    lastStep: 2,
    errorId: 'guest-network-failed',
    exitCode: 127,
    step: 'install',
  },
  {
    from: FROM,
    title: 'a failing script that printed an error of the platform before',
    lines: [
      [2, 'An error occurred (UnauthorizedOperation) when calling the DescribeInstances operation'],
      [2, 'Script exited with non-zero exit status: 3'],
      [2, 'Script exited with non-zero exit status: 254.Allowed exit codes are: [0]'],
    ],
    lastStep: 2,
    errorId: 'script-failed',
    exitCode: 254,
    step: 'install',
  },
  {
    from: FROM,
    title: 'a step over its time limit',
    lines: [[2, "Build 'amazon-ebs.image' errored after 2 seconds: context canceled"]],
    lastStep: 2,
    errorId: 'step-timed-out',
    step: 'install',
  },
  {
    from: FROM,
    title: 'an error of the platform after a step that complained and went on',
    lines: [
      [1, '==> amazon-ebs.image: rpc error: context canceled'],
      [null, '==> amazon-ebs.image: Error creating AMI: ResourceInUse: try later'],
    ],
    explains: 1,
    errorId: 'image-creation-failed',
  },
  line(
    'a script that restarted the machine',
    'script-disconnected',
    'Script disconnected unexpectedly. If you expected your script to disconnect, i.e. from a restart, you can try adding `"expect_disconnect": true`',
  ),
  line('no credentials, 1.6', 'credentials-invalid', 'no valid credential sources for  found'),
  line('no credentials, SDK', 'credentials-invalid', 'NoCredentialProviders: no valid providers in chain'),
  line(
    'a wrong key, 1.6',
    'credentials-invalid',
    'error validating regions: AuthFailure: AWS was not able to validate the provided access credentials\n\tstatus code: 401, request id: 5f',
  ),
  line(
    'a region that the endpoint which answers does not know',
    'region-invalid',
    "AuthFailure: Credential should be scoped to a valid region. 'eu-moon-1' is not one.",
  ),
  line(
    'a wrong key, modern',
    'credentials-invalid',
    'operation error EC2: DescribeRegions, https response error StatusCode: 401, RequestID: 5f, api error AuthFailure: AWS was not able to validate',
  ),
  line(
    'a role that trusts somebody else',
    'role-not-assumable',
    'IAM Role (arn:aws:iam::123456789012:role/x) cannot be assumed.',
  ),
  line(
    'a role that trusts somebody else, modern',
    'role-not-assumable',
    'Error: Cannot assume IAM Role: AccessDenied',
  ),
  line(
    'a missing permission, 1.6',
    'permission-denied',
    'Error launching source instance: UnauthorizedOperation: You are not authorized to perform this operation. Encoded authorization failure message: zzz',
  ),
  line(
    'a missing permission, modern',
    'permission-denied',
    'Error creating AMI: operation error EC2: CreateImage, https response error StatusCode: 403, RequestID: 1, api error UnauthorizedOperation: You are not authorized',
  ),
  line(
    'an endpoint that does not answer',
    'platform-unreachable',
    'error validating regions: RequestError: send request failed\ncaused by: Post "https://ec2.eu-central-9.amazonaws.com/": dial tcp: lookup ec2.eu-central-9.amazonaws.com: no such host',
  ),
  line(
    'a region that does not exist',
    'region-invalid',
    'Invalid region(s): [eu-moon-1], available regions: [eu-central-1 us-east-1]',
  ),
  line(
    'a refused SSH login',
    'ssh-authentication',
    '==> amazon-ebs.image: Error waiting for SSH: Packer experienced an authentication error when trying to connect via SSH. This can happen if your username/password are wrong.',
  ),
  line('a closed SSH port', 'ssh-timeout', '==> amazon-ebs.image: Timeout waiting for SSH.'),
  line('a closed WinRM port', 'winrm-timeout', '==> amazon-ebs.image: Timeout waiting for WinRM.'),
  line('no Windows password', 'windows-password-timeout', 'Timeout waiting for password.'),
  line(
    'a base image that is gone',
    'base-image-not-found',
    "Error querying AMI: InvalidAMIID.NotFound: The image id '[ami-0123456789abcdef0]' does not exist",
  ),
  line(
    'a filter without a match',
    'base-image-not-found',
    'No AMI was found matching filters: {\n  Filters: [{\n      Name: "name"',
  ),
  line(
    'a filter with two matches',
    'base-image-ambiguous',
    'Your query returned more than one result. Please try a more specific search, or set most_recent to true.',
  ),
  line(
    'a name that is taken',
    'image-name-taken',
    "Error: AMI Name: 'web-v7' is used by an existing AMI: ami-0123456789abcdef0",
  ),
  line(
    "an image under the account's default key that is to be shared",
    'image-not-shareable',
    'Error modify AMI attributes: InvalidParameter: Snapshots encrypted with the AWS Managed CMK can’t be shared. Specify another snapshot.',
  ),
  line(
    "snapshots under the account's default key that are to be shared",
    'image-not-shareable',
    'Error modify snapshot attributes: OperationNotPermitted: Encrypted snapshots with EBS default key cannot be shared',
  ),
  line(
    'a subnet that does not exist',
    'network-not-found',
    "Describing the subnet: subnet-0badc0de returned error: InvalidSubnetID.NotFound: The subnet ID 'subnet-0badc0de' does not exist.",
  ),
  line(
    'an account without a default network',
    'network-not-found',
    'VPCIdNotSpecified: No default VPC for this user',
  ),
  line(
    'a machine type that does not exist',
    'instance-type-invalid',
    "Error launching source instance: InvalidParameterValue: Invalid value 't9.huge' for InstanceType.",
  ),
  line(
    'a machine type of another architecture',
    'architecture-mismatch',
    "InvalidParameterValue: The architecture 'x86_64' of the specified instance type does not match the architecture 'arm64' of the specified AMI.",
  ),
  line(
    'no capacity',
    'insufficient-capacity',
    'Error launching source instance: InsufficientInstanceCapacity: We currently do not have sufficient m7i.large capacity',
  ),
  line(
    'a full subnet',
    'insufficient-capacity',
    'InsufficientFreeAddressesInSubnet: The specified subnet does not have enough free addresses',
  ),
  line(
    'the limit of processors',
    'quota-exceeded',
    'VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 32 allows',
  ),
  line(
    'a marketplace image without subscription',
    'base-image-not-subscribed',
    'Error launching source instance: OptInRequired: In order to use this AWS Marketplace product you need to accept terms',
  ),
  line('throttling', 'requests-throttled', 'RequestLimitExceeded: Request limit exceeded.'),
  line(
    'a disk key without permission',
    'encryption-key-unusable',
    'Client.InternalError: Client error on launch',
  ),
  line(
    'an instance profile that does not exist',
    'instance-profile-invalid',
    "Couldn't find specified instance profile: NoSuchEntity",
  ),
  line(
    'a wrong block device',
    'builder-setting-invalid',
    "InvalidBlockDeviceMapping: Volume of size 1GB is smaller than snapshot 'snap-1', expect size >= 8GB",
  ),
  line(
    'a machine that ended before it was ready',
    'build-vm-not-ready',
    'Error waiting for instance (i-0123456789abcdef0) to become ready: ResourceNotReady: failed waiting for successful resource state',
  ),
  line(
    'an uploaded file that is gone',
    'resource-unavailable',
    'The file steps/001.sh could not be fetched: refused with status 404.',
  ),
  line(
    'an uploaded file that nobody knows of',
    'resource-unavailable',
    'Nobody said where unattended/user-data is fetched from.',
  ),
  line(
    'a machine that was killed while a step ran',
    'machine-unreachable',
    'Error uploading script: dial tcp 127.22.0.5:2222: connect: connection refused',
  ),
  line(
    'a machine whose network a step took away',
    'machine-unreachable',
    'Upload failed: dial tcp 10.0.0.5:22: i/o timeout',
  ),
  line('a full disk', 'upload-failed', 'Upload failed: scp: /opt/x: No space left on device'),
  line('a crash', 'packer-crashed', '!!!!!!!!!!!!!!!!!!!!!!!!!!! PACKER CRASH !!!!!!!!!!!!!!!!!!!!!!!!!!!!'),
  line(
    'a template for a newer Packer',
    'template-invalid',
    'Error: Extraneous JSON object property\n\n  on plugins.pkr.json line 3: No argument or block type is named "required_plugins".',
  ),
  line(
    'a builder that is not installed',
    'packer-plugin-missing',
    'Error: Unknown builder type "amazon-ebs"',
  ),
  line('a termination', 'build-interrupted', '==> Cancelling build after receiving terminated'),
];
