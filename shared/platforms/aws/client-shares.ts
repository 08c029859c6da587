import {
  DescribeImagesCommand,
  type EC2Client,
  type LaunchPermission,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import type { Locator } from '../../contracts/entities/image-version.ts';
import { PlatformError, type SharePrincipal } from '../platform.ts';
import { listed } from '../checks.ts';
import { amisOf } from './base-image.ts';
import { disksOf, type ImageDisk, readSnapshots } from './client-disks.ts';
import { isManagedKey } from './client-keys.ts';
import { filter, type Session } from './client-session.ts';

/** EC2 knows organisations by their ARNs alone, which name the account that manages them. */
const demandArn = ({ type, id }: SharePrincipal): string => {
  if (id.startsWith('arn:')) return id;
  const words = type === 'organization' ? 'organization/o-…' : 'ou/o-…/ou-…';
  const message = `EC2 takes no ${id}: it wants the ARN, arn:aws:organizations::MANAGEMENT-ACCOUNT:${words}.`;
  throw new PlatformError('builder-setting-invalid', message, { field: '/principal/id' });
};

const permissionOf = (principal: SharePrincipal): LaunchPermission => {
  if (principal.type === 'account') return { UserId: principal.id };
  const arn = demandArn(principal);
  return principal.type === 'organization' ? { OrganizationArn: arn } : { OrganizationalUnitArn: arn };
};

const amiIn = (locators: Locator[], region: string): string => {
  const amis = amisOf(locators);
  const found = amis.find((one) => one.region === region);
  if (found !== undefined) return found.amiId;
  const places = listed(amis.map((one) => one.region));
  throw new PlatformError('region-invalid', `The image is not in ${region}; it is in: ${places}.`);
};

/** The disks of an own image; undefined when the image is gone. */
const disksOfOwn = async (client: EC2Client, amiId: string): Promise<ImageDisk[] | undefined> => {
  const request = new DescribeImagesCommand({
    Owners: ['self'],
    Filters: [filter('image-id', amiId)],
    IncludeDeprecated: true,
  });
  const [image] = (await client.send(request)).Images ?? [];
  return image === undefined ? undefined : disksOf(image);
};

const snapshotsOf = (disks: ImageDisk[]): string[] => disks.flatMap(({ snapshotId }) => snapshotId ?? []);

/**
 * Under a key that AWS manages nobody else could start a machine: EC2 refuses too, and says less. One such disk is enough.
 * Nothing has been shared yet when this throws.
 */
const demandShareable = async (
  session: Session,
  region: string,
  { client, amiId, disks }: { client: EC2Client; amiId: string; disks: ImageDisk[] },
): Promise<void> => {
  for (const { SnapshotId: id, KmsKeyId: key } of await readSnapshots(client, snapshotsOf(disks))) {
    if (key === undefined || (await isManagedKey(session, region, key)) !== true) continue;
    const name = disks.find(({ snapshotId }) => snapshotId === id)?.name;
    const message = `${amiId} cannot be shared: its disk ${name} (${id}) is encrypted under the account's default key (${key}), which nobody else can use.`;
    throw new PlatformError('image-not-shareable', message);
  }
};

type Change = 'Add' | 'Remove';

const change = async (
  client: EC2Client,
  kind: Change,
  target: { amiId: string; snapshotIds: string[]; principal: SharePrincipal },
): Promise<void> => {
  const { amiId, snapshotIds, principal } = target;
  const permission = permissionOf(principal);
  await client.send(
    new ModifyImageAttributeCommand({ ImageId: amiId, LaunchPermission: { [kind]: [permission] } }),
  );
  // Snapshots are shared with accounts alone; whoever may start machines from the image needs no right to them.
  if (principal.type !== 'account') return;
  for (const SnapshotId of snapshotIds) {
    const permissions = { [kind]: [{ UserId: principal.id }] };
    await client.send(
      new ModifySnapshotAttributeCommand({ SnapshotId, CreateVolumePermission: permissions }),
    );
  }
};

/**
 * Lets an account, an organization or an organizational unit start machines from the image in a region, and an account
 * copy its snapshots. Repeating it is harmless. Throws PlatformError when the image is not there or nobody else could
 * use it.
 */
export const share = async (
  session: Session,
  locators: Locator[],
  region: string,
  principal: SharePrincipal,
): Promise<void> => {
  const amiId = amiIn(locators, region);
  const client = session.ec2(region);
  const disks = await disksOfOwn(client, amiId);
  if (disks === undefined)
    throw new PlatformError('image-missing-after-build', `${amiId} is not there in ${region} any more.`);
  await demandShareable(session, region, { client, amiId, disks });
  await change(client, 'Add', { amiId, snapshotIds: snapshotsOf(disks), principal });
};

/** Takes a share back. Of an image that is gone, or that was not shared, it is a success. */
export const unshare = async (
  session: Session,
  locators: Locator[],
  region: string,
  principal: SharePrincipal,
): Promise<void> => {
  const amiId = amiIn(locators, region);
  const client = session.ec2(region);
  const disks = await disksOfOwn(client, amiId);
  if (disks !== undefined)
    await change(client, 'Remove', { amiId, snapshotIds: snapshotsOf(disks), principal });
};
