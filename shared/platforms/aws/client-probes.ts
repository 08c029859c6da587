import {
  type _InstanceType,
  AuthorizeSecurityGroupIngressCommand,
  CopyImageCommand,
  CreateFleetCommand,
  CreateImageCommand,
  CreateKeyPairCommand,
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteKeyPairCommand,
  DeleteLaunchTemplateCommand,
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  EnableImageDeprecationCommand,
  EnableImageDeregistrationProtectionCommand,
  GetPasswordDataCommand,
  ModifyImageAttributeCommand,
  ModifyInstanceAttributeCommand,
  ModifySnapshotAttributeCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { AmazonEbsSettings } from '../../contracts/platforms/aws.ts';
import type { Probe } from './client-dry-run.ts';

/** What is known of a build before anything of it exists. */
export type Intent = {
  settings: AmazonEbsSettings;
  region: string;
  copies: string[];
  communicator: 'ssh' | 'winrm';
  amiId: string;
  /** Of what is made for a while, and of the image. */
  tags: { temporary: Record<string, string>; image: Record<string, string> };
  /** A connection alone has no run yet, and so none of the tags of one. */
  isOfRun: boolean;
};

/** Ids of things that exist only once the build is under way. */
const NOBODY = '0'.repeat(17);
const InstanceId = `i-${NOBODY}`;
const GroupId = `sg-${NOBODY}`;
const ImageId = `ami-${NOBODY}`;
const SnapshotId = `snap-${NOBODY}`;
const NAME = 'goldsmith-dry-run';
const DryRun = true;

type Send = Probe['send'];
type Sends = Record<string, Send>;

type Tagged = 'instance' | 'volume' | 'launch-template' | 'key-pair' | 'security-group';
const listOf = (tags: Record<string, string>) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
const tagsFor = ({ tags }: Intent, ...types: Tagged[]) => {
  const Tags = listOf(tags.temporary);
  return Tags.length === 0 ? [] : types.map((ResourceType) => ({ ResourceType, Tags }));
};

/** The SDK lists the types of its own day, EC2 answers for those of today: whatever looks like one is sent. */
const isInstanceType = (name: string): name is _InstanceType => /^[a-z0-9-]+\.[a-z0-9-]+$/.test(name);

/** As Packer starts the build VM, tags and profile included: policies often ask for both. */
const launchOf = (intent: Intent): Send => {
  const { settings, amiId } = intent;
  const { instanceType: type, subnetId, securityGroupIds, iamInstanceProfile: profile } = settings;
  const launch = new RunInstancesCommand({
    DryRun,
    MinCount: 1,
    MaxCount: 1,
    ImageId: amiId,
    ...(isInstanceType(type) ? { InstanceType: type } : {}),
    SubnetId: subnetId,
    SecurityGroupIds: securityGroupIds,
    ...(profile === undefined ? {} : { IamInstanceProfile: { Name: profile } }),
    TagSpecifications: tagsFor(intent, 'instance', 'volume'),
  });
  return (ec2) => ec2.send(launch);
};

const always = (intent: Intent): Sends => ({
  RunInstances: launchOf(intent),
  TerminateInstances: (ec2) => ec2.send(new TerminateInstancesCommand({ DryRun, InstanceIds: [InstanceId] })),
  CreateKeyPair: (ec2) =>
    ec2.send(
      new CreateKeyPairCommand({ DryRun, KeyName: NAME, TagSpecifications: tagsFor(intent, 'key-pair') }),
    ),
  DeleteKeyPair: (ec2) => ec2.send(new DeleteKeyPairCommand({ DryRun, KeyName: NAME })),
  CreateImage: (ec2) => ec2.send(new CreateImageCommand({ DryRun, InstanceId, Name: NAME })),
  CreateTags: (ec2) =>
    ec2.send(
      new CreateTagsCommand({
        DryRun,
        Resources: [ImageId],
        Tags: listOf({ Name: NAME, ...intent.tags.image }),
      }),
    ),
  DeregisterImage: (ec2) => ec2.send(new DeregisterImageCommand({ DryRun, ImageId })),
  DeleteSnapshot: (ec2) => ec2.send(new DeleteSnapshotCommand({ DryRun, SnapshotId })),
  DeleteVolume: (ec2) => ec2.send(new DeleteVolumeCommand({ DryRun, VolumeId: `vol-${NOBODY}` })),
  DescribeImages: (ec2) => ec2.send(new DescribeImagesCommand({ DryRun, Owners: ['self'] })),
  DescribeInstances: (ec2) => ec2.send(new DescribeInstancesCommand({ DryRun })),
  DescribeKeyPairs: (ec2) => ec2.send(new DescribeKeyPairsCommand({ DryRun })),
  DescribeSecurityGroups: (ec2) => ec2.send(new DescribeSecurityGroupsCommand({ DryRun })),
  DescribeSnapshots: (ec2) => ec2.send(new DescribeSnapshotsCommand({ DryRun, OwnerIds: ['self'] })),
  DescribeSubnets: (ec2) => ec2.send(new DescribeSubnetsCommand({ DryRun })),
  DescribeVolumes: (ec2) => ec2.send(new DescribeVolumesCommand({ DryRun })),
});

const groupSends = (intent: Intent): Sends => {
  const { settings } = intent;
  if (settings.securityGroupIds !== undefined) return {};
  const TagSpecifications = tagsFor(intent, 'security-group');
  const group = { DryRun, GroupName: NAME, Description: NAME, VpcId: settings.vpcId, TagSpecifications };
  const rule = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '127.0.0.1/32' }] };
  const sends: Sends = {
    CreateSecurityGroup: (ec2) => ec2.send(new CreateSecurityGroupCommand(group)),
    DeleteSecurityGroup: (ec2) => ec2.send(new DeleteSecurityGroupCommand({ DryRun, GroupId })),
  };
  if (settings.sshInterface === 'session_manager') return sends;
  return {
    ...sends,
    AuthorizeSecurityGroupIngress: (ec2) =>
      ec2.send(new AuthorizeSecurityGroupIngressCommand({ DryRun, GroupId, IpPermissions: [rule] })),
  };
};

const spotSends = (intent: Intent): Sends => {
  if (intent.settings.spotPrice === undefined) return {};
  const template = { LaunchTemplateName: NAME, LaunchTemplateData: { ImageId: intent.amiId } };
  const config = { LaunchTemplateSpecification: { LaunchTemplateName: NAME, Version: '1' } };
  const capacity = { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'spot' as const };
  const fleet = { LaunchTemplateConfigs: [config], TargetCapacitySpecification: capacity };
  const tags = { TagSpecifications: tagsFor(intent, 'launch-template') };
  return {
    CreateLaunchTemplate: (ec2) =>
      ec2.send(new CreateLaunchTemplateCommand({ DryRun, ...template, ...tags })),
    CreateFleet: (ec2) => ec2.send(new CreateFleetCommand({ DryRun, Type: 'instant', ...fleet })),
    DeleteLaunchTemplate: (ec2) =>
      ec2.send(new DeleteLaunchTemplateCommand({ DryRun, LaunchTemplateName: NAME })),
  };
};

const machineSends = ({ settings, communicator }: Intent): Sends => ({
  ...(settings.disableStopInstance === true || settings.spotPrice !== undefined
    ? {}
    : {
        StopInstances: (ec2) => ec2.send(new StopInstancesCommand({ DryRun, InstanceIds: [InstanceId] })),
      }),
  ...(settings.enaSupport === true
    ? {
        ModifyInstanceAttribute: (ec2) =>
          ec2.send(new ModifyInstanceAttributeCommand({ DryRun, InstanceId, EnaSupport: { Value: true } })),
      }
    : {}),
  ...(communicator === 'winrm'
    ? { GetPasswordData: (ec2) => ec2.send(new GetPasswordDataCommand({ DryRun, InstanceId })) }
    : {}),
});

/** What is done to the image, in each region where there is one. */
const imageSends = ({ settings }: Intent): Sends => {
  const { amiUsers, amiOrgArns, amiOuArns, amiDescription, imdsSupport, snapshotUsers } = settings;
  const changes = [amiUsers, amiOrgArns, amiOuArns, amiDescription, imdsSupport];
  const permission = { CreateVolumePermission: { Add: [{ UserId: '123456789012' }] } };
  return {
    ...(changes.some((value) => value !== undefined)
      ? {
          ModifyImageAttribute: (ec2) =>
            ec2.send(new ModifyImageAttributeCommand({ DryRun, ImageId, Description: { Value: NAME } })),
        }
      : {}),
    ...(snapshotUsers === undefined
      ? {}
      : {
          ModifySnapshotAttribute: (ec2) =>
            ec2.send(new ModifySnapshotAttributeCommand({ DryRun, SnapshotId, ...permission })),
        }),
    ...(settings.deprecateAt === undefined
      ? {}
      : {
          EnableImageDeprecation: (ec2) =>
            ec2.send(
              new EnableImageDeprecationCommand({ DryRun, ImageId, DeprecateAt: new Date('2100-01-01') }),
            ),
        }),
    ...(settings.deregistrationProtection?.enabled === true
      ? {
          EnableImageDeregistrationProtection: (ec2) =>
            ec2.send(new EnableImageDeregistrationProtectionCommand({ DryRun, ImageId })),
        }
      : {}),
  };
};

const copySends = ({ region, amiId }: Intent): Sends => {
  const copy = { DryRun, Name: NAME, SourceImageId: amiId, SourceRegion: region };
  return { CopyImage: (ec2) => ec2.send(new CopyImageCommand(copy)) };
};

const probesIn = (region: string, sends: Sends): Probe[] =>
  Object.entries(sends).map(([name, send]) => ({ action: `ec2:${name}`, region, send }));

/**
 * Whether a probe is what the build itself will send. All others name things that are not there yet, and have no tags
 * that a policy could look at; older Packers give none to key pairs and groups either.
 */
export const isExact = (action: string, { settings, isOfRun }: Intent): boolean => {
  if (action.startsWith('ec2:Describe')) return true;
  if (!isOfRun) return false;
  return (
    action === 'ec2:CreateLaunchTemplate' ||
    (action === 'ec2:RunInstances' && settings.securityGroupIds !== undefined)
  );
};

/** Every action of EC2 that a build and the clean-up after it need, each to be asked for without being done. */
export const probesOf = (intent: Intent): Probe[] => [
  ...probesIn(intent.region, {
    ...always(intent),
    ...groupSends(intent),
    ...spotSends(intent),
    ...machineSends(intent),
    ...imageSends(intent),
    ...(intent.settings.encryptBoot === true ? copySends(intent) : {}),
  }),
  ...intent.copies.flatMap((region) => probesIn(region, { ...copySends(intent), ...imageSends(intent) })),
];
