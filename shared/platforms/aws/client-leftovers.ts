import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteKeyPairCommand,
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  type EC2Client,
  type Filter,
  type Image,
  type Instance,
  type SecurityGroup,
  TerminateInstancesCommand,
  type Volume,
  waitUntilInstanceTerminated,
} from '@aws-sdk/client-ec2';
import type { TemporaryResource } from '../../contracts/agent-protocol.ts';
import type { BuildVm } from '../../contracts/entities/run.ts';
import { type ConnectionAccess, type FoundLeftover, PlatformError } from '../platform.ts';
import { filter, type Session } from './client-session.ts';
import { isGone } from './errors.ts';
import { loginOf } from '../login.ts';
import type { AwsSnapshot } from './base-image.ts';
import { isPackersGroup, keyPairName, kinds, locatorOf, parseLocator, RUN_TAG } from './names.ts';

/** An instance ends within a minute or two; some large ones need longer. */
const TERMINATION_SECONDS = 300;
/** A group can be deleted a few seconds after its last interface is gone. */
const GROUP_ATTEMPTS = 10;
const GROUP_PAUSE_MILLISECONDS = 3000;

const findInstances = async ({ ec2, region }: Session, runId: string): Promise<Instance[]> => {
  const filters = [
    filter(`tag:${RUN_TAG}`, runId),
    filter('instance-state-name', 'pending', 'running', 'stopping', 'stopped'),
  ];
  const { Reservations: reservations = [] } = await ec2(region).send(
    new DescribeInstancesCommand({ Filters: filters }),
  );
  return reservations.flatMap(({ Instances: instances = [] }) => instances);
};

/** The instance that carries the run's tag and has not been terminated. */
export const describeBuildVm = async (
  session: Session,
  { snapshot, run }: ConnectionAccess<AwsSnapshot>,
): Promise<BuildVm | undefined> => {
  const [instance] = await findInstances(session, run.runId);
  if (instance?.InstanceId === undefined) return undefined;
  const { sshInterface = '' } = snapshot.builderConfiguration.settings;
  const { PublicIpAddress: publicAddress, PrivateIpAddress: privateAddress } = instance;
  const inside = sshInterface.startsWith('private');
  return {
    kind: kinds.instance,
    locator: instance.InstanceId,
    region: session.region,
    address: (inside ? privateAddress : publicAddress) ?? privateAddress,
    user: loginOf(snapshot).username,
  };
};

/** Groups that Packer made for this run: tagged, on its instance, or named by the runner; never any other. */
const findGroups = async (
  { ec2, region }: Session,
  runId: string,
  names: string[],
): Promise<SecurityGroup[]> => {
  const find = async (condition: Filter): Promise<SecurityGroup[]> => {
    const request = new DescribeSecurityGroupsCommand({ Filters: [condition] });
    const { SecurityGroups: groups = [] } = await ec2(region).send(request);
    return groups;
  };
  const tagged = await find(filter(`tag:${RUN_TAG}`, runId));
  const named = names.length === 0 ? [] : await find(filter('group-name', ...names));
  const groups = new Map([...tagged, ...named].map((group) => [group.GroupId, group]));
  return [...groups.values()].filter(({ GroupName }) => isPackersGroup(GroupName ?? ''));
};

/** Volumes that do not go away with their instance. */
const findVolumes = async ({ ec2, region }: Session, runId: string): Promise<Volume[]> => {
  const request = new DescribeVolumesCommand({ Filters: [filter(`tag:${RUN_TAG}`, runId)] });
  const { Volumes: volumes = [] } = await ec2(region).send(request);
  return volumes.filter(
    ({ Attachments: attachments = [] }) => !attachments.some((one) => one.DeleteOnTermination === true),
  );
};

const hasKeyPair = async ({ ec2, region }: Session, name: string): Promise<boolean> => {
  const request = new DescribeKeyPairsCommand({ Filters: [filter('key-name', name)] });
  const { KeyPairs: pairs = [] } = await ec2(region).send(request);
  return pairs.length > 0;
};

/** Images that carry the run's tag: of a run that made one and did not succeed. Never asked of a succeeded one. */
const findImages = async ({ ec2, region }: Session, filters: Filter[]): Promise<Image[]> => {
  const request = new DescribeImagesCommand({ Owners: ['self'], Filters: filters });
  const { Images: images = [] } = await ec2(region).send(request);
  return images;
};

/**
 * What a run left behind, in the order in which it can be deleted. What the runner reported is only taken for the
 * names of security groups that Packer makes: scripts print into the same output, and a tag cannot be printed.
 */
export const findLeftovers = async (
  session: Session,
  runId: string,
  known: TemporaryResource[],
): Promise<FoundLeftover[]> => {
  const instances = await findInstances(session, runId);
  const reported = known.filter(({ kind }) => kind === kinds.securityGroup).map(({ id }) => id);
  const attached = instances.flatMap(({ SecurityGroups: groups = [] }) =>
    groups.flatMap(({ GroupName: name }) => name ?? []),
  );
  const names = [...new Set([...reported, ...attached])].filter(isPackersGroup);
  const volumes = await findVolumes(session, runId);
  const keyPair = keyPairName(runId);
  const keyPairs = (await hasKeyPair(session, keyPair)) ? [keyPair] : [];
  const groups = await findGroups(session, runId, names);
  const images = await findImages(session, [filter(`tag:${RUN_TAG}`, runId)]);
  const listed: [string, (string | undefined)[]][] = [
    [kinds.instance, instances.map(({ InstanceId }) => InstanceId)],
    [kinds.image, images.map(({ ImageId }) => ImageId)],
    [kinds.volume, volumes.map(({ VolumeId }) => VolumeId)],
    [kinds.keyPair, keyPairs],
    [kinds.securityGroup, groups.map(({ GroupId }) => GroupId)],
  ];
  return listed.flatMap(([kind, ids]) =>
    ids.flatMap((id) => (id === undefined ? [] : [{ kind, locator: locatorOf(session.region, id) }])),
  );
};

const terminate = async (client: EC2Client, id: string): Promise<void> => {
  await client.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await waitUntilInstanceTerminated(
    { client, maxWaitTime: TERMINATION_SECONDS, minDelay: 2, maxDelay: 10 },
    { InstanceIds: [id] },
  );
};

const deleteGroup = async (client: EC2Client, id: string): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.send(new DeleteSecurityGroupCommand({ GroupId: id }));
      return;
    } catch (error) {
      const isInUse = error instanceof Error && error.name === 'DependencyViolation';
      if (!isInUse || attempt === GROUP_ATTEMPTS) throw error;
      await sleep(GROUP_PAUSE_MILLISECONDS);
    }
  }
};

/** An image goes with its snapshots, which nobody would find again. */
const deregister = async (client: EC2Client, id: string): Promise<void> => {
  const { Images: images = [] } = await client.send(new DescribeImagesCommand({ ImageIds: [id] }));
  await client.send(new DeregisterImageCommand({ ImageId: id }));
  const devices = images.flatMap(({ BlockDeviceMappings: mappings = [] }) => mappings);
  for (const { Ebs: disk } of devices) {
    if (disk?.SnapshotId !== undefined) {
      await client.send(new DeleteSnapshotCommand({ SnapshotId: disk.SnapshotId }));
    }
  }
};

const removers: Record<string, (client: EC2Client, id: string) => Promise<unknown>> = {
  [kinds.instance]: terminate,
  [kinds.image]: deregister,
  [kinds.volume]: (client, id) => client.send(new DeleteVolumeCommand({ VolumeId: id })),
  [kinds.keyPair]: (client, id) => client.send(new DeleteKeyPairCommand({ KeyName: id })),
  [kinds.securityGroup]: deleteGroup,
};

/** Deletes one leftover; what is gone already is fine. */
export const removeLeftover = async ({ ec2 }: Session, { kind, locator }: FoundLeftover): Promise<void> => {
  const place = parseLocator(locator);
  const remove = removers[kind];
  if (place === undefined || remove === undefined) {
    throw new PlatformError('unclassified', `${kind} ${locator} is nothing that can be deleted here.`);
  }
  try {
    await remove(ec2(place.region), place.id);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};
