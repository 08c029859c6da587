import * as z from 'zod';
import { templateSafeText } from '../common.ts';

/** `eu-central-1`, `us-gov-west-1`: what an AWS region's name looks like. */
export const awsRegion = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is no AWS region');

/** Most tags of our own choice on one resource: AWS takes 50, and Goldsmith and Packer add theirs. */
const MAX_TAGS = 40;

/** Tags on the finished image and on what a build makes for a while. */
export const awsTags = z
  .record(
    templateSafeText(128)
      .min(1)
      .regex(/^(?!aws:)/i, 'must not begin with aws:'),
    templateSafeText(256),
  )
  .refine((value) => Object.keys(value).length <= MAX_TAGS, `at most ${MAX_TAGS} tags`);

/** Settings of an AWS connection; `secret` is the form a secret has there: written, read or stored. */
export const awsConnectionSettings = <S extends z.ZodType>(secret: S) =>
  z.strictObject({
    region: awsRegion,
    auth: z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('role'),
        roleArn: z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'is no role ARN'),
      }),
      z.strictObject({
        type: z.literal('access-key'),
        accessKeyId: z.string().regex(/^[A-Z0-9]{16,128}$/, 'is no access key id'),
        secretAccessKey: secret,
      }),
    ]),
  });

/** Packer's durations, such as `90s` or `1h30m`. */
const duration = z.string().regex(/^(\d+(\.\d+)?(ms|s|m|h))+$/, 'is no duration such as 90s or 1h30m');
const subnetId = z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'is no subnet id');
const securityGroupId = z.string().regex(/^sg-[0-9a-f]{8,17}$/, 'is no security group id');

const blockDevice = z.strictObject({
  deviceName: z.string().regex(/^(\/dev\/)?[a-z0-9]{2,20}$/, 'is no device name'),
  volumeSize: z.int().min(1).max(65_536).optional().meta({ description: 'GiB' }),
  volumeType: z.enum(['gp2', 'gp3', 'io1', 'io2', 'st1', 'sc1', 'standard']).optional(),
  iops: z.int().min(100).max(256_000).optional(),
  throughput: z.int().min(125).max(2000).optional().meta({ description: 'MiB/s, gp3 only' }),
  encrypted: z.boolean().optional(),
  kmsKeyId: templateSafeText(2048).optional(),
  deleteOnTermination: z.boolean().optional(),
});

/**
 * Arguments of Packer's `amazon-ebs` builder in camelCase: the useful ones, a closed list.
 * Bounds are those of the builder's documentation and of the EC2 API.
 */
export const amazonEbsSettings = z.strictObject({
  region: awsRegion.optional().meta({ description: "default: the connection's region" }),
  instanceType: z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'is no instance type'),
  vpcId: z
    .string()
    .regex(/^vpc-[0-9a-f]{8,17}$/, 'is no VPC id')
    .optional(),
  subnetId: subnetId.optional(),
  securityGroupIds: z.array(securityGroupId).min(1).max(5).optional(),
  temporarySecurityGroupSourceCidrs: z.array(z.cidrv4()).min(1).max(20).optional(),
  associatePublicIpAddress: z.boolean().optional(),
  iamInstanceProfile: templateSafeText(128).optional(),
  ebsOptimized: z.boolean().optional(),
  enaSupport: z.boolean().optional(),
  encryptBoot: z.boolean().optional(),
  kmsKeyId: templateSafeText(2048).optional(),
  launchBlockDeviceMappings: z.array(blockDevice).max(20).optional(),
  amiDescription: templateSafeText(255).optional(),
  sshUsername: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is no user name')
    .optional(),
  sshPort: z.int().min(1).max(65_535).optional(),
  sshTimeout: duration.optional(),
  sshInterface: z
    .enum(['public_ip', 'private_ip', 'public_dns', 'private_dns', 'session_manager'])
    .optional(),
  winrmUsername: templateSafeText(64).optional(),
  winrmTimeout: duration.optional(),
});
export type AmazonEbsSettings = z.infer<typeof amazonEbsSettings>;

/** Where an AMI is. */
export const awsLocator = z.object({
  role: z.enum(['primary', 'copy']),
  region: awsRegion,
  accountId: z.string(),
  amiId: z.string(),
  amiName: z.string(),
});
