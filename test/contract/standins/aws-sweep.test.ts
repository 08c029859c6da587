import {
  CopyImageCommand,
  CreateKeyPairCommand,
  CreateSecurityGroupCommand,
  CreateSnapshotCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  DescribeImagesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  RunInstancesCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildPermissions } from '../../../shared/platforms/aws/trust.ts';
import { keyPairName, runTags } from '../../../shared/platforms/aws/names.ts';
import type { RunIdentity, TaggedResource } from '../../../shared/platforms/platform.ts';
import { inventories, type Site, sweepTwice, type Thing } from '../../support/sweep-world.ts';
import {
  type Account,
  clientsOf,
  closeAccount,
  iamOf,
  makeUser,
  openAccount,
  runOf,
  snapshotIn,
  whileEnforced,
} from './aws-account.ts';
import { createClient, debianImageId, region } from './ec2-support.ts';

let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => closeAccount(account));

const ec2 = () => createClient(account.standin.endpoint, { region });
const owner = { deploymentId: runOf(1).deploymentId, workspaceId: runOf(1).workspaceId };
const find = (): Promise<TaggedResource[]> =>
  clientsOf(snapshotIn(account), runOf(1)).account.inventory.findTagged(owner, []);
const namesOf = (found: TaggedResource[]) =>
  found.map(({ kind, locator, runId, isNamed }) => [
    kind,
    locator,
    runId,
    ...(isNamed === true ? ['named'] : []),
  ]);
const tagsOf = (run: RunIdentity): Tag[] =>
  Object.entries(runTags(run)).map(([Key, Value]) => ({ Key, Value }));
const removeAll = async (found: TaggedResource[]) => {
  for (const one of [...found, ...found]) await one.remove();
};
afterEach(async () => {
  await removeAll(await find());
  const left = await find();
  if (left.length > 0) throw new Error(`${left.map(({ locator }) => locator).join()} cannot be removed`);
});

const trust = JSON.stringify({ Version: '2012-10-17', Statement: [] });
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['ssm:*'], Resource: ['*'] }],
});
/** As Packer makes them: a role with a policy of its own in a profile, all of the same name. Packer 1.6 puts no tags on them. */
const makeProfile = async (name: string, Tags: Tag[] = [], role = name): Promise<void> => {
  const iam = iamOf(account);
  const tags = Tags.map(({ Key = '', Value = '' }) => ({ Key, Value }));
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name, Tags: tags }));
  await iam.send(new CreateRoleCommand({ RoleName: role, AssumeRolePolicyDocument: trust, Tags: tags }));
  await iam.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: role, PolicyDocument: policy }));
  await iam.send(new AddRoleToInstanceProfileCommand({ RoleName: role, InstanceProfileName: name }));
};
const profile = (n: number) => `packer-6b03c5a6-8686-06c0-0d3a-0fa148e023c${n}`;
const isProfileThere = (name: string): Promise<boolean> =>
  iamOf(account)
    .send(new GetInstanceProfileCommand({ InstanceProfileName: name }))
    .then(
      () => true,
      () => false,
    );

const makeGroup = async (GroupName: string, Tags: Tag[] = []): Promise<string> => {
  const VpcId = account.standin.networks[region]?.vpcId;
  const TagSpecifications = [{ ResourceType: 'security-group' as const, Tags }];
  const request = { GroupName, Description: 'Temporary group for Packer', VpcId };
  const command = new CreateSecurityGroupCommand(
    Tags.length === 0 ? request : { ...request, TagSpecifications },
  );
  return (await ec2().send(command)).GroupId ?? '';
};

const makeMachine = async (
  { tags, key }: { tags?: Tag[]; key?: string },
  groups: string[] = [],
  profileName?: string,
): Promise<string> => {
  const request = new RunInstancesCommand({
    ImageId: debianImageId,
    InstanceType: 't3.micro',
    MinCount: 1,
    MaxCount: 1,
    SubnetId: account.standin.networks[region]?.subnetId,
    SecurityGroupIds: groups,
    KeyName: key,
    IamInstanceProfile: profileName === undefined ? undefined : { Name: profileName },
    TagSpecifications: tags === undefined ? undefined : [{ ResourceType: 'instance', Tags: tags }],
  });
  return (await ec2().send(request)).Instances?.[0]?.InstanceId ?? '';
};
const at = (id: string) => `${region}/${id}`;

describe('the daily sweep of an AWS account finds what only Packer 1.6 leaves without tags (N1)', () => {
  it('is the group and the instance profile of a machine that carries them, and goes away behind it', async () => {
    await makeProfile(profile(1));
    const [group, other] = [await makeGroup('packer_0a1b2c'), await makeGroup('web-servers')];
    const machine = await makeMachine({ tags: tagsOf(runOf(1)) }, [group, other], profile(1));
    const found = await find();
    expect(namesOf(found)).toEqual([
      ['ec2-instance', at(machine), runOf(1).runId],
      ['ec2-security-group', at(group), runOf(1).runId],
      ['iam-instance-profile', `global/${profile(1)}`, runOf(1).runId],
    ]);
    await removeAll(found);
    await expect(iamOf(account).send(new GetRoleCommand({ RoleName: profile(1) }))).rejects.toThrow(
      /not found/,
    );
    const { SecurityGroups: groups = [] } = await ec2().send(new DescribeSecurityGroupsCommand({}));
    expect(groups.map(({ GroupName }) => GroupName)).toContain('web-servers');
    expect(groups.map(({ GroupName }) => GroupName)).not.toContain('packer_0a1b2c');
  });

  it('is never the group or profile that a machine of somebody else has, nor a profile with the role of its own name', async () => {
    await makeProfile(profile(2), [], 'build-role');
    await makeProfile(profile(3));
    const theirs = { ...runOf(2), deploymentId: 'other' };
    await makeMachine({ tags: tagsOf(theirs) }, [await makeGroup('packer_ff00ff')], profile(3));
    const machine = await makeMachine({ tags: tagsOf(runOf(2)) }, [], profile(2));
    const found = await find();
    expect(namesOf(found)).toEqual([['ec2-instance', at(machine), runOf(2).runId]]);
    await removeAll(found);
    for (const name of [profile(2), profile(3)]) expect(await isProfileThere(name)).toBe(true);
  });

  it('is a spot machine that was not tagged yet, by its key pair, in the sweep and in the look of its run', async () => {
    const [mine, theirs] = [runOf(8), { ...runOf(9), deploymentId: 'other' }];
    for (const run of [mine, theirs])
      await ec2().send(new CreateKeyPairCommand({ KeyName: keyPairName(run.runId) }));
    const machine = await makeMachine({ key: keyPairName(mine.runId) });
    await makeMachine({ key: keyPairName(theirs.runId), tags: tagsOf(theirs) });
    const { client } = clientsOf(snapshotIn(account, { spotPrice: 'auto' }), mine);
    const ofRun = [
      { kind: 'ec2-instance', locator: at(machine) },
      { kind: 'ec2-key-pair', locator: at(keyPairName(mine.runId)) },
    ];
    expect(await client.findLeftovers([])).toEqual(ofRun);
    expect(await client.describeBuildVm()).toMatchObject({ locator: machine });
    const named = (await find()).filter(({ runId }) => runId === mine.runId);
    expect(namesOf(named)).toEqual(ofRun.map(({ kind, locator }) => [kind, locator, mine.runId, 'named']));
    await removeAll(named);
    expect(await client.findLeftovers([])).toEqual([]);
  });

  it('is a key pair by its name, which says the run but not the deployment', async () => {
    const mine = keyPairName(runOf(3).runId);
    for (const KeyName of [mine, 'goldsmith-of-somebody', 'goldsmith-run_nightly'])
      await ec2().send(new CreateKeyPairCommand({ KeyName }));
    const theirs = { ...runOf(4), deploymentId: 'other' };
    const TagSpecifications = [{ ResourceType: 'key-pair' as const, Tags: tagsOf(theirs) }];
    await ec2().send(new CreateKeyPairCommand({ KeyName: keyPairName(theirs.runId), TagSpecifications }));
    const found = await find();
    expect(namesOf(found)).toEqual([['ec2-key-pair', at(mine), runOf(3).runId, 'named']]);
    await removeAll(found);
    const { KeyPairs: left = [] } = await ec2().send(new DescribeKeyPairsCommand({}));
    expect(new Set(left.map(({ KeyName }) => KeyName))).toEqual(
      new Set(['goldsmith-of-somebody', keyPairName(theirs.runId), 'goldsmith-run_nightly']),
    );
  });
});

describe('the daily sweep of an AWS account and instance profiles', () => {
  it('finds those with all tags, whatever machine they had, and none of another deployment, workspace or name', async () => {
    await makeProfile(profile(4), tagsOf(runOf(5)));
    await makeProfile(profile(5), tagsOf({ ...runOf(5), deploymentId: 'other' }));
    await makeProfile(profile(6), tagsOf({ ...runOf(5), workspaceId: 'ws_other' }));
    await makeProfile(profile(7));
    await makeProfile('admins', tagsOf(runOf(5)));
    const found = await find();
    expect(namesOf(found)).toEqual([['iam-instance-profile', `global/${profile(4)}`, runOf(5).runId]]);
    await removeAll(found);
    const names = [4, 5, 6, 7].map(profile);
    expect(await Promise.all([...names, 'admins'].map(isProfileThere))).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  it('are not asked for by a connection that may not list them, nor launch templates: then no build of it makes any', async () => {
    const statements = buildPermissions.Statement.filter(({ Sid }) => Sid !== 'SpotInstances');
    const keys = await makeUser(account, 'sweeper', statements);
    const TagSpecifications = [{ ResourceType: 'volume' as const, Tags: tagsOf(runOf(6)) }];
    await ec2().send(new CreateVolumeCommand({ AvailabilityZone: `${region}a`, Size: 1, TagSpecifications }));
    const { account: ofAccount, client } = clientsOf(snapshotIn(account, {}, keys), runOf(6), keys);
    const found = await whileEnforced(account, () => ofAccount.inventory.findTagged(owner, []));
    expect(found.map(({ kind }) => kind)).toEqual(['ec2-volume']);
    const ofRun = await whileEnforced(account, () => client.findLeftovers([]));
    expect(ofRun.map(({ kind }) => kind)).toEqual(['ec2-volume']);
  });
});

describe('snapshots in the daily sweep', () => {
  const snapshots = async () =>
    ((await ec2().send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }))).Snapshots ?? []).map(
      ({ SnapshotId = '' }) => SnapshotId,
    );

  it('are those of which no image is there: one that an image is made of goes with that, or stays', async () => {
    const copy = new CopyImageCommand({ Name: 'mine', SourceImageId: debianImageId, SourceRegion: region });
    const { ImageId: image = '' } = await ec2().send(copy);
    const { Images: [made] = [] } = await ec2().send(new DescribeImagesCommand({ ImageIds: [image] }));
    const used = made?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? '';
    const { VolumeId } = await ec2().send(
      new CreateVolumeCommand({ AvailabilityZone: `${region}a`, Size: 1 }),
    );
    const { SnapshotId: alone = '' } = await ec2().send(new CreateSnapshotCommand({ VolumeId }));
    await ec2().send(new CreateTagsCommand({ Resources: [used, alone], Tags: tagsOf(runOf(7)) }));
    const found = await find();
    expect(namesOf(found)).toEqual([['ec2-snapshot', at(alone), runOf(7).runId]]);
    await removeAll(found);
    expect(await snapshots()).toContain(used);
    await ec2().send(new CreateTagsCommand({ Resources: [image], Tags: tagsOf(runOf(7)) }));
    await removeAll(await find());
    expect(await snapshots()).not.toContain(used);
  });
});

/** Volumes, snapshots and key pairs of an account, by the numbers of the things that they are. */
const site = async (): Promise<Site> => {
  const AvailabilityZone = `${region}a`;
  const { VolumeId: source } = await ec2().send(new CreateVolumeCommand({ AvailabilityZone, Size: 1 }));
  const numbers = new Map<string, number>();
  const specification = <T extends 'volume' | 'snapshot'>(ResourceType: T, { tags }: Thing) => {
    const Tags = Object.entries(tags).flatMap(([key, Value]) =>
      Value === undefined ? [] : [{ Key: `goldsmith:${key}`, Value }],
    );
    return Tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType, Tags }] };
  };
  const make = async (thing: Thing): Promise<string> => {
    if (thing.kind === 'named') {
      const KeyName = keyPairName(thing.runId);
      await ec2().send(new CreateKeyPairCommand({ KeyName }));
      return KeyName;
    }
    if (thing.kind === 'image') {
      const request = { VolumeId: source, ...specification('snapshot', thing) };
      return (await ec2().send(new CreateSnapshotCommand(request))).SnapshotId ?? '';
    }
    const request = { AvailabilityZone, Size: 1, ...specification('volume', thing) };
    return (await ec2().send(new CreateVolumeCommand(request))).VolumeId ?? '';
  };
  return {
    put: async (thing) => {
      numbers.set(await make(thing), thing.number);
    },
    there: async () => {
      const { Volumes: volumes = [] } = await ec2().send(new DescribeVolumesCommand({}));
      const own = { OwnerIds: ['self'] };
      const { Snapshots: snapshots = [] } = await ec2().send(new DescribeSnapshotsCommand(own));
      const { KeyPairs: pairs = [] } = await ec2().send(new DescribeKeyPairsCommand({}));
      const ids = [
        ...volumes.map(({ VolumeId = '' }) => VolumeId),
        ...snapshots.map(({ SnapshotId = '' }) => SnapshotId),
        ...pairs.map(({ KeyName = '' }) => KeyName),
      ];
      return ids.flatMap((id) => numbers.get(id) ?? []);
    },
    inventory: clientsOf(snapshotIn(account), runOf(1)).account.inventory,
  };
};

it.each([1, 2, 3])(
  'whatever is in an account of AWS, the sweep deletes what it must and nothing else (N1), seed %i',
  async (seed) => {
    const kinds: Thing['kind'][] = ['machine', 'image', 'named'];
    const [cases = []] = fc.sample(inventories(kinds, { min: 40, max: 40 }), { numRuns: 1, seed });
    const { found, wanted } = await sweepTwice(await site(), cases);
    expect(found).toEqual(wanted);
  },
);
