/** The customer's account as its owner sees it, past Goldsmith. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  EC2Client,
  type Image,
  type Tag,
} from '@aws-sdk/client-ec2';
import { Client, type ClientChannel } from 'ssh2';
import { z } from 'zod';
import { bootAndRead } from '../../infra/local/follow/boot-image.ts';
import { EMULATOR_CREDENTIALS, SSH_PORT } from '../../infra/local/stack/settings.ts';
import type { VmAccess } from '../../shared/contracts/entities/vm-access.ts';
import { localStack } from './e2e-client.ts';

const networkSchema = z.record(z.string(), z.object({ subnetId: z.string() }));
const RUN_TAG = 'goldsmith:run';

/** A client of the account's EC2. */
export const customerEc2 = (): EC2Client => {
  const { ec2Endpoint, region } = localStack();
  return new EC2Client({ endpoint: ec2Endpoint, region, credentials: EMULATOR_CREDENTIALS });
};

/** The account's own images of this name. */
export const imagesNamed = async (name: string): Promise<Image[]> => {
  const filters = [{ Name: 'name', Values: [name] }];
  const { Images = [] } = await customerEc2().send(
    new DescribeImagesCommand({ Owners: ['self'], Filters: filters }),
  );
  return Images;
};

/** Who else may start an image. */
export const launchPermissions = async (imageId: string) => {
  const answer = await customerEc2().send(
    new DescribeImageAttributeCommand({ ImageId: imageId, Attribute: 'launchPermission' }),
  );
  return answer.LaunchPermissions ?? [];
};

/** The tags of the snapshots behind an image. */
export const snapshotTags = async ({ BlockDeviceMappings = [] }: Image): Promise<Tag[][]> => {
  const ids = BlockDeviceMappings.flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []);
  const { Snapshots = [] } = await customerEc2().send(new DescribeSnapshotsCommand({ SnapshotIds: ids }));
  return Snapshots.map(({ Tags = [] }) => Tags);
};

const notGone = { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] };

/** The build VMs of a run that have not been terminated. */
export const instancesOf = async (runId: string) => {
  const filters = [{ Name: `tag:${RUN_TAG}`, Values: [runId] }, notGone];
  const { Reservations = [] } = await customerEc2().send(new DescribeInstancesCommand({ Filters: filters }));
  return Reservations.flatMap(({ Instances = [] }) => Instances);
};

/**
 * Everything temporary of a run in the account, as `kind id`: by its tag, the key pair by its name, and the groups that a run's
 * machine was in (`groupIds`), which carry no tag.
 */
export const temporariesOf = async (runId: string, groupIds: readonly string[] = []): Promise<string[]> => {
  const ec2 = customerEc2();
  const tagged = [{ Name: `tag:${RUN_TAG}`, Values: [runId] }];
  const [instances, { Volumes = [] }, { KeyPairs = [] }, { SecurityGroups = [] }] = await Promise.all([
    instancesOf(runId),
    ec2.send(new DescribeVolumesCommand({ Filters: tagged })),
    ec2.send(
      new DescribeKeyPairsCommand({ Filters: [{ Name: 'key-name', Values: [`goldsmith-${runId}`] }] }),
    ),
    ec2.send(new DescribeSecurityGroupsCommand({})),
  ]);
  const isOfRun = ({ GroupId = '', Tags = [] }: (typeof SecurityGroups)[number]): boolean =>
    groupIds.includes(GroupId) || Tags.some(({ Key, Value }) => Key === RUN_TAG && Value === runId);
  return [
    ...instances.map(({ InstanceId }) => `instance ${InstanceId}`),
    ...Volumes.map(({ VolumeId }) => `volume ${VolumeId}`),
    ...KeyPairs.map(({ KeyName }) => `key-pair ${KeyName}`),
    ...SecurityGroups.filter(isOfRun).map(({ GroupId }) => `security-group ${GroupId}`),
  ];
};

/** Names of all security groups that Packer made and that are still there. */
export const packerGroups = async (): Promise<string[]> => {
  const { SecurityGroups = [] } = await customerEc2().send(new DescribeSecurityGroupsCommand({}));
  return SecurityGroups.flatMap(({ GroupName = '' }) => (GroupName.startsWith('packer_') ? [GroupName] : []));
};

/** Boots an image with a key of its own, reads a file in it over SSH and ends the machine again. */
export const bootAndReadFile = async (amiId: string, file: string): Promise<string> => {
  const { ec2Endpoint, region } = localStack();
  const network = await fetch(`${ec2Endpoint}/goldsmith/network`);
  const subnetId = networkSchema.parse(await network.json())[region]?.subnetId ?? '';
  return bootAndRead({
    endpoint: ec2Endpoint,
    amiId,
    subnetId,
    file,
    report: () => {},
    signal: AbortSignal.timeout(120_000),
  });
};

/** Runs a command on a machine as a person would who was told how to log in, and answers what it printed. */
export const runOverSsh = async (access: VmAccess, command: string): Promise<string> => {
  const client = new Client();
  const { host, port, user: username, privateKey } = access;
  const ready = once(client, 'ready', { signal: AbortSignal.timeout(30_000) });
  client.connect({ host, port, username, privateKey, readyTimeout: 15_000 });
  try {
    await ready;
    const execute = promisify<string, ClientChannel>((wanted, done) => void client.exec(wanted, done));
    return await text(await execute(command));
  } finally {
    client.end();
  }
};

/** First words of the SSH server at an address: it is reachable. */
export const greetSsh = (host: string, username: string): Promise<'refused our key'> => {
  const { promise, resolve, reject } = Promise.withResolvers<'refused our key'>();
  const client = new Client();
  // Nobody has the key: that the server asks for another one shows that it is up and knows how to say no.
  client.once('error', (error) =>
    /authentication methods failed/.test(error.message) ? resolve('refused our key') : reject(error),
  );
  client.once('ready', () => reject(new Error('anybody can log in')));
  client.connect({ host, port: SSH_PORT, username, password: 'not the password', readyTimeout: 15_000 });
  return promise.finally(() => client.end());
};
