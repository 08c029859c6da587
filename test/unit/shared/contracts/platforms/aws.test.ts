import { describe, expect, test } from 'vitest';
import { builderConfigurationInput as schema } from '../../../../../shared/contracts/entities/builder-configuration.ts';
import { builderOf } from '../../../../support/platform-bodies.ts';
import { detailAt, pointers } from '../../../../support/pointers.ts';

const plain = {
  encryptBoot: undefined,
  kmsKeyId: undefined,
  amiRegions: undefined,
  regionKmsKeyIds: undefined,
  amiUsers: undefined,
};
const bodyOf = (settings: object) => builderOf('amazon-ebs', { ...plain, ...settings });
const refused = (settings: object) => pointers(schema, bodyOf(settings)).sort();
const organization = 'arn:aws:organizations::123456789012:organization/o-abcdef1234';
const unit = 'arn:aws:organizations::123456789012:ou/o-abcdef1234/ou-ab12-abcdef12';
const everyShare = {
  amiUsers: ['210987654321'],
  amiOrgArns: [organization],
  amiOuArns: [unit],
  snapshotUsers: ['210987654321'],
};
const both = ['/settings/amiOrgArns', '/settings/amiOuArns', '/settings/amiUsers', '/settings/snapshotUsers'];

describe('sharing what amazon-ebs makes (S142)', () => {
  test('is taken with accounts, organisations and organizational units', () => {
    expect(refused(everyShare)).toEqual([]);
    expect(refused({ ...everyShare, encryptBoot: true, kmsKeyId: 'alias/images' })).toEqual([]);
    expect(refused({ ...everyShare, encryptBoot: false })).toEqual([]);
  });

  test("under the account's default key is refused, and each field says why", () => {
    expect(refused({ ...everyShare, encryptBoot: true })).toEqual(both);
    const detail = detailAt(
      schema,
      bodyOf({ amiUsers: ['210987654321'], encryptBoot: true }),
      '/settings/amiUsers',
    );
    expect(detail).toMatch(/default key cannot be shared/);
    expect(refused({ encryptBoot: true, amiUsers: [] })).toEqual([]);
  });

  test.each([
    [{ amiUsers: ['21098765432'] }, '/settings/amiUsers/0'],
    [{ amiUsers: ['all'] }, '/settings/amiUsers/0'],
    [{ amiUsers: ['210987654321', '210987654321'] }, '/settings/amiUsers/1'],
    [{ amiOrgArns: ['o-abcdef1234'] }, '/settings/amiOrgArns/0'],
    [{ amiOrgArns: [unit] }, '/settings/amiOrgArns/0'],
    [{ amiOuArns: [organization] }, '/settings/amiOuArns/0'],
    [{ amiGroups: ['all'] }, '/settings/amiGroups'],
    [{ snapshotGroups: ['all'] }, '/settings/snapshotGroups'],
  ])('%j is refused', (settings, pointer) => {
    expect(refused(settings)).toEqual([pointer]);
  });
});

describe('copies to further regions', () => {
  test.each([
    [{ amiRegions: ['us-east-1', 'ap-south-1'] }, []],
    [{ amiRegions: ['us-east-1'], encryptBoot: true }, ['/settings/regionKmsKeyIds']],
    [
      {
        amiRegions: ['us-east-1', 'ap-south-1'],
        encryptBoot: true,
        regionKmsKeyIds: { 'us-east-1': 'alias/x' },
      },
      ['/settings/regionKmsKeyIds'],
    ],
    [{ amiRegions: ['us-east-1'], encryptBoot: true, regionKmsKeyIds: { 'us-east-1': 'alias/x' } }, []],
    [
      { amiRegions: ['us-east-1'], regionKmsKeyIds: { 'us-east-1': 'alias/x' } },
      ['/settings/regionKmsKeyIds'],
    ],
    [
      { encryptBoot: true, regionKmsKeyIds: { 'us-east-1': 'alias/x' } },
      ['/settings/regionKmsKeyIds/us-east-1'],
    ],
    [{ region: 'eu-west-1', amiRegions: ['eu-west-1'] }, ['/settings/amiRegions/0']],
    [{ amiRegions: ['us-east-1', 'us-east-1'] }, ['/settings/amiRegions/1']],
    [{ amiRegions: ['moon'] }, ['/settings/amiRegions/0']],
    [{ encryptBoot: true, kmsKeyId: 'my key' }, ['/settings/kmsKeyId']],
    [{ kmsKeyId: 'alias/x' }, ['/settings/kmsKeyId']],
  ])('%j', (settings, expected) => {
    expect(refused(settings)).toEqual(expected);
  });

  test('say which region lacks its key', () => {
    const keys = { 'us-east-1': 'alias/x' };
    const settings = { amiRegions: ['us-east-1', 'ap-south-1'], encryptBoot: true, regionKmsKeyIds: keys };
    expect(detailAt(schema, bodyOf(settings), '/settings/regionKmsKeyIds')).toContain('ap-south-1');
  });
});

describe('Session Manager', () => {
  const session = { sshInterface: 'session_manager' };
  const policy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['ssm:*'], Resource: ['*'] }],
  };
  test.each([
    [{ ...session, iamInstanceProfile: 'build' }, []],
    [{ ...session, temporaryIamInstanceProfilePolicyDocument: policy }, []],
    [session, ['/settings/iamInstanceProfile']],
    [{ ...session, iamInstanceProfile: 'build', winrmPort: 5986 }, ['/settings/sshInterface']],
    [
      { iamInstanceProfile: 'build', temporaryIamInstanceProfilePolicyDocument: policy },
      ['/settings/temporaryIamInstanceProfilePolicyDocument'],
    ],
    [{ iamInstanceProfile: 'arn:aws:iam::1:x/y' }, ['/settings/iamInstanceProfile']],
    [
      { temporaryIamInstanceProfilePolicyDocument: { ...policy, Version: '2008-10-17' } },
      ['/settings/temporaryIamInstanceProfilePolicyDocument/Version'],
    ],
    [
      { temporaryIamInstanceProfilePolicyDocument: { ...policy, Statement: [{ Effect: 'Allow' }] } },
      [
        '/settings/temporaryIamInstanceProfilePolicyDocument/Statement/0/Action',
        '/settings/temporaryIamInstanceProfilePolicyDocument/Statement/0/Resource',
      ],
    ],
  ])('%j', (settings, expected) => {
    expect(refused(settings)).toEqual(expected);
  });
});

describe('how long an image is there', () => {
  test.each([
    [{ deprecateAt: '2030-01-31T12:00:00Z' }, []],
    [{ deprecateAt: '2030-01-31' }, ['/settings/deprecateAt']],
    [{ deprecateAt: '2030-01-31T12:00:00+02:00' }, ['/settings/deprecateAt']],
    [{ deregistrationProtection: { enabled: true, withCooldown: true } }, []],
    [{ deregistrationProtection: {} }, ['/settings/deregistrationProtection/enabled']],
    [
      { forceDeregister: true, forceDeleteSnapshot: true },
      ['/settings/forceDeleteSnapshot', '/settings/forceDeregister'],
    ],
  ])('%j', (settings, expected) => {
    expect(refused(settings)).toEqual(expected);
  });
});
