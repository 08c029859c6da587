import {
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  type Filter,
  type Instance,
  type SecurityGroup,
  type Volume,
} from '@aws-sdk/client-ec2';
import type { TemporaryResource } from '../../contracts/agent-protocol.ts';
import type { BuildVm } from '../../contracts/entities/run.ts';
import { loginOf } from '../login.ts';
import type { ConnectionAccess, FoundLeftover } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { type AwsSnapshot, copyRegionsOf } from './base-image.ts';
import { filter, type Session } from './client-session.ts';
import { findImagesOfRun } from './client-unfinished-images.ts';
import { EVERYWHERE, isPackersGroup, keyPairName, kinds, locatorOf, RUN_TAG } from './names.ts';

type Access = ConnectionAccess<AwsSnapshot>;

/** EC2 shows instances for about an hour after they ended: what was made of them still names them. */
const findInstances = async ({ ec2, region }: Session, runId: string): Promise<Instance[]> => {
  const request = new DescribeInstancesCommand({ Filters: [filter(`tag:${RUN_TAG}`, runId)] });
  const { Reservations: reservations = [] } = await ec2(region).send(request);
  return reservations.flatMap(({ Instances: instances = [] }) => instances);
};

const LIVING = new Set<string | undefined>(['pending', 'running', 'stopping', 'stopped']);
const isLiving = ({ State: state }: Instance): boolean => LIVING.has(state?.Name);

/** The instance that carries the run's tag and has not been terminated. */
export const describeBuildVm = async (
  session: Session,
  { snapshot, run }: Access,
): Promise<BuildVm | undefined> => {
  const [instance] = (await findInstances(session, run.runId)).filter(isLiving);
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

/** The launch template of a spot build, which carries the run's tag from the start. */
const findTemplates = async ({ ec2, region }: Session, runId: string): Promise<string[]> => {
  const request = new DescribeLaunchTemplatesCommand({ Filters: [filter(`tag:${RUN_TAG}`, runId)] });
  const { LaunchTemplates: templates = [] } = await ec2(region).send(request);
  return templates.flatMap(({ LaunchTemplateId }) => LaunchTemplateId ?? []);
};

/** The instance profile that was made for the build, by the same name as its role. */
const findProfiles = async (
  session: Session,
  { snapshot, run }: Access,
  instances: Instance[],
  known: TemporaryResource[],
): Promise<string[]> => {
  const { temporaryIamInstanceProfilePolicyDocument: policy } = snapshot.builderConfiguration.settings;
  if (policy === undefined) return [];
  const { findProfilesOfRun } = await import('./client-iam.ts');
  const attached = instances.flatMap(
    ({ IamInstanceProfile }) => IamInstanceProfile?.Arn?.split('/').at(-1) ?? [],
  );
  const reported = known.flatMap(({ kind, id }) => (kind === kinds.instanceProfile ? id : []));
  return findProfilesOfRun(session, { runId: run.runId, attached, reported });
};

const groupNames = (instances: Instance[], known: TemporaryResource[]): string[] => {
  const reported = known.filter(({ kind }) => kind === kinds.securityGroup).map(({ id }) => id);
  const attached = instances.flatMap(({ SecurityGroups: groups = [] }) =>
    groups.flatMap(({ GroupName: name }) => name ?? []),
  );
  return [...new Set([...reported, ...attached])].filter(isPackersGroup);
};

/**
 * What a run left behind, in the order in which it can be deleted. What the runner reported is only taken for names that
 * Packer makes and that belong to the run by a tag or its machine: scripts print into the same output, and a tag cannot
 * be printed. Images are found in every region that the run copies to; nobody asks this of a succeeded one.
 */
export const findLeftovers = async (
  session: Session,
  access: Access,
  known: TemporaryResource[],
): Promise<FoundLeftover[]> => {
  const { region } = session;
  const { runId } = access.run;
  const instances = await findInstances(session, runId);
  const ids = instances.flatMap(({ InstanceId }) => InstanceId ?? []);
  const keyPair = keyPairName(runId);
  const [templates, images, volumes, hasPair, groups, profiles] = await Promise.all([
    findTemplates(session, runId),
    findImagesOfRun(session, {
      runId,
      finalName: finalName(access.snapshot, access.run),
      instanceIds: ids,
      copyRegions: copyRegionsOf(access.snapshot),
    }),
    findVolumes(session, runId),
    hasKeyPair(session, keyPair),
    findGroups(session, runId, groupNames(instances, known)),
    findProfiles(session, access, instances, known),
  ]);
  const here = (kind: string, found: (string | undefined)[]): FoundLeftover[] =>
    found.flatMap((id) => (id === undefined ? [] : [{ kind, locator: locatorOf(region, id) }]));
  return [
    ...here(
      kinds.instance,
      instances.filter(isLiving).map(({ InstanceId }) => InstanceId),
    ),
    ...here(kinds.launchTemplate, templates),
    ...images,
    ...here(
      kinds.volume,
      volumes.map(({ VolumeId }) => VolumeId),
    ),
    ...here(kinds.keyPair, hasPair ? [keyPair] : []),
    ...here(
      kinds.securityGroup,
      groups.map(({ GroupId }) => GroupId),
    ),
    ...profiles.map((name) => ({ kind: kinds.instanceProfile, locator: locatorOf(EVERYWHERE, name) })),
  ];
};
