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
import { ANY_KEY_PAIR, EVERYWHERE, isPackersGroup, kinds, locatorOf, runOfKeyPair } from './names.ts';

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
const listNamedKeyPairs = async (client: EC2Client): Promise<Belonging[]> => {
  const request = new DescribeKeyPairsCommand({ Filters: [filter('key-name', ANY_KEY_PAIR)] });
  const { KeyPairs: all = [] } = await client.send(request);
  return all.flatMap(({ KeyName: id = '', Tags: tags }) => {
    const runId = namesNoRun(tags) ? runOfKeyPair(id) : undefined;
    return runId === undefined ? [] : [{ id, runId, isNamed: true }];
  });
};

type Placed = FoundLeftover & Pick<TaggedResource, 'runId' | 'isImage' | 'isNamed'>;

/** Temporary things of runs, each at its place. */
const placed = (kind: string, region: string, all: Belonging[]): Placed[] =>
  all.map(({ id, runId, isNamed }) => ({
    kind,
    locator: locatorOf(region, id),
    runId,
    isImage: false,
    ...(isNamed ? { isNamed } : {}),
  }));

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
  const living = machines.filter(({ isLiving }) => isLiving);
  return [...placed(kinds.instance, region, living), ...found.flat()];
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

type InRegion = { found: Placed[]; profiles: Belonging[] };

const findIn = async (session: Session, region: string, owner: Owner): Promise<InRegion> => {
  const client = session.ec2(region);
  const machines = await listMachines(client, owner);
  const [tagged, pairs, { groups, profiles }] = await Promise.all([
    findTaggedIn(session, region, owner, machines),
    listNamedKeyPairs(client),
    belongingsOf(client, machines),
  ]);
  const found = [
    ...(await withoutUsed(session, region, tagged)),
    ...placed(kinds.keyPair, region, pairs),
    ...placed(kinds.securityGroup, region, groups),
  ];
  return { found, profiles };
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
  const attached = inRegions.flatMap(({ profiles }) => profiles);
  const profiles = await findProfilesOfOwner(session, owner, attached);
  const found = [
    ...inRegions.flatMap((one) => one.found),
    ...placed(kinds.instanceProfile, EVERYWHERE, profiles),
  ];
  const once = new Map(found.toReversed().map((one) => [one.locator, one]));
  return [...once.values()]
    .toReversed()
    .map((one) => ({ ...one, remove: () => removeLeftover(session, one) }));
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
