import {
  CopyImageCommand,
  CreateKeyPairCommand,
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  CreateSnapshotCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  DescribeImagesCommand,
  DescribeKeyPairsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
} from '@aws-sdk/client-ec2';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyPairName, runTags } from '../../../shared/platforms/aws/names.ts';
import type { RunIdentity } from '../../../shared/platforms/platform.ts';
import {
  type Account,
  clientsOf,
  closeAccount,
  iamOf,
  openAccount,
  runOf,
  snapshotIn,
} from './aws-account.ts';
import { createClient, debianImageId, region } from './ec2-support.ts';

const abroad = 'eu-central-1';
let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => closeAccount(account));

const ec2 = (place = region) => createClient(account.standin.endpoint, { region: place });
const tagsOf = (run: RunIdentity) => Object.entries(runTags(run)).map(([Key, Value]) => ({ Key, Value }));
/** The same run as another deployment has it: a table that was copied, say. */
const elsewhere = (run: RunIdentity) => ({ ...run, deploymentId: 'other' });
const policy = {
  Version: '2012-10-17' as const,
  Statement: [{ Effect: 'Allow' as const, Action: ['ssm:*'], Resource: ['*'] }],
};
const clientOf = (number: number, settings: Parameters<typeof snapshotIn>[1] = {}) =>
  clientsOf(snapshotIn(account, settings), runOf(number)).client;

/** Finds, removes twice, and finds nothing more. */
const clear = async (client: ReturnType<typeof clientOf>, known: { kind: string; id: string }[] = []) => {
  const found = await client.findLeftovers(known);
  for (const leftover of [...found, ...found]) await client.removeLeftover(leftover);
  expect(await client.findLeftovers(known)).toEqual([]);
  return found;
};

const makeTemplate = async (run: RunIdentity): Promise<string> => {
  const request = new CreateLaunchTemplateCommand({
    LaunchTemplateName: `packer-fleet-launch-template-${run.runId}-${run.deploymentId}`,
    LaunchTemplateData: { ImageId: debianImageId },
    TagSpecifications: [{ ResourceType: 'launch-template', Tags: tagsOf(run) }],
  });
  return (await ec2().send(request)).LaunchTemplate?.LaunchTemplateId ?? '';
};

const makeSnapshot = async (run: RunIdentity): Promise<string> => {
  const { VolumeId } = await ec2().send(new CreateVolumeCommand({ AvailabilityZone: `${region}a`, Size: 1 }));
  const request = new CreateSnapshotCommand({
    VolumeId,
    TagSpecifications: [{ ResourceType: 'snapshot', Tags: tagsOf(run) }],
  });
  return (await ec2().send(request)).SnapshotId ?? '';
};

const copyTo = async (place: string, source: { id: string; region: string }, Name: string) => {
  const request = new CopyImageCommand({ Name, SourceImageId: source.id, SourceRegion: source.region });
  return (await ec2(place).send(request)).ImageId ?? '';
};

/** As Packer makes them: a role with a policy of its own in a profile, all of the same name. */
const makeProfile = async (name: string, run?: RunIdentity): Promise<void> => {
  const iam = iamOf(account);
  const Tags = run === undefined ? [] : tagsOf(run);
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [] });
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name, Tags }));
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
  const PolicyDocument = JSON.stringify(policy);
  await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: name, PolicyDocument }));
  await iam.send(new AddRoleToInstanceProfileCommand({ RoleName: name, InstanceProfileName: name }));
};

describe('what a run on AWS can leave behind', () => {
  it('is found by its tag and by nothing else, and goes away: launch template, snapshot', async () => {
    const template = await makeTemplate(runOf(1));
    const others = [await makeTemplate(runOf(2)), await makeTemplate(elsewhere(runOf(1)))];
    const snapshot = await makeSnapshot(runOf(1));
    await makeSnapshot(runOf(2));
    await makeSnapshot(elsewhere(runOf(1)));
    expect(await clear(clientOf(1, { spotPrice: 'auto' }))).toEqual([
      { kind: 'ec2-launch-template', locator: `${region}/${template}` },
      { kind: 'ec2-snapshot', locator: `${region}/${snapshot}` },
    ]);
    const left = await ec2().send(new DescribeLaunchTemplatesCommand({}));
    expect(left.LaunchTemplates?.map(({ LaunchTemplateId }) => LaunchTemplateId)).toEqual(others);
  });

  it('is found in the regions that it copies to, tagged or not, with the snapshots', async () => {
    const made = await copyTo(region, { id: debianImageId, region }, 'Web-Base-v3');
    await ec2().send(new CreateTagsCommand({ Resources: [made], Tags: tagsOf(runOf(3)) }));
    const copy = await copyTo(abroad, { id: made, region }, 'Web-Base-v3');
    // Somebody likes the image of the failed run and keeps a copy under a name of his own.
    const kept = await copyTo(abroad, { id: made, region }, 'mine');
    const ids = (found: { locator: string }[]) => found.map(({ locator }) => locator).sort();
    const here = await clientOf(3).findLeftovers([]);
    expect(ids(here)).toEqual([`${region}/${made}`]);
    const found = await clear(clientOf(3, { amiRegions: [abroad, region] }));
    expect(ids(found)).toEqual([`${abroad}/${copy}`, `${region}/${made}`]);
    const images = await ec2(abroad).send(new DescribeImagesCommand({ Owners: ['self'] }));
    expect(images.Images?.map(({ ImageId }) => ImageId)).toEqual([kept]);
    const snapshots = await ec2(abroad).send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
    expect(snapshots.Snapshots).toHaveLength(1);
  });

  it('is an instance profile with its role only when it is tagged, however a script calls it', async () => {
    const mine = 'packer-6b03c5a6-8686-06c0-0d3a-0fa148e023c1';
    const theirs = 'packer-00000000-8686-06c0-0d3a-0fa148e023c2';
    await makeProfile(mine, runOf(4));
    await makeProfile(theirs, elsewhere(runOf(4)));
    await makeProfile('admins', runOf(4));
    const known = [mine, theirs, 'admins', 'packer-11111111-8686-06c0-0d3a-0fa148e023c3'].map((id) => ({
      kind: 'iam-instance-profile',
      id,
    }));
    expect(await clientOf(4).findLeftovers(known)).toEqual([]);
    const withProfile = clientOf(4, { temporaryIamInstanceProfilePolicyDocument: policy });
    expect(await clear(withProfile, known)).toEqual([
      { kind: 'iam-instance-profile', locator: `global/${mine}` },
    ]);
    const iam = iamOf(account);
    await expect(iam.send(new GetRoleCommand({ RoleName: mine }))).rejects.toThrow(/not found/);
    const left = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName: theirs }));
    expect(left.InstanceProfile?.Roles).toHaveLength(1);
  });

  it('is no group or key pair that another run or deployment has tags on, however a script calls it', async () => {
    const VpcId = account.standin.networks[region]?.vpcId;
    const groups = { packer_aa01: runOf(8), packer_aa02: elsewhere(runOf(7)), packer_aa03: undefined };
    for (const [GroupName, run] of Object.entries(groups)) {
      const request = { GroupName, Description: 'Temporary group for Packer', VpcId };
      const { GroupId = '' } = await ec2().send(new CreateSecurityGroupCommand(request));
      if (run !== undefined)
        await ec2().send(new CreateTagsCommand({ Resources: [GroupId], Tags: tagsOf(run) }));
    }
    const KeyName = keyPairName(runOf(7).runId);
    const TagSpecifications = [{ ResourceType: 'key-pair' as const, Tags: tagsOf(elsewhere(runOf(7))) }];
    await ec2().send(new CreateKeyPairCommand({ KeyName, TagSpecifications }));
    const known = Object.keys(groups).map((id) => ({ kind: 'ec2-security-group', id }));
    expect((await clear(clientOf(7), known)).map(({ kind }) => kind)).toEqual(['ec2-security-group']);
    const { SecurityGroups: left = [] } = await ec2().send(
      new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-name', Values: Object.keys(groups) }] }),
    );
    expect(new Set(left.map(({ GroupName }) => GroupName))).toEqual(new Set(['packer_aa01', 'packer_aa02']));
    expect((await ec2().send(new DescribeKeyPairsCommand({}))).KeyPairs).toHaveLength(1);
  });

  it('is never anything that the run does not say by a locator of its own kind', async () => {
    const client = clientOf(6);
    for (const leftover of [
      { kind: 'ec2-vpc', locator: `${region}/vpc-1` },
      { kind: 'ec2-image', locator: 'ami-1' },
      { kind: 'iam-instance-profile', locator: 'global/admins' },
    ])
      await expect(client.removeLeftover(leftover)).rejects.toMatchObject({ name: 'PlatformError' });
  });
});
