import * as z from 'zod';
import { templateSafeText } from '../common.ts';
import {
  blame,
  duration,
  flag,
  namedByRun,
  oneOf,
  type SettingsRule,
  shaped,
  span,
  tagsOf,
  text,
  whole,
  written,
} from './fields.ts';

/** `eu-central-1`, `us-gov-west-1`: what an AWS region's name looks like. */
export const awsRegion = z
  .string()
  .max(32, { abort: true })
  .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is no AWS region');

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
  iops: whole(100, 256_000, 'I/O operations a second, for io1, io2 and gp3.'),
  throughput: whole(125, 2000, 'MiB/s, for gp3.'),
  encrypted: flag("Encrypt the volume. Default: the account's."),
  kmsKeyId: text(2048, "KMS key; needs encrypted. Default: the account's."),
  deleteOnTermination: flag('Delete the volume with the build VM. Default: false.'),
});

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
  iamInstanceProfile: text(128, 'Instance profile of the build VM. Default: none.'),
  ebsOptimized: flag('EBS-optimised build VM. Default: that of the instance type.'),
  enaSupport: flag('Enhanced networking (ENA) on the image. Default: that of the base image.'),
  encryptBoot: flag("Encrypt the image's snapshots. Default: that of the base image."),
  kmsKeyId: text(2048, "KMS key of the image's snapshots; needs encryptBoot. Default: the account's."),
  launchBlockDeviceMappings: z
    .array(blockDevice)
    .max(20)
    .optional()
    .describe('Disks of the build VM. Default: those of the base image.'),
  amiDescription: text(255, 'Description of the image. Default: none.'),
  sshUsername: shaped(/^[a-z_][a-z0-9_-]{0,31}$/, 'is no user name')
    .optional()
    .describe("User that Packer logs in as by SSH. Default: the operating system's."),
  sshPort: whole(1, 65_535, "TCP port of SSH. Default: the operating system's, else 22."),
  sshTimeout: span('How long to wait for SSH. Default: 10m.'),
  sshInterface: oneOf(
    ['public_ip', 'private_ip', 'public_dns', 'private_dns', 'session_manager'],
    'Way to the build VM. Default: its public address, where it has one.',
  ),
  winrmUsername: text(
    64,
    "User that Packer logs in as by WinRM. Default: the operating system's, else Administrator.",
  ),
  winrmTimeout: duration.optional().describe('How long to wait for WinRM, such as 45m. Default: 30m.'),
});
export type AmazonEbsSettings = z.infer<typeof amazonEbsSettings>;

const deviceRule = (
  { volumeType, iops, throughput, kmsKeyId, encrypted }: z.infer<typeof blockDevice>,
  blameField: (field: string, why: string) => void,
): void => {
  const takesIops = volumeType === 'io1' || volumeType === 'io2' || volumeType === 'gp3';
  if (iops !== undefined && !takesIops) blameField('iops', 'needs the volumeType io1, io2 or gp3');
  if (throughput !== undefined && volumeType !== 'gp3') blameField('throughput', 'needs the volumeType gp3');
  if (kmsKeyId !== undefined && encrypted !== true) blameField('kmsKeyId', 'needs encrypted');
};

const settingsRule: SettingsRule<AmazonEbsSettings> = (settings, issues) => {
  if (settings.kmsKeyId !== undefined && settings.encryptBoot !== true)
    blame(issues, 'kmsKeyId', 'needs encryptBoot');
  for (const [at, device] of (settings.launchBlockDeviceMappings ?? []).entries())
    deviceRule(device, (field, why) => blame(issues, ['launchBlockDeviceMappings', at, field], why));
};

/** Arguments of `amazon-ebs` as they are written. */
export const amazonEbsInput = written(amazonEbsSettings, {
  rule: settingsRule,
  notOurs: namedByRun('amiName'),
});

/** Where an AMI is. */
export const awsLocator = z.object({
  role: z.enum(['primary', 'copy']),
  region: awsRegion,
  accountId: z.string(),
  amiId: z.string(),
  amiName: z.string(),
});
