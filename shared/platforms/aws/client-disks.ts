import {
  DescribeSnapshotsCommand,
  type EC2Client,
  GetEbsDefaultKmsKeyIdCommand,
  GetEbsEncryptionByDefaultCommand,
  type Image,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import type { AmazonEbsSettings } from '../../contracts/platforms/aws.ts';
import { setting } from '../checks.ts';
import { filter } from './client-session.ts';

/** A disk of an image: its device name and its snapshot. */
export type ImageDisk = { name: string; snapshotId: string | undefined; isEncrypted: boolean };
/** A disk that the image of a run will have; `key` is what encrypts it, none where nothing does. */
export type FutureDisk = { name: string; key: string | undefined; field: string };
/** What an account does in a region with disks that nobody gives a key. */
export type DiskDefaults = { encrypts: boolean; key: string | undefined };

/** The disks on EBS of an image. */
export const disksOf = ({ BlockDeviceMappings: mappings = [] }: Image): ImageDisk[] =>
  mappings.flatMap(({ DeviceName: name = 'without a name', Ebs }) =>
    Ebs === undefined ? [] : [{ name, snapshotId: Ebs.SnapshotId, isEncrypted: Ebs.Encrypted === true }],
  );

/** Snapshots as they are now. Those of others are not shown to this account, and left out. */
export const readSnapshots = async (ec2: EC2Client, ids: string[]): Promise<Snapshot[]> => {
  if (ids.length === 0) return [];
  const request = new DescribeSnapshotsCommand({ Filters: [filter('snapshot-id', ...ids)] });
  return (await ec2.send(request)).Snapshots ?? [];
};

/** Whether the account encrypts every new disk in a region by itself, and the key where somebody names none. */
export const diskDefaults = async (ec2: EC2Client): Promise<DiskDefaults> => {
  const [{ EbsEncryptionByDefault: isOn }, { KmsKeyId: key }] = await Promise.all([
    ec2.send(new GetEbsEncryptionByDefaultCommand({})),
    ec2.send(new GetEbsDefaultKmsKeyIdCommand({})),
  ]);
  return { encrypts: isOn === true, key };
};

/** Keys of the base image's own disks, by their snapshots. */
const keysOf = async (ec2: EC2Client, disks: ImageDisk[]): Promise<Map<string | undefined, string>> => {
  const ids = disks.flatMap(({ isEncrypted, snapshotId }) => (isEncrypted ? (snapshotId ?? []) : []));
  const snapshots = await readSnapshots(ec2, ids);
  return new Map(snapshots.flatMap(({ SnapshotId, KmsKeyId }) => (KmsKeyId ? [[SnapshotId, KmsKeyId]] : [])));
};

/** Where nobody knows the base image it has at least the disk of the system. */
const UNKNOWN: ImageDisk = { name: 'of the system', snapshotId: undefined, isEncrypted: false };

/**
 * The disks that the build VM, and so the image, will have: those of the base image, then those that only the builder
 * names. A disk keeps the key of its snapshot, if the snapshot is the account's own; else, and where encryption is asked
 * for without a key, it gets the account's default ("Use encryption with EBS-backed AMIs", instance-launching scenarios).
 */
export const futureDisks = async (
  ec2: EC2Client,
  { launchBlockDeviceMappings: devices = [] }: AmazonEbsSettings,
  image: Image | undefined,
  defaults: DiskDefaults,
): Promise<FutureDisk[]> => {
  const given = image === undefined ? [UNKNOWN] : disksOf(image);
  const keys = await keysOf(ec2, given);
  const named = new Map(devices.map((device, at) => [device.deviceName, { ...device, at }]));
  const future = (name: string, base?: ImageDisk): FutureDisk => {
    const device = named.get(name);
    const kept = base?.isEncrypted === true ? (keys.get(base.snapshotId) ?? defaults.key) : undefined;
    const asked = device?.encrypted === true ? (device.kmsKeyId ?? kept ?? defaults.key) : kept;
    const key = asked ?? (defaults.encrypts ? defaults.key : undefined);
    const field =
      device === undefined
        ? setting('kmsKeyId')
        : setting('launchBlockDeviceMappings', device.at, 'kmsKeyId');
    return { name, key, field };
  };
  const others = devices.filter(({ deviceName }) => given.every(({ name }) => name !== deviceName));
  return [
    ...given.map((disk) => future(disk.name, disk)),
    ...others.map(({ deviceName }) => future(deviceName)),
  ];
};
