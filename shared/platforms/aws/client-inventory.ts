import {
  DescribeKeyPairsCommand,
  type EC2Client,
  paginateDescribeImages,
  paginateDescribeLaunchTemplates,
  paginateDescribeSecurityGroups,
  paginateDescribeSnapshots,
  paginateDescribeVolumes,
  type Filter,
  type Tag,
} from '@aws-sdk/client-ec2';
import type { Locator } from '../../contracts/entities/image-version.ts';
import { type FoundLeftover, type Owner, PlatformError, type TaggedResource } from '../platform.ts';
import { amisOf } from './base-image.ts';
import { belongingsOf, type Belonging, listMachines, type Machine } from './client-belongings.ts';
import { locate } from './client-images.ts';
import { filtersOfOwner, namesNoRun, runOfTags } from './client-ownership.ts';
import { removeLeftover } from './client-removal.ts';
import { accountId, filter, type Session } from './client-session.ts';
import { unusedSnapshots } from './client-unfinished-images.ts';
import { isRefused } from './errors.ts';
import { EVERYWHERE, isPackersGroup, kinds, locatorOf, runOfKeyPair } from './names.ts';

type Found = { id: string | undefined; tags: Tag[] | undefined };
type List = (client: EC2Client, Filters: Filter[]) => Promise<Found[]>;

const collect = async <Page>(pages: AsyncIterable<Page>, read: (page: Page) => Found[]): Promise<Found[]> => {
  const found: Found[] = [];
  for await (const page of pages) found.push(...read(page));
  return found;
};

/** Kinds in the order in which they can be deleted, behind the machines. */
const lists: { kind: string; isImage: boolean; list: List }[] = [
  {
    kind: kinds.launchTemplate,
    isImage: false,
    // Who may not list them makes no spot builds.
    list: (client, Filters) =>
      collect(paginateDescribeLaunchTemplates({ client }, { Filters }), ({ LaunchTemplates: all = [] }) =>
        all.map(({ LaunchTemplateId: id, Tags: tags }) => ({ id, tags })),
      ).catch((error: unknown) => {
        if (isRefused(error)) return [];
        throw error;
      }),
  },
  {
    kind: kinds.image,
    isImage: true,
    list: (client, Filters) =>
      collect(
        paginateDescribeImages({ client }, { Filters, Owners: ['self'], IncludeDeprecated: true }),
        ({ Images: all = [] }) => all.map(({ ImageId: id, Tags: tags }) => ({ id, tags })),
      ),
  },
  {
    kind: kinds.snapshot,
    isImage: true,
    list: (client, Filters) =>
      collect(
        paginateDescribeSnapshots({ client }, { Filters, OwnerIds: ['self'] }),
        ({ Snapshots: all = [] }) => all.map(({ SnapshotId: id, Tags: tags }) => ({ id, tags })),
      ),
  },
  {
    kind: kinds.volume,
    isImage: false,
    // Others go with their instance.
    list: (client, Filters) =>
      collect(paginateDescribeVolumes({ client }, { Filters }), ({ Volumes: all = [] }) =>
        all
          .filter(({ Attachments = [] }) => !Attachments.some((one) => one.DeleteOnTermination === true))
          .map(({ VolumeId: id, Tags: tags }) => ({ id, tags })),
      ),
  },
  {
    kind: kinds.keyPair,
    isImage: false,
    list: async (client, Filters) => {
      const { KeyPairs: all = [] } = await client.send(new DescribeKeyPairsCommand({ Filters }));
      return all.map(({ KeyName: id, Tags: tags }) => ({ id, tags }));
    },
  },
  {
    kind: kinds.securityGroup,
    isImage: false,
    list: (client, Filters) =>
      collect(paginateDescribeSecurityGroups({ client }, { Filters }), ({ SecurityGroups: all = [] }) =>
        all
          .filter(({ GroupName = '' }) => isPackersGroup(GroupName))
          .map(({ GroupId: id, Tags: tags }) => ({ id, tags })),
      ),
  },
];

/** Key pairs that carry no tags, as Packer 1.6 makes them: by the name that the template gives them. */
const listNamedKeyPairs = async (client: EC2Client): Promise<{ id: string; runId: string }[]> => {
  const request = new DescribeKeyPairsCommand({ Filters: [filter('key-name', 'goldsmith-run_*')] });
  const { KeyPairs: all = [] } = await client.send(request);
  return all.flatMap(({ KeyName: id = '', Tags: tags }) => {
    const runId = namesNoRun(tags) ? runOfKeyPair(id) : undefined;
    return runId === undefined ? [] : [{ id, runId }];
  });
};

type Placed = FoundLeftover & Pick<TaggedResource, 'runId' | 'isImage' | 'isNamed'>;

const findTaggedIn = async (
  session: Session,
  region: string,
  owner: Owner,
  machines: Machine[],
): Promise<Placed[]> => {
  const client = session.ec2(region);
  const found = await Promise.all(
    lists.map(async ({ kind, isImage, list }) =>
      (await list(client, filtersOfOwner(owner))).flatMap(({ id, tags }): Placed[] => {
        const runId = runOfTags(tags, owner);
        return id === undefined || runId === undefined
          ? []
          : [{ kind, locator: locatorOf(region, id), runId, isImage }];
      }),
    ),
  );
  const living = machines
    .filter(({ isLiving }) => isLiving)
    .map(({ id, runId }) => ({
      kind: kinds.instance,
      locator: locatorOf(region, id),
      runId,
      isImage: false,
    }));
  return [...living, ...found.flat()];
};

/** Snapshots that an image is made of go with that one, or stay with it. */
const withoutUsed = async (session: Session, region: string, all: Placed[]): Promise<Placed[]> => {
  const ids = all.flatMap(({ kind, locator }) =>
    kind === kinds.snapshot ? [locator.slice(region.length + 1)] : [],
  );
  const unused = new Set(
    (await unusedSnapshots(session.ec2, region, ids)).map((id) => locatorOf(region, id)),
  );
  return all.filter(({ kind, locator }) => kind !== kinds.snapshot || unused.has(locator));
};

type InRegion = { found: Placed[]; profiles: Map<string, string> };

const findIn = async (session: Session, region: string, owner: Owner): Promise<InRegion> => {
  const client = session.ec2(region);
  const machines = await listMachines(client, owner);
  const [tagged, named, belongings] = await Promise.all([
    findTaggedIn(session, region, owner, machines),
    listNamedKeyPairs(client),
    belongingsOf(client, machines),
  ]);
  const pairs = named.map(({ id, runId }) => ({
    kind: kinds.keyPair,
    locator: locatorOf(region, id),
    runId,
    isImage: false,
    isNamed: true,
  }));
  const groups = belongings.groups.map(
    ({ id, runId }: Belonging): Placed => ({
      kind: kinds.securityGroup,
      locator: locatorOf(region, id),
      runId,
      isImage: false,
    }),
  );
  const all = [...(await withoutUsed(session, region, tagged)), ...pairs, ...groups];
  return { found: all, profiles: belongings.profiles };
};

/**
 * All that carries the owner's tags in these regions and the connection's own; what Packer 1.6 makes without tags by the
 * owner's machine that has it, or by its name.
 */
export const findTagged = async (
  session: Session,
  owner: Owner,
  regions: string[],
): Promise<TaggedResource[]> => {
  const { findProfilesOfOwner } = await import('./client-iam.ts');
  const all = [...new Set([session.region, ...regions])];
  const inRegions = await Promise.all(all.map((region) => findIn(session, region, owner)));
  const attached = new Map(inRegions.flatMap(({ profiles }) => [...profiles]));
  const profiles = await findProfilesOfOwner(session, owner, attached);
  const placed: Placed[] = [
    ...inRegions.flatMap(({ found }) => found),
    ...profiles.map(({ name, runId }) => ({
      kind: kinds.instanceProfile,
      locator: locatorOf(EVERYWHERE, name),
      runId,
      isImage: false,
    })),
  ];
  const once = [...new Map(placed.toReversed().map((one) => [one.locator, one])).values()].toReversed();
  return once.map((one) => ({ ...one, remove: () => removeLeftover(session, one) }));
};

/** Those of the AMIs that are there; throws when one is in another account, where it may well be. */
export const locateInAccount = async (session: Session, locators: Locator[]): Promise<Locator[]> => {
  const amis = amisOf(locators);
  const own = await accountId(session);
  const foreign = amis.find((ami) => ami.accountId !== own);
  if (foreign !== undefined || amis.length < locators.length) {
    const where = foreign?.accountId ?? 'another platform';
    throw new PlatformError('unclassified', `The image is in ${where}, the connection leads to ${own}.`);
  }
  return locate(session, amis);
};
