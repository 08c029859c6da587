import * as z from 'zod';
import { plainText, templateSafeText } from '../common.ts';
import { awsRegion, imageFields, imageRule, kmsKey } from './aws-image.ts';
import {
  blame,
  flag,
  namedByRun,
  oneOf,
  type SettingsRule,
  shaped,
  sshFields,
  tagsOf,
  whole,
  winrmFields,
  written,
} from './fields.ts';

export { awsRegion } from './aws-image.ts';

/** Tags on the finished image and on what a build makes for a while. AWS takes 50; Goldsmith and Packer add theirs. */
export const awsTags = tagsOf(
  templateSafeText(128)
    .min(1)
    .regex(/^(?!aws:)/i, 'must not begin with aws:'),
  templateSafeText(256),
);

/** Settings of an AWS connection; `secret` is the form a secret has there: written, read or stored. */
export const awsConnectionSettings = <S extends z.ZodType>(secret: S) =>
  z.strictObject({
    region: awsRegion.describe('Region of builders that name none.'),
    auth: z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('role'),
        roleArn: shaped(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'is no role ARN').describe(
          'Role of your account that builds use; the external id is made by the server.',
        ),
      }),
      z.strictObject({
        type: z.literal('access-key'),
        accessKeyId: z
          .string()
          .regex(/^[A-Z0-9]{16,128}$/, 'is no access key id')
          .describe('Access key id of an IAM user.'),
        secretAccessKey: secret.describe('Secret access key of that user.'),
      }),
    ]),
  });

const subnetId = shaped(/^subnet-[0-9a-f]{8,17}$/, 'is no subnet id');
const securityGroupId = shaped(/^sg-[0-9a-f]{8,17}$/, 'is no security group id');

const blockDevice = z.strictObject({
  deviceName: shaped(/^(\/dev\/)?[a-z0-9]{2,20}$/, 'is no device name').describe(
    'Device, for example /dev/sda1 for the system disk of most images.',
  ),
  volumeSize: whole(1, 65_536, 'Size, GiB. Default: that of the base image.'),
  volumeType: oneOf(['gp2', 'gp3', 'io1', 'io2', 'st1', 'sc1', 'standard'], 'Volume type. Default: gp2.'),
  iops: whole(100, 64_000, 'I/O operations a second, for io1, io2 and gp3. Default: of gp3 3000.'),
  throughput: whole(125, 1000, 'MiB/s, for gp3. Default: 125.'),
  encrypted: flag("Encrypt the volume. Default: the account's."),
  kmsKeyId: kmsKey.optional().describe("KMS key; needs encrypted. Default: the account's."),
  deleteOnTermination: flag('Delete the volume with the build VM. Default: false.'),
});

/** What EC2 takes as user data, in bytes before Base64. */
const MAX_USER_DATA = 16_384;
const userData = plainText(MAX_USER_DATA)
  .min(1)
  .refine(
    (value) => new TextEncoder().encode(value).length <= MAX_USER_DATA,
    `is longer than ${MAX_USER_DATA} bytes`,
  );

const metadataOptions = z.strictObject({
  httpEndpoint: oneOf(['enabled', 'disabled'], 'Whether there is metadata. Default: enabled.'),
  httpTokens: oneOf(['optional', 'required'], 'required: IMDSv2 only. Default: required.'),
  httpPutResponseHopLimit: whole(
    1,
    64,
    'Network hops that an answer may take; containers need 2. Default: 1.',
  ),
});

const policyText = templateSafeText(2048).min(1);
/** IAM's own words, so that a policy can be pasted. */
const policyDocument = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z
    .array(
      z.strictObject({
        Effect: z.enum(['Allow', 'Deny']),
        Action: z.array(policyText).min(1).max(100),
        Resource: z.array(policyText).min(1).max(100),
      }),
    )
    .min(1)
    .max(20),
});

/** A price as text, as Packer takes it, with at most five decimals, and not zero. */
const spotPrice = shaped(
  /^(auto|0\.0{0,4}[1-9]\d{0,4}|[1-9]\d{0,3}(\.\d{1,5})?)$/,
  'is neither auto nor a price such as 0.05',
);

/**
 * Arguments of Packer's `amazon-ebs` builder in camelCase: the useful ones, a closed list.
 * Bounds are those of the builder's documentation and of the EC2 API.
 */
export const amazonEbsSettings = z.strictObject({
  region: awsRegion.optional().describe("Region that is built in. Default: the connection's."),
  instanceType: shaped(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'is no instance type').describe(
    'Type of the build VM, for example t3.small.',
  ),
  vpcId: shaped(/^vpc-[0-9a-f]{8,17}$/, 'is no VPC id')
    .optional()
    .describe('VPC of the temporary security group. Default: that of the subnet, else the default VPC.'),
  subnetId: subnetId.optional().describe('Subnet of the build VM. Default: one of the default VPC.'),
  securityGroupIds: z
    .array(securityGroupId)
    .min(1)
    .max(5)
    .optional()
    .describe('Security groups of the build VM. Default: one that is made for the build.'),
  temporarySecurityGroupSourceCidrs: z
    .array(z.cidrv4())
    .min(1)
    .max(20)
    .optional()
    .describe('Who may reach the build VM through the security group that is made. Default: everybody.'),
  associatePublicIpAddress: flag("Give the build VM a public address. Default: the subnet's."),
  iamInstanceProfile: shaped(/^[\w+=,.@-]{1,128}$/, 'is no name of an instance profile')
    .optional()
    .describe('Instance profile of the build VM, by its name. Default: none.'),
  temporaryIamInstanceProfilePolicyDocument: policyDocument
    .optional()
    .describe(
      'Policy of an instance profile that is made for the build and removed after it, as IAM writes one. The ' +
        'connection must be allowed to make roles: see docs/aws.md. Default: none.',
    ),
  ebsOptimized: flag('EBS-optimised build VM. Default: that of the instance type.'),
  enaSupport: flag('Enhanced networking (ENA) on the image. Default: that of the base image.'),
  launchBlockDeviceMappings: z
    .array(blockDevice)
    .max(20)
    .optional()
    .describe('Disks of the build VM. Default: those of the base image.'),
  ...imageFields,
  ...sshFields,
  sshInterface: oneOf(
    ['public_ip', 'private_ip', 'public_dns', 'private_dns', 'session_manager'],
    'Way to the build VM. session_manager needs an instance profile, and SSH. ' +
      'Default: its public address, where it has one.',
  ),
  winrmUsername: winrmFields.winrmUsername,
  winrmPort: winrmFields.winrmPort,
  winrmTimeout: winrmFields.winrmTimeout,
  userData: userData
    .optional()
    .describe(
      'User data of the build VM: a script or cloud-init data, at most 16 KB; no secrets. ' +
        'Not for machines reached by WinRM, whose user data opens it. Default: none.',
    ),
  metadataOptions: metadataOptions
    .optional()
    .describe('Instance metadata (IMDS) of the build VM; ignored by a deployment with Packer 1.6.'),
  imdsSupport: oneOf(
    ['v2.0'],
    'Machines made from the image answer IMDSv2 only; ignored by a deployment with Packer 1.6. Default: both.',
  ),
  spotPrice: spotPrice
    .optional()
    .describe(
      'Build on a spot instance for at most this price, US dollars an hour as text; auto: the on-demand price. ' +
        'Default: on demand.',
    ),
  disableStopInstance: flag('The last step stops the build VM by itself. Default: false.'),
});
export type AmazonEbsSettings = z.infer<typeof amazonEbsSettings>;

/** Most I/O operations a second for each GiB, as Packer checks them; AWS allows the same or more. */
const IOPS_PER_GIB: Record<string, number> = { io1: 50, io2: 500 };

const iopsFault = ({
  volumeType = 'gp2',
  iops = 0,
  volumeSize,
}: z.infer<typeof blockDevice>): string | undefined => {
  if (volumeType === 'gp3') return iops < 3000 || iops > 16_000 ? 'must be 3000 to 16000 for gp3' : undefined;
  const most = IOPS_PER_GIB[volumeType];
  if (most === undefined) return 'needs the volumeType io1, io2 or gp3';
  const isTooMuch = volumeSize !== undefined && Math.floor(iops / volumeSize) > most;
  return isTooMuch ? `is more than ${most} for each GiB of the volume` : undefined;
};

const deviceRule = (
  device: z.infer<typeof blockDevice>,
  blameField: (field: string, why: string) => void,
): void => {
  const { volumeType, iops, throughput, kmsKeyId, encrypted } = device;
  const fault = iops === undefined ? undefined : iopsFault(device);
  if (fault !== undefined) blameField('iops', fault);
  if (throughput !== undefined && volumeType !== 'gp3') blameField('throughput', 'needs the volumeType gp3');
  if (kmsKeyId !== undefined && encrypted !== true) blameField('kmsKeyId', 'needs encrypted');
};

const accessRule: SettingsRule<AmazonEbsSettings> = (settings, issues) => {
  const { iamInstanceProfile, temporaryIamInstanceProfilePolicyDocument: temporary } = settings;
  const winrm = (['winrmUsername', 'winrmPort', 'winrmTimeout'] as const).filter(
    (field) => settings[field] !== undefined,
  );
  for (const field of winrm)
    if (settings.userData !== undefined)
      blame(issues, 'userData', `is not possible together with ${field}: a run's own user data opens WinRM`);
  if (iamInstanceProfile !== undefined && temporary !== undefined)
    blame(issues, 'temporaryIamInstanceProfilePolicyDocument', 'is not possible with iamInstanceProfile');
  if (settings.sshInterface !== 'session_manager') return;
  if (iamInstanceProfile === undefined && temporary === undefined)
    blame(issues, 'iamInstanceProfile', 'is needed by the sshInterface session_manager');
  for (const field of winrm)
    blame(issues, 'sshInterface', `session_manager carries SSH only; ${field} is of WinRM`);
};

const settingsRule: SettingsRule<AmazonEbsSettings> = (settings, issues) => {
  imageRule(settings, issues);
  accessRule(settings, issues);
  if (settings.spotPrice !== undefined && settings.enaSupport === true)
    blame(issues, 'enaSupport', 'is not possible together with spotPrice');
  for (const [at, device] of (settings.launchBlockDeviceMappings ?? []).entries())
    deviceRule(device, (field, why) => blame(issues, ['launchBlockDeviceMappings', at, field], why));
};

const WINRM_TLS = 'is not taken: the build VM is set up for TLS with a certificate that it makes itself';

/** Arguments of `amazon-ebs` as they are written. */
export const amazonEbsInput = written(amazonEbsSettings, {
  rule: settingsRule,
  notOurs: {
    ...namedByRun('amiName'),
    ...Object.fromEntries(['winrmUseSsl', 'winrmInsecure'].map((field) => [field, WINRM_TLS])),
    sourceAmi: 'is in the operating system',
    sourceAmiFilter: 'is in the operating system',
    userDataFile: 'is not taken: write the text as userData',
    amiGroups: 'is not taken: no image is made public',
    snapshotGroups: 'is not taken: no snapshot is made public',
    forceDeregister: 'is not taken: a version that is there is never replaced',
    forceDeleteSnapshot: 'is not taken: a version that is there is never replaced',
  },
});
