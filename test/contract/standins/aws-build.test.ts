import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  DescribeTagsCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import { ListInstanceProfilesCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AmazonEbsSettings } from '../../../shared/contracts/platforms/aws.ts';
import type { SnapshotStep } from '../../../shared/contracts/snapshot.ts';
import { type AwsLocator, amisOf } from '../../../shared/platforms/aws/base-image.ts';
import { aws } from '../../../shared/platforms/aws/index.ts';
import { shell, step } from '../../unit/shared/packer/fixtures.ts';
import {
  type Account,
  clientsOf,
  closeAccount,
  iamOf,
  kmsOf,
  openAccount,
  runOf,
  snapshotIn,
} from './aws-account.ts';
import { build as buildIn, locatorsOf, type Prepared } from './aws-packer.ts';
import { createClient, credentials, region } from './ec2-support.ts';

const abroad = 'eu-central-1';
const partner = '210987654321';
let account: Account;
let folder = '';
beforeAll(async () => {
  account = await openAccount();
  folder = await mkdtemp(join(tmpdir(), 'aws-build-'));
});
afterAll(async () => {
  await closeAccount(account);
  await rm(folder, { recursive: true, force: true });
});

const ec2 = (place = region) => createClient(account.standin.endpoint, { region: place });

const prepare = (number: number, settings: Partial<AmazonEbsSettings>, steps: SnapshotStep[]): Prepared => {
  const snapshot = snapshotIn(account, settings, credentials, steps);
  const run = runOf(number);
  return { snapshot, run, client: clientsOf(snapshot, run).client };
};
const build = (prepared: Prepared, until?: RegExp) => buildIn({ account, folder }, prepared, until);

const asObject = (tags: Tag[] = []): Record<string, string> =>
  Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
/** Tags of everything of one kind in a region that has any. */
const tagsOf = async (type: string, place = region): Promise<Record<string, string>[]> => {
  const request = new DescribeTagsCommand({ Filters: [{ Name: 'resource-type', Values: [type] }] });
  const { Tags: tags = [] } = await ec2(place).send(request);
  return [...Map.groupBy(tags, ({ ResourceId }) => ResourceId).values()].map((group) => asObject(group));
};
const oursOf = ({ run }: Prepared) => ({
  'goldsmith:deployment': run.deploymentId,
  'goldsmith:workspace': run.workspaceId,
  'goldsmith:definition': run.definitionId,
  'goldsmith:run': run.runId,
});
const newKey = async (place = region): Promise<string> => {
  const kms = kmsOf(account, place);
  return (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? '';
};
const describeImage = async ({ amiId, region: place }: AwsLocator) => {
  const { Images: images = [] } = await ec2(place).send(new DescribeImagesCommand({ ImageIds: [amiId] }));
  const id = images[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? '';
  const request = new DescribeSnapshotsCommand({ SnapshotIds: [id] });
  const [snapshot] = (await ec2(place).send(request)).Snapshots ?? [];
  const users = await ec2(place).send(
    new DescribeSnapshotAttributeCommand({ SnapshotId: id, Attribute: 'createVolumePermission' }),
  );
  const launch = await ec2(place).send(
    new DescribeImageAttributeCommand({ ImageId: amiId, Attribute: 'launchPermission' }),
  );
  return {
    tags: asObject(images[0]?.Tags),
    snapshotTags: asObject(snapshot?.Tags),
    key: snapshot?.KmsKeyId,
    users: users.CreateVolumePermissions,
    launch: launch.LaunchPermissions,
  };
};
const ownImages = async () => {
  const regions = [region, abroad].map(async (place) => {
    const images = await ec2(place).send(new DescribeImagesCommand({ Owners: ['self'] }));
    const snapshots = await ec2(place).send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
    return [...(images.Images ?? []), ...(snapshots.Snapshots ?? [])];
  });
  return (await Promise.all(regions)).flat();
};

const hello = step(1, shell({ script: 'echo hello\n' }));
const sleeping = step(1, shell({ script: 'echo sleeping; sleep 600\n' }));
const policy = {
  Version: '2012-10-17' as const,
  Statement: [{ Effect: 'Allow' as const, Action: ['ssm:UpdateInstanceInformation'], Resource: ['*'] }],
};

describe('a build with everything that is asked of an image', () => {
  it('copies, encrypts, shares and tags it in each region', async () => {
    const [here, there] = [await newKey(), await newKey(abroad)];
    const prepared = prepare(
      1,
      {
        encryptBoot: true,
        kmsKeyId: here,
        amiRegions: [abroad],
        regionKmsKeyIds: { [abroad]: there },
        amiUsers: [partner],
        snapshotUsers: [partner],
        temporaryIamInstanceProfilePolicyDocument: policy,
      },
      [hello],
    );
    expect(
      (await prepared.client.preflight(await prepared.client.resolveBaseImage())).map(({ status }) => status),
    ).not.toContain('fail');
    const built = await build(prepared);
    expect(built.exitCode).toBe(0);
    const locators = amisOf(await locatorsOf(prepared, built));
    expect(locators).toMatchObject([
      { role: 'primary', region, amiName: 'Web-Base-v1' },
      { role: 'copy', region: abroad, amiName: 'Web-Base-v1' },
    ]);
    expect(await prepared.client.locate(locators)).toEqual(locators);
    const tags = { Name: 'Web-Base-v1', team: 'web', ...oursOf(prepared) };
    const permission = [{ UserId: partner }];
    const expected = { tags, snapshotTags: tags, users: permission, launch: permission };
    expect(await Promise.all(locators.map(describeImage))).toEqual([
      { ...expected, key: here },
      { ...expected, key: there },
    ]);
    // What Packer made for a while is gone: the image that it encrypted, the profile, the machine.
    const found = await prepared.client.findLeftovers([]);
    expect(found.map(({ kind }) => kind)).toEqual(['ec2-image', 'ec2-image']);
    for (const leftover of found) await prepared.client.removeLeftover(leftover);
    expect(await ownImages()).toEqual([]);
  });
});

describe('a build that is killed', () => {
  it('has tagged its machine and disk from the start, and leaves nothing that is not found', async () => {
    const prepared = prepare(2, { temporaryIamInstanceProfilePolicyDocument: policy }, [sleeping]);
    const { lines } = await build(prepared, /sleeping/);
    const tags = { Name: 'Web-Base-v2 build', purpose: 'image build', ...oursOf(prepared) };
    expect(await tagsOf('instance')).toContainEqual(tags);
    expect(await tagsOf('volume')).toContainEqual(tags);
    const known = lines.flatMap((line) => aws.readOutput(line.split(',')[4] ?? '').temporaries ?? []);
    const found = await prepared.client.findLeftovers(known);
    expect(found.map(({ kind }) => kind)).toEqual([
      'ec2-instance',
      'ec2-volume',
      'ec2-key-pair',
      'ec2-security-group',
      'iam-instance-profile',
    ]);
    for (const leftover of found) await prepared.client.removeLeftover(leftover);
    expect(await prepared.client.findLeftovers(known)).toEqual([]);
    const iam = iamOf(account);
    const profiles = await iam.send(new ListInstanceProfilesCommand({}));
    const roles = await iam.send(new ListRolesCommand({}));
    expect([profiles.InstanceProfiles, roles.Roles]).toEqual([[], []]);
  });

  it('leaves an image that has no tags yet, and it is found by the machine it was made of (S128)', async () => {
    const settings = {
      encryptBoot: true,
      kmsKeyId: await newKey(),
      amiRegions: [abroad],
      regionKmsKeyIds: { [abroad]: await newKey(abroad) },
    };
    const prepared = prepare(3, settings, [hello]);
    await build(prepared, /Copying to: /);
    const images = (await ec2().send(new DescribeImagesCommand({ Owners: ['self'] }))).Images ?? [];
    expect(images.length).toBeGreaterThan(0);
    expect(images.flatMap(({ Tags = [] }) => Tags)).toEqual([]);
    const found = await prepared.client.findLeftovers([]);
    expect(found.map(({ kind }) => kind)).toContain('ec2-image');
    for (const leftover of found) await prepared.client.removeLeftover(leftover);
    expect(await prepared.client.findLeftovers([])).toEqual([]);
    expect(await ownImages()).toEqual([]);
  });
});
