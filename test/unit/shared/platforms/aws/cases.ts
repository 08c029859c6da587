import type { AmazonEbsSettings } from '../../../../../shared/contracts/platforms/aws.ts';
import type { PlatformCase } from '../../../../support/platform-case.ts';
import { fullSnapshot, snapshot, windowsSnapshot, withSettings } from '../../packer/fixtures.ts';

const place = { accountId: '123456789012', amiName: 'Web-Base-v7' };
const primary = {
  role: 'primary' as const,
  region: 'eu-central-1',
  amiId: 'ami-0123456789abcdef0',
  ...place,
};
const artifactOf = (...parts: string[]) => ({
  builderId: 'mitchellh.amazonebs',
  id: parts.join(','),
  description: `AMIs were created:\n${parts.map((part) => `${part.replace(':', ': ')}\n`).join('')}`,
});
const one = {
  baseImage: { id: 'ami-0abcdef0123456789', name: 'base' },
  artifact: artifactOf('eu-central-1:ami-0123456789abcdef0'),
  locators: [primary],
};
/** Packer sorts the regions by name. */
const copied = {
  ...one,
  artifact: artifactOf(
    'ap-south-1:ami-0123456789abcdef2',
    'eu-central-1:ami-0123456789abcdef0',
    'us-east-1:ami-0123456789abcdef1',
  ),
  locators: [
    primary,
    { role: 'copy' as const, region: 'ap-south-1', amiId: 'ami-0123456789abcdef2', ...place },
    { role: 'copy' as const, region: 'us-east-1', amiId: 'ami-0123456789abcdef1', ...place },
  ],
};

const copies: Partial<AmazonEbsSettings> = {
  amiRegions: ['us-east-1', 'ap-south-1'],
  regionKmsKeyIds: {
    'us-east-1': 'alias/images',
    'ap-south-1': 'arn:aws:kms:ap-south-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef',
  },
  amiUsers: ['210987654321'],
  snapshotUsers: ['210987654321'],
};
/** What only newer Packer knows. */
const newer: Partial<AmazonEbsSettings> = {
  amiOrgArns: ['arn:aws:organizations::123456789012:organization/o-abcdef1234'],
  amiOuArns: ['arn:aws:organizations::123456789012:ou/o-abcdef1234/ou-ab12-abcdef12'],
  deprecateAt: '2030-01-31T12:00:00Z',
  deregistrationProtection: { enabled: true, withCooldown: true },
};
/** Through Session Manager, with a profile that lives as long as the build, on a spot instance. */
const session: Partial<AmazonEbsSettings> = {
  sshInterface: 'session_manager',
  spotPrice: 'auto',
  temporaryIamInstanceProfilePolicyDocument: {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['ssmmessages:*', 'ssm:UpdateInstanceInformation'], Resource: ['*'] },
      { Effect: 'Deny', Action: ['s3:*'], Resource: ['arn:aws:s3:::home/${aws:username}/*'] },
    ],
  },
};

export const cases: PlatformCase[] = [
  { name: 'amazon-ebs linux', snapshot: snapshot(), ...one },
  { name: 'amazon-ebs linux full', snapshot: withSettings(fullSnapshot(), copies), ...copied },
  {
    name: 'amazon-ebs linux newest',
    snapshot: withSettings(fullSnapshot(), { ...copies, ...newer }),
    generations: ['modern'],
    ...copied,
  },
  { name: 'amazon-ebs linux session', snapshot: withSettings(snapshot(), session), ...one },
  { name: 'amazon-ebs windows', snapshot: windowsSnapshot(), ...one },
];
