import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteKeyPairCommand,
  DeleteLaunchTemplateCommand,
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  type EC2Client,
  TerminateInstancesCommand,
  waitUntilInstanceTerminated,
} from '@aws-sdk/client-ec2';
import { type FoundLeftover, PlatformError } from '../platform.ts';
import type { Session } from './client-session.ts';
import { isGone } from './errors.ts';
import { kinds, parseLocator } from './names.ts';

/** An instance ends within a minute or two; some large ones need longer. */
const TERMINATION_SECONDS = 300;
/** A group can be deleted a few seconds after its last interface is gone. */
const GROUP_ATTEMPTS = 10;
const GROUP_PAUSE_MILLISECONDS = 3000;

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

/** Another leftover may have taken it along. */
const deleteSnapshot = async (client: EC2Client, id: string): Promise<void> => {
  try {
    await client.send(new DeleteSnapshotCommand({ SnapshotId: id }));
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};

/** An image goes with its snapshots, which nobody would find again. */
const deregister = async (client: EC2Client, id: string): Promise<void> => {
  const { Images: images = [] } = await client.send(new DescribeImagesCommand({ ImageIds: [id] }));
  await client.send(new DeregisterImageCommand({ ImageId: id }));
  const devices = images.flatMap(({ BlockDeviceMappings: mappings = [] }) => mappings);
  for (const { Ebs: disk } of devices) {
    if (disk?.SnapshotId !== undefined) await deleteSnapshot(client, disk.SnapshotId);
  }
};

const removers: Record<string, (client: EC2Client, id: string) => Promise<unknown>> = {
  [kinds.instance]: terminate,
  [kinds.image]: deregister,
  [kinds.snapshot]: deleteSnapshot,
  [kinds.launchTemplate]: (client, id) =>
    client.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: id })),
  [kinds.volume]: (client, id) => client.send(new DeleteVolumeCommand({ VolumeId: id })),
  [kinds.keyPair]: (client, id) => client.send(new DeleteKeyPairCommand({ KeyName: id })),
  [kinds.securityGroup]: deleteGroup,
};

const removeProfile = async (session: Session, name: string): Promise<void> => {
  const { deleteProfile } = await import('./client-iam.ts');
  await deleteProfile(session, name);
};

/** Deletes one leftover; what is gone already is fine. */
export const removeLeftover = async (session: Session, { kind, locator }: FoundLeftover): Promise<void> => {
  const place = parseLocator(locator);
  if (kind === kinds.instanceProfile && place !== undefined) return removeProfile(session, place.id);
  const remove = removers[kind];
  if (place === undefined || remove === undefined) {
    throw new PlatformError('unclassified', `${kind} ${locator} is nothing that can be deleted here.`);
  }
  try {
    await remove(session.ec2(place.region), place.id);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};
