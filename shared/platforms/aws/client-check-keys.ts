import {
  DescribeSnapshotsCommand,
  GetEbsDefaultKmsKeyIdCommand,
  GetEbsEncryptionByDefaultCommand,
  type Image,
} from '@aws-sdk/client-ec2';
import type { AmazonEbsSettings } from '../../contracts/platforms/aws.ts';
import { shareFields } from '../../contracts/platforms/aws-image.ts';
import type { PlatformCheck } from '../platform.ts';
import { type AwsSnapshot, copyRegionsOf } from './base-image.ts';
import { fails, passes, setting, warns } from '../checks.ts';
import { isManagedKey, readKey } from './client-keys.ts';
import { filter, type Session } from './client-session.ts';
import { translateError } from './errors.ts';

type NamedKey = { key: string; region: string; field: string };

const namedKeys = ({ builderConfiguration: { settings } }: AwsSnapshot, region: string): NamedKey[] => [
  ...(settings.kmsKeyId === undefined
    ? []
    : [{ key: settings.kmsKeyId, region, field: setting('kmsKeyId') }]),
  ...Object.entries(settings.regionKmsKeyIds ?? {}).map(([place, key]) => ({
    key,
    region: place,
    field: setting('regionKmsKeyIds', place),
  })),
  ...(settings.launchBlockDeviceMappings ?? []).flatMap(({ kmsKeyId: key }, at) =>
    key === undefined ? [] : [{ key, region, field: setting('launchBlockDeviceMappings', at, 'kmsKeyId') }],
  ),
];

const keyCheck = async (session: Session, { key, region, field }: NamedKey): Promise<PlatformCheck> => {
  const id = 'encryption-key';
  const refuse = (detail: string) => fails(id, { detail, field, errorId: 'encryption-key-unusable' });
  try {
    const found = await readKey(session, region, key);
    if (found?.KeyState !== 'Enabled')
      return refuse(`The key ${key} in ${region} is ${found?.KeyState ?? 'unknown'}.`);
    if (found.KeySpec !== 'SYMMETRIC_DEFAULT')
      return refuse(`The key ${key} in ${region} is ${found.KeySpec}: disks need a symmetric one.`);
    return passes(id, `The key ${key} in ${region} is enabled.`);
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundException')
      return refuse(`The key ${key} does not exist in ${region}.`);
    const detail = `The key ${key} in ${region} could not be looked at: ${translateError(error).message}`;
    return warns(id, { detail, field, errorId: 'encryption-key-unusable' });
  }
};

/** Whether each key that the builder names is there and enabled. What its policy lets the build do is not seen. */
export const keyChecks = (session: Session, snapshot: AwsSnapshot): Promise<PlatformCheck[]> =>
  Promise.all(namedKeys(snapshot, session.region).map((named) => keyCheck(session, named)));

/** Key that the account encrypts every new disk with, by itself; undefined when it does not. */
const accountKey = async ({ ec2 }: Session, region: string): Promise<string | undefined> => {
  const client = ec2(region);
  const { EbsEncryptionByDefault: isOn } = await client.send(new GetEbsEncryptionByDefaultCommand({}));
  if (isOn !== true) return undefined;
  return (await client.send(new GetEbsDefaultKmsKeyIdCommand({}))).KmsKeyId;
};

/** Keys of the base image's own disks. Those of others' snapshots are not shown to this account. */
const baseKeys = async ({ ec2, region }: Session, image: Image | undefined): Promise<string[]> => {
  const { BlockDeviceMappings: mappings = [] } = image ?? {};
  const ids = mappings.flatMap(({ Ebs }) => (Ebs?.Encrypted === true ? (Ebs.SnapshotId ?? []) : []));
  if (ids.length === 0) return [];
  const request = new DescribeSnapshotsCommand({ Filters: [filter('snapshot-id', ...ids)] });
  const { Snapshots: snapshots = [] } = await ec2(region).send(request);
  return snapshots.flatMap(({ KmsKeyId }) => KmsKeyId ?? []);
};

/** Keys that the disks of the image will have where the builder names none, by the field that would name one. */
const silentKeys = async (
  session: Session,
  snapshot: AwsSnapshot,
  image: Image | undefined,
): Promise<NamedKey[]> => {
  if (snapshot.builderConfiguration.settings.encryptBoot === true) return [];
  const { region } = session;
  const field = setting('kmsKeyId');
  const regions = [region, ...copyRegionsOf(snapshot)];
  const byAccount = await Promise.all(
    regions.map(async (place) => ({ place, key: await accountKey(session, place) })),
  );
  return [
    ...byAccount.flatMap(({ place, key }) => (key === undefined ? [] : [{ key, region: place, field }])),
    ...(await baseKeys(session, image)).map((key) => ({ key, region, field })),
  ];
};

const isShared = (settings: AmazonEbsSettings): boolean =>
  shareFields.some((field) => (settings[field] ?? []).length > 0);

const sharingCheck = async (session: Session, { key, region, field }: NamedKey, isRefused: boolean) => {
  const isManaged = await isManagedKey(session, region, key);
  if (isManaged === false) return [];
  const words = { field, errorId: 'image-not-shareable' as const };
  if (isManaged === undefined) {
    const detail = `Whether the key ${key} in ${region}, which the image will have, lets others in could not be looked at.`;
    return [warns('sharing', { detail, ...words })];
  }
  const detail = `The image will be encrypted in ${region} under the account's default key, which nobody else can use.`;
  return [isRefused ? fails('sharing', { detail, ...words }) : warns('sharing', { detail, ...words })];
};

/**
 * Whether others can use the image that the builder shares. A copy within the account works under the default key of
 * its region, but can be shared with nobody later: a warning. None where there is neither share nor copy.
 */
export const sharingChecks = async (
  session: Session,
  snapshot: AwsSnapshot,
  image: Image | undefined,
): Promise<PlatformCheck[]> => {
  const { settings } = snapshot.builderConfiguration;
  const shares = isShared(settings);
  if (!shares && copyRegionsOf(snapshot).length === 0) return [];
  const keys = await silentKeys(session, snapshot, image);
  const found = await Promise.all(keys.map((key) => sharingCheck(session, key, shares)));
  const checks = found.flat();
  return checks.length > 0
    ? checks
    : [passes('sharing', 'The image can be copied and shared as configured.')];
};
