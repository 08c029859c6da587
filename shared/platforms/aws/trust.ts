/** What a customer pastes into AWS so that builds are let in: policies as JSON documents of IAM. */

const VERSION = '2012-10-17';

export type TrustSettings = {
  /** ARN of the deployment's account: its root stands for whoever of the account the conditions let through. */
  principalArn: string;
  /** ARNs, with `*`, of the deployment's own roles: no other role of its account may take a customer's. */
  rolePattern: string;
};

/**
 * Trust policy of a customer's role. The account is named and its roles by a condition: a role that is named as the
 * principal itself is forgotten by AWS when it is made anew under the same name.
 */
export const trustPolicy = ({ principalArn, rolePattern }: TrustSettings, externalId: string) => ({
  Version: VERSION,
  Statement: [
    {
      Sid: 'GoldsmithBuilds',
      Effect: 'Allow',
      Principal: { AWS: principalArn },
      Action: 'sts:AssumeRole',
      Condition: {
        StringEquals: { 'sts:ExternalId': externalId },
        ArnLike: { 'aws:PrincipalArn': rolePattern },
      },
    },
  ],
});

/** Documentation of Packer's Amazon plugin, "IAM Task or Instance Role", and the calls of client-*.ts. */
const builds = [
  'AttachVolume',
  'AuthorizeSecurityGroupIngress',
  'CopyImage',
  'CreateImage',
  'CreateKeyPair',
  'CreateSecurityGroup',
  'CreateSnapshot',
  'CreateTags',
  'CreateVolume',
  'DeleteKeyPair',
  'DeleteSecurityGroup',
  'DeleteSnapshot',
  'DeleteVolume',
  'DeregisterImage',
  'DescribeImageAttribute',
  'DescribeImages',
  'DescribeInstanceStatus',
  'DescribeInstanceTypeOfferings',
  'DescribeInstanceTypes',
  'DescribeInstances',
  'DescribeKeyPairs',
  'DescribeRegions',
  'DescribeRouteTables',
  'DescribeSecurityGroups',
  'DescribeSnapshots',
  'DescribeSubnets',
  'DescribeTags',
  'DescribeVolumes',
  'DescribeVpcs',
  'DetachVolume',
  'EnableImageDeprecation',
  'EnableImageDeregistrationProtection',
  'GetEbsDefaultKmsKeyId',
  'GetEbsEncryptionByDefault',
  'GetPasswordData',
  'ModifyImageAttribute',
  'ModifyInstanceAttribute',
  'ModifySnapshotAttribute',
  'RegisterImage',
  'RunInstances',
  'StopInstances',
  'TerminateInstances',
];
/** The same, where a builder names a spot price. */
const spotInstances = [
  'CreateFleet',
  'CreateLaunchTemplate',
  'DeleteLaunchTemplate',
  'DescribeLaunchTemplates',
];
/** Looking at the instance profile of a machine, and what checks ask. */
const profiles = ['iam:GetInstanceProfile', 'iam:SimulatePrincipalPolicy'];
/** Optional: without it the preflight warns that nobody knows whether the account has room for one more machine. */
const machineQuotas = ['servicequotas:GetServiceQuota', 'servicequotas:GetAWSDefaultServiceQuota'];
/** "Required permissions for IAM users" of the EBS guide: what EC2 does with a key in the name of who calls it. */
const keys = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

const allow = (sid: string, actions: string[], condition?: object) => ({
  Sid: sid,
  Effect: 'Allow',
  Action: actions,
  Resource: '*',
  ...(condition === undefined ? {} : { Condition: condition }),
});
const ec2 = (sid: string, actions: string[]) =>
  allow(
    sid,
    actions.map((action) => `ec2:${action}`),
  );

/**
 * Permissions policy of a customer's role: what a build does there, the checks before it, shares and the clean-up after
 * it. Nothing in it makes, or passes on, roles: to pass any role to a machine is to have its rights. docs/aws.md has what a
 * builder with an instance profile, a temporary one or Session Manager needs besides, for roles that you name.
 */
export const buildPermissions = {
  Version: VERSION,
  Statement: [
    ec2('Builds', builds),
    ec2('SpotInstances', spotInstances),
    allow('BaseImagesInParameters', ['ssm:GetParameter']),
    allow('InstanceProfiles', profiles),
    allow('OptionalMachineQuotas', machineQuotas),
    allow('LooksAtKeys', ['kms:DescribeKey']),
    allow('EncryptsDisks', keys, {
      StringLike: { 'kms:ViaService': ['ec2.*.amazonaws.com', 'ec2.*.amazonaws.com.cn'] },
    }),
  ],
};
