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
import type { ConnectionAccess, FoundLeftover, RunIdentity } from '../platform.ts';
import { finalName } from '../snapshot-of.ts';
import { type AwsSnapshot, copyRegionsOf } from './base-image.ts';
import { isLiving, packersGroupsOf, profileOf } from './client-belongings.ts';
import { filtersOfRun, isOfRun, namesNoRun } from './client-ownership.ts';
import { filter, type Session } from './client-session.ts';
import { findImagesOfRun } from './client-unfinished-images.ts';
import { EVERYWHERE, isPackersGroup, keyPairName, kinds, locatorOf } from './names.ts';

type Access = ConnectionAccess<AwsSnapshot>;

/** A spot machine gets its tags from Packer 1.6 some time after it was launched: until then its key pair tells its run. */
const findInstances = async (session: Session, { snapshot, run }: Access): Promise<Instance[]> => {
  const find = async (...conditions: Filter[]): Promise<Instance[]> => {
    const request = new DescribeInstancesCommand({ Filters: conditions });
    const { Reservations: reservations = [] } = await session.ec2(session.region).send(request);
    return reservations.flatMap(({ Instances: instances = [] }) => instances);
  };
  const tagged = await find(...filtersOfRun(run));
  if (snapshot.builderConfiguration.settings.spotPrice === undefined) return tagged;
  const named = await find(filter('key-name', keyPairName(run.runId)));
  return [...tagged, ...named.filter(({ Tags }) => namesNoRun(Tags))];
};

/** The instance that carries the run's tag and has not been terminated. */
export const describeBuildVm = async (session: Session, access: Access): Promise<BuildVm | undefined> => {
  const [instance] = (await findInstances(session, access)).filter(isLiving);
  if (instance?.InstanceId === undefined) return undefined;
  const { snapshot } = access;
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

/**
 * Groups that Packer made for this run: tagged, on its instance, or named by the runner; never any other. Packer 1.6 puts
 * no tags on them, so one that is only named must not be another run's by its tags.
 */
const findGroups = async (
  { ec2, region }: Session,
  run: RunIdentity,
  names: string[],
): Promise<SecurityGroup[]> => {
  const find = async (...conditions: Filter[]): Promise<SecurityGroup[]> => {
    const request = new DescribeSecurityGroupsCommand({ Filters: conditions });
    const { SecurityGroups: groups = [] } = await ec2(region).send(request);
    return groups;
  };
  const tagged = await find(...filtersOfRun(run));
  const named = names.length === 0 ? [] : await find(filter('group-name', ...names));
  const untagged = named.filter(({ Tags }) => namesNoRun(Tags));
  const groups = new Map([...tagged, ...untagged].map((group) => [group.GroupId, group]));
  return [...groups.values()].filter(({ GroupName }) => isPackersGroup(GroupName ?? ''));
};

/** Volumes that do not go away with their instance. */
const findVolumes = async ({ ec2, region }: Session, run: RunIdentity): Promise<Volume[]> => {
  const request = new DescribeVolumesCommand({ Filters: filtersOfRun(run) });
  const { Volumes: volumes = [] } = await ec2(region).send(request);
  return volumes.filter(
    ({ Attachments: attachments = [] }) => !attachments.some((one) => one.DeleteOnTermination === true),
  );
};

/** Packer 1.6 puts no tags on it: then its name is enough, unless another deployment's tags are on it. */
const hasKeyPair = async ({ ec2, region }: Session, run: RunIdentity): Promise<boolean> => {
  const request = new DescribeKeyPairsCommand({ Filters: [filter('key-name', keyPairName(run.runId))] });
  const { KeyPairs: pairs = [] } = await ec2(region).send(request);
  return pairs.some(({ Tags }) => namesNoRun(Tags) || isOfRun(Tags, run));
};

/** The launch template of a spot build, which carries the run's tags from the start; no other build makes one, or may list them. */
const findTemplates = async ({ ec2, region }: Session, { snapshot, run }: Access): Promise<string[]> => {
  if (snapshot.builderConfiguration.settings.spotPrice === undefined) return [];
  const request = new DescribeLaunchTemplatesCommand({ Filters: filtersOfRun(run) });
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
  const attached = instances.flatMap((instance) => profileOf(instance) ?? []);
  const reported = known.flatMap(({ kind, id }) => (kind === kinds.instanceProfile ? id : []));
  return findProfilesOfRun(session, { run, attached, reported });
};

const groupNames = (instances: Instance[], known: TemporaryResource[]): string[] => {
  const reported = known.filter(({ kind }) => kind === kinds.securityGroup).map(({ id }) => id);
  const attached = instances.flatMap((instance) =>
    packersGroupsOf(instance).flatMap(({ GroupName: name }) => name ?? []),
  );
  return [...new Set([...reported.filter(isPackersGroup), ...attached])];
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
  const { run } = access;
  const instances = await findInstances(session, access);
  const ids = instances.flatMap(({ InstanceId }) => InstanceId ?? []);
  const [templates, images, volumes, hasPair, groups, profiles] = await Promise.all([
    findTemplates(session, access),
    findImagesOfRun(session, {
      run,
      finalName: finalName(access.snapshot, run),
      instanceIds: ids,
      copyRegions: copyRegionsOf(access.snapshot),
    }),
    findVolumes(session, run),
    hasKeyPair(session, run),
    findGroups(session, run, groupNames(instances, known)),
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
    ...here(kinds.keyPair, hasPair ? [keyPairName(run.runId)] : []),
    ...here(
      kinds.securityGroup,
      groups.map(({ GroupId }) => GroupId),
    ),
    ...profiles.map((name) => ({ kind: kinds.instanceProfile, locator: locatorOf(EVERYWHERE, name) })),
  ];
};
