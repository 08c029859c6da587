import {
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  type Filter,
  type Image,
} from '@aws-sdk/client-ec2';
import type { FoundLeftover, RunIdentity } from '../platform.ts';
import { filtersOfRun } from './client-ownership.ts';
import { filter, type Session } from './client-session.ts';
import { kinds, locatorOf } from './names.ts';

type Ec2 = Session['ec2'];

const ownImages = async (ec2: Ec2, region: string, ...conditions: Filter[]): Promise<Image[]> => {
  const request = { Owners: ['self'], Filters: conditions, IncludeDeprecated: true };
  return (await ec2(region).send(new DescribeImagesCommand(request))).Images ?? [];
};

/** Each id once. */
const idsOf = (images: Image[]): string[] => [...new Set(images.flatMap(({ ImageId }) => ImageId ?? []))];

/** Name of the image that Packer makes to encrypt it: seven letters and digits. */
const PASSING_NAME = /^[A-Za-z0-9]{7}$/;

/** An image that somebody else made of the run's machine or image has another name. */
const isNamedByRun = ({ Name: name = '' }: Image, finalName: string): boolean =>
  name === finalName || PASSING_NAME.test(name);

type Place = { region: string; run: RunIdentity; finalName: string };

/**
 * Images of a region that are the run's by its tag, or by what they were made of. Packer often tags an image only when
 * it is done: until then an unfinished one is known by its machine, and a copy by the image that it is a copy of.
 */
const imagesIn = async (ec2: Ec2, place: Place, origin: Filter | undefined): Promise<string[]> => {
  const { region, run, finalName } = place;
  const [tagged, made] = await Promise.all([
    ownImages(ec2, region, ...filtersOfRun(run)),
    origin === undefined ? [] : ownImages(ec2, region, origin),
  ]);
  return idsOf([...tagged, ...made.filter((image) => isNamedByRun(image, finalName))]);
};

/** EC2 takes 200 values of a filter. */
const MOST_VALUES = 200;

/** Those of the snapshots that no image of the account is made of. */
export const unusedSnapshots = async (ec2: Ec2, region: string, ids: string[]): Promise<string[]> => {
  const used = new Set<string>();
  for (let start = 0; start < ids.length; start += MOST_VALUES) {
    const some = filter('block-device-mapping.snapshot-id', ...ids.slice(start, start + MOST_VALUES));
    for (const { BlockDeviceMappings: mappings = [] } of await ownImages(ec2, region, some))
      for (const { Ebs: disk } of mappings) if (disk?.SnapshotId !== undefined) used.add(disk.SnapshotId);
  }
  return ids.filter((id) => !used.has(id));
};

/** Snapshots with the run's tags of which no image is there any more. */
const snapshotsIn = async (ec2: Ec2, region: string, run: RunIdentity): Promise<string[]> => {
  const request = new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters: filtersOfRun(run) });
  const { Snapshots: found = [] } = await ec2(region).send(request);
  return unusedSnapshots(
    ec2,
    region,
    found.flatMap(({ SnapshotId }) => SnapshotId ?? []),
  );
};

type Wanted = { run: RunIdentity; finalName: string; instanceIds: string[]; copyRegions: string[] };

/** Images of a run that did not succeed, and snapshots without an image, in every region that it works in. */
export const findImagesOfRun = async (
  { ec2, region: home }: Session,
  { run, finalName, instanceIds, copyRegions }: Wanted,
): Promise<FoundLeftover[]> => {
  const at = (region: string): Place => ({ region, run, finalName });
  const machine = instanceIds.length === 0 ? undefined : filter('source-instance-id', ...instanceIds);
  const made = await imagesIn(ec2, at(home), machine);
  const origin = made.length === 0 ? undefined : filter('source-image-id', ...made);
  const found = await Promise.all(
    // Home once more: an encrypted image is a copy, too, of one that Packer makes and removes.
    [home, ...copyRegions].map(async (region) => {
      const [copies, snapshots] = await Promise.all([
        imagesIn(ec2, at(region), origin),
        snapshotsIn(ec2, region, run),
      ]);
      const images = region === home ? new Set([...made, ...copies]) : copies;
      return [
        ...[...images].map((id) => ({ kind: kinds.image, locator: locatorOf(region, id) })),
        ...snapshots.map((id) => ({ kind: kinds.snapshot, locator: locatorOf(region, id) })),
      ];
    }),
  );
  return found.flat();
};
