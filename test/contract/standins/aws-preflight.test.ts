import {
  CopyImageCommand,
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  DescribeKeyPairsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSecurityGroupsCommand,
  DisableEbsEncryptionByDefaultCommand,
  EnableEbsEncryptionByDefaultCommand,
  ModifyEbsDefaultKmsKeyIdCommand,
} from '@aws-sdk/client-ec2';
import { CreateInstanceProfileCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, DisableKeyCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPermissions, trustPolicy } from '../../../shared/platforms/aws/trust.ts';
import type { PlatformCheck } from '../../../shared/platforms/platform.ts';
import { containing } from '../../support/matchers.ts';
import {
  type Account,
  clientsOf,
  closeAccount,
  iamOf,
  keysOf,
  kmsOf,
  makeRole,
  makeUser,
  openAccount,
  runOf,
  snapshotIn,
  whileEnforced,
} from './aws-account.ts';
import { createClient, credentials, debianImageId, region } from './ec2-support.ts';

const settings = '/builderConfiguration/settings';
const GHOST = '0'.repeat(17);
const debian = { id: debianImageId, name: 'debian' };
type Settings = Parameters<typeof snapshotIn>[1];

let account: Account;
let ec2: ReturnType<typeof createClient>;
beforeAll(async () => {
  account = await openAccount();
  process.env['AWS_ACCESS_KEY_ID'] = credentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = credentials.secretAccessKey;
  ec2 = createClient(account.standin.endpoint);
});
afterAll(async () => {
  await closeAccount(account);
});

const checksOf = (wanted: Settings = {}, base = debian, number = 1): Promise<PlatformCheck[]> =>
  clientsOf(snapshotIn(account, wanted), runOf(number)).client.preflight(base);
const withStatus = (checks: PlatformCheck[], status: string) => checks.filter((one) => one.status === status);
const idsOf = (checks: PlatformCheck[]) => checks.map(({ id }) => id);

/** The one failure there is, which says what to do; throws when there is none or more than one. */
const onlyFailure = (checks: PlatformCheck[]): PlatformCheck => {
  const [failure, ...more] = withStatus(checks, 'fail');
  if (failure?.remedy === undefined || more.length > 0)
    throw new Error(`not one failure with a remedy: ${JSON.stringify(withStatus(checks, 'fail'))}`);
  return failure;
};

describe('what a run would meet in an account', () => {
  it('is all well for a good definition', async () => {
    const checks = await checksOf();
    expect(idsOf(withStatus(checks, 'pass'))).toEqual([
      'credentials',
      'region',
      'permissions',
      'network',
      'machine-type',
      'base-image',
      'image-name',
      'quota',
      'credential-lifetime',
    ]);
    expect(checks.filter(({ status }) => status !== 'pass')).toEqual([]);
  });

  it('changes nothing in the account, whatever it asks for', async () => {
    const own = async () => {
      const [pairs, groups, images, templates] = await Promise.all([
        ec2.send(new DescribeKeyPairsCommand({})),
        ec2.send(new DescribeSecurityGroupsCommand({})),
        ec2.send(new DescribeImagesCommand({ Owners: ['self'] })),
        ec2.send(new DescribeLaunchTemplatesCommand({})),
      ]);
      const vms: unknown = await (await fetch(`${account.standin.managerUrl}/vms`)).json();
      return [pairs.KeyPairs, groups.SecurityGroups, images.Images, templates.LaunchTemplates, vms];
    };
    const before = await own();
    await checksOf({ spotPrice: '0.05', amiRegions: ['eu-central-1'], snapshotUsers: ['210987654321'] });
    expect(await own()).toEqual(before);
  });

  it.each<[string, Settings, Partial<PlatformCheck>]>([
    [
      'a subnet that does not exist (S162)',
      { subnetId: `subnet-${GHOST}` },
      { id: 'network', field: `${settings}/subnetId`, errorId: 'network-not-found' },
    ],
    [
      'a subnet of another VPC',
      { vpcId: `vpc-${GHOST}` },
      { id: 'network', field: `${settings}/vpcId`, errorId: 'network-not-found' },
    ],
    [
      'a security group that does not exist (S162)',
      { securityGroupIds: [`sg-${GHOST}`] },
      { id: 'network', field: `${settings}/securityGroupIds/0`, errorId: 'network-not-found' },
    ],
    [
      'a machine type that nobody has (S152)',
      { instanceType: 'x99.tiny' },
      { id: 'machine-type', field: `${settings}/instanceType`, errorId: 'instance-type-invalid' },
    ],
    [
      'a machine type of another architecture',
      { instanceType: 't4g.micro' },
      { id: 'machine-type', field: `${settings}/instanceType`, errorId: 'architecture-mismatch' },
    ],
    [
      'a region that does not exist (S152)',
      { region: 'us-middle-9' },
      { id: 'region', field: `${settings}/region`, errorId: 'region-invalid' },
    ],
    [
      'a region for copies that does not exist',
      { amiRegions: ['eu-central-1', 'us-middle-9'] },
      { id: 'region', field: `${settings}/amiRegions/1`, errorId: 'region-invalid' },
    ],
    [
      'an instance profile that does not exist',
      { iamInstanceProfile: 'nobody' },
      {
        id: 'instance-profile',
        field: `${settings}/iamInstanceProfile`,
        errorId: 'instance-profile-invalid',
      },
    ],
    [
      'a key that does not exist',
      { encryptBoot: true, kmsKeyId: 'alias/nobody' },
      { id: 'encryption-key', field: `${settings}/kmsKeyId`, errorId: 'encryption-key-unusable' },
    ],
    [
      'a disk that is smaller than that of the base image',
      { launchBlockDeviceMappings: [{ deviceName: '/dev/xvda', volumeSize: 1 }] },
      {
        id: 'base-image',
        field: `${settings}/launchBlockDeviceMappings/0/volumeSize`,
        errorId: 'builder-setting-invalid',
      },
    ],
    [
      'a deprecation in the past',
      { deprecateAt: '2020-01-31T12:00:00Z' },
      { id: 'deprecation', field: `${settings}/deprecateAt`, errorId: 'builder-setting-invalid' },
    ],
  ])('has one failure for %s, with its field', async (_case, wanted, expected) => {
    expect(onlyFailure(await checksOf(wanted))).toMatchObject(expected);
  });

  it('has one failure for a base image that is gone, at the image of the operating system (S164)', async () => {
    expect(onlyFailure(await checksOf({}, { id: `ami-${GHOST}`, name: 'ghost' }))).toMatchObject({
      id: 'base-image',
      field: '/operatingSystem/images/0',
      errorId: 'base-image-not-found',
    });
  });

  it('has one failure for a security group of another VPC', async () => {
    const { Vpc: vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    const group = { GroupName: 'elsewhere', Description: 'x', VpcId: vpc?.VpcId };
    const { GroupId: id = '' } = await ec2.send(new CreateSecurityGroupCommand(group));
    const field = `${settings}/securityGroupIds/0`;
    expect(onlyFailure(await checksOf({ securityGroupIds: [id] }))).toMatchObject({ id: 'network', field });
    // Of two the wrong one is named.
    const { client } = clientsOf(snapshotIn(account, { subnetId: undefined, vpcId: vpc?.VpcId }), runOf(1));
    expect(onlyFailure(await client.preflight(debian))).toMatchObject({
      id: 'network',
      field: `${settings}/subnetId`,
    });
  });

  it('has one failure for a name that is taken, here or where a copy is to be', async () => {
    const take = (place: string, name: string) =>
      createClient(account.standin.endpoint, { region: place }).send(
        new CopyImageCommand({ Name: name, SourceImageId: debianImageId, SourceRegion: region }),
      );
    await take(region, 'Web-Base-v5');
    await take('eu-central-1', 'Web-Base-v6');
    const taken = { id: 'image-name', field: '/firstNumber', errorId: 'image-name-taken' } as const;
    expect(onlyFailure(await checksOf({}, debian, 5))).toMatchObject(taken);
    expect(withStatus(await checksOf({}, debian, 6), 'fail')).toEqual([]);
    const abroad = await checksOf({ amiRegions: ['eu-central-1'] }, debian, 6);
    expect(onlyFailure(abroad)).toMatchObject(taken);
    expect(onlyFailure(abroad).detail).toContain('in eu-central-1');
  });

  it('has one failure for a key that is disabled, and for a profile without a role', async () => {
    const kms = kmsOf(account);
    const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({}));
    const wanted = { encryptBoot: true, kmsKeyId: key?.KeyId };
    expect(idsOf(withStatus(await checksOf(wanted), 'pass'))).toContain('encryption-key');
    await kms.send(new DisableKeyCommand({ KeyId: key?.KeyId }));
    expect(onlyFailure(await checksOf(wanted))).toMatchObject({
      id: 'encryption-key',
      errorId: 'encryption-key-unusable',
    });
    await iamOf(account).send(new CreateInstanceProfileCommand({ InstanceProfileName: 'empty' }));
    expect(onlyFailure(await checksOf({ iamInstanceProfile: 'empty' }))).toMatchObject({
      id: 'instance-profile',
    });
  });

  it('says that nobody could ask IAM about what has no dry run', async () => {
    const checks = await checksOf({ sshInterface: 'session_manager', iamInstanceProfile: 'nobody' });
    const [warning] = withStatus(checks, 'warn').filter(({ id }) => id === 'permissions');
    expect(warning).toMatchObject({
      detail: containing('ssm:StartSession'),
      remedy: containing('iam:SimulatePrincipalPolicy'),
    });
    expect(withStatus(checks, 'warn')).toContainEqual(
      expect.objectContaining({ id: 'session-manager', field: `${settings}/sshInterface` }),
    );
  });

  it('warns of a machine that nobody can reach from outside', async () => {
    const checks = await checksOf({ sshInterface: 'public_ip', associatePublicIpAddress: false });
    expect(withStatus(checks, 'warn').find(({ id }) => id === 'network')).toMatchObject({
      field: `${settings}/associatePublicIpAddress`,
    });
  });
});

describe('sharing before a run', () => {
  const shared = { amiUsers: ['210987654321'] };
  const sharing = (checks: PlatformCheck[]) => checks.filter(({ id }) => id === 'sharing');

  it('is well where nothing is encrypted, and not asked about where nothing is shared', async () => {
    expect(sharing(await checksOf(shared))).toMatchObject([{ status: 'pass' }]);
    expect(sharing(await checksOf())).toEqual([]);
  });

  it('fails where the base image brings the default key along', async () => {
    const copy = { Name: 'locked', SourceImageId: debianImageId, SourceRegion: region, Encrypted: true };
    const { ImageId: id = '' } = await ec2.send(new CopyImageCommand(copy));
    const field = `${settings}/kmsKeyId`;
    expect(onlyFailure(await checksOf(shared, { id, name: 'locked' }))).toMatchObject({
      id: 'sharing',
      field,
      errorId: 'image-not-shareable',
    });
    // A key of the builder's own takes its place.
    const { KeyMetadata: key } = await kmsOf(account).send(new CreateKeyCommand({}));
    const own = { ...shared, encryptBoot: true, kmsKeyId: key?.KeyId };
    expect(sharing(await checksOf(own, { id, name: 'locked' }))).toMatchObject([{ status: 'pass' }]);
  });

  it('fails where the account encrypts by itself under its default key; a copy is only told of', async () => {
    await ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
    try {
      expect(onlyFailure(await checksOf(shared))).toMatchObject({
        id: 'sharing',
        field: `${settings}/kmsKeyId`,
        errorId: 'image-not-shareable',
      });
      expect(sharing(await checksOf({ amiRegions: ['eu-central-1'] }))).toMatchObject([{ status: 'warn' }]);
      const { KeyMetadata: key } = await kmsOf(account).send(new CreateKeyCommand({}));
      await ec2.send(new ModifyEbsDefaultKmsKeyIdCommand({ KmsKeyId: key?.Arn }));
      expect(sharing(await checksOf(shared))).toMatchObject([{ status: 'pass' }]);
    } finally {
      await ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
    }
  });
});

describe('credentials and permissions before a run', () => {
  const allowed = buildPermissions.Statement;
  const without = (action: string) =>
    allowed.map((one) => ({ ...one, Action: one.Action.filter((name) => name !== action) }));
  const asUser = async (keys: Awaited<ReturnType<typeof makeUser>>, wanted: Settings = {}) =>
    whileEnforced(account, () =>
      clientsOf(snapshotIn(account, wanted, keys), runOf(1), keys).client.preflight(debian),
    );

  it('are enough with the policy that a connection shows, whatever the build does (S150)', async () => {
    const keys = await makeUser(account, 'enough', allowed);
    const everything: Settings = {
      spotPrice: '0.05',
      amiRegions: ['eu-central-1'],
      amiUsers: ['210987654321'],
      snapshotUsers: ['210987654321'],
      deprecateAt: '2030-01-31T12:00:00Z',
    };
    for (const wanted of [{}, everything]) {
      const checks = await asUser(keys, wanted);
      expect(withStatus(checks, 'fail')).toEqual([]);
      expect(withStatus(checks, 'warn')).toEqual([]);
    }
  });

  it.each(['ec2:CreateImage', 'ec2:RunInstances', 'ec2:DescribeSubnets', 'ec2:DeleteSnapshot'])(
    'are one failure without %s, which it names (S150)',
    async (action) => {
      const keys = await makeUser(account, `without-${action.slice(4)}`, without(action));
      const checks = await asUser(keys);
      expect(onlyFailure(checks)).toMatchObject({
        id: 'permissions',
        field: '/connection/settings/auth',
        errorId: 'permission-denied',
      });
      expect(onlyFailure(checks).detail).toBe(`The connection may not: ${action}.`);
    },
  );

  it('say where a copy may not be made, and name nothing twice', async () => {
    const keys = await makeUser(account, 'without-copies', without('ec2:CopyImage'));
    const checks = await asUser(keys, { amiRegions: ['eu-central-1'] });
    expect(withStatus(checks, 'fail').map(({ detail }) => detail)).toEqual([
      'The connection may not: ec2:CopyImage (eu-central-1).',
    ]);
  });

  it('are one failure and nothing else with a wrong key (S149)', async () => {
    const keys = await makeUser(account, 'wrong', allowed);
    const checks = await asUser({ ...keys, secretAccessKey: 'not this one' });
    expect(onlyFailure(checks)).toMatchObject({
      id: 'credentials',
      field: '/connection/settings/auth',
      errorId: 'credentials-invalid',
    });
    expect(checks).toHaveLength(1);
  });

  it('are one failure with another external id, before a run and when the connection is verified (S149)', async () => {
    const caller = await makeUser(account, 'deployment', [
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' },
    ]);
    // The stand-in does not know that an account's root stands for all of it, and looks at no pattern of ARNs.
    const principalArn = 'arn:aws:iam::123456789012:user/deployment';
    const trust = trustPolicy({ principalArn, rolePattern: '*' }, 'external-id-1');
    const roleArn = await makeRole(account, 'builder', trust, allowed);
    const ask = (externalId: string) => {
      const from = snapshotIn(account);
      const auth = { type: 'role' as const, roleArn };
      const connection = { ...from.connection, externalId, settings: { region, auth } };
      const clients = clientsOf({ ...from, connection }, runOf(1));
      return whileEnforced(account, () =>
        keysOf(caller, async () => [await clients.client.preflight(debian), await clients.account.verify()]),
      );
    };
    const [before = [], verified = []] = await ask('external-id-2');
    const refused = { id: 'credentials', errorId: 'role-not-assumable' } as const;
    expect(onlyFailure(before)).toMatchObject({ ...refused, field: '/connection/settings/auth' });
    expect(onlyFailure(verified)).toMatchObject({ ...refused, field: '/settings/auth' });
    const good = await ask('external-id-1');
    expect(good.map((checks) => withStatus(checks, 'fail'))).toEqual([[], []]);
  });
});

describe('a connection alone', () => {
  it('is well: credentials, region, permissions', async () => {
    const { account: own } = clientsOf(snapshotIn(account), runOf(1));
    expect(await own.verify()).toMatchObject([
      { id: 'credentials', status: 'pass' },
      { id: 'region', status: 'pass' },
      { id: 'permissions', status: 'pass' },
    ]);
  });

  it('has one failure with the field of the connection for a missing permission and for a wrong region', async () => {
    const one = buildPermissions.Statement.filter(({ Sid }) => Sid !== 'Builds');
    const keys = await makeUser(account, 'few', one);
    const from = snapshotIn(account, {}, keys);
    const { account: own } = clientsOf(from, runOf(1), keys);
    const checks = await whileEnforced(account, () => own.verify());
    expect(onlyFailure(checks)).toMatchObject({ id: 'permissions', field: '/settings/auth' });
    expect(onlyFailure(checks).detail).toMatch(/ec2:RunInstances.*ec2:CreateImage/);
    const { auth } = from.connection.settings;
    const connection = { ...from.connection, settings: { region: 'us-middle-9', auth } };
    const elsewhere = clientsOf({ ...from, connection }, runOf(1), keys).account;
    expect(onlyFailure(await elsewhere.verify())).toMatchObject({ id: 'region', field: '/settings/region' });
  });
});
