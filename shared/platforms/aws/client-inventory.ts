import {
  DescribeKeyPairsCommand,
  type EC2Client,
  paginateDescribeImages,
  paginateDescribeInstances,
  paginateDescribeLaunchTemplates,
  paginateDescribeSecurityGroups,
  paginateDescribeSnapshots,
  paginateDescribeVolumes,
  type Filter,
  type Tag,
} from '@aws-sdk/client-ec2';
import type { Locator } from '../../contracts/entities/image-version.ts';
import { type Owner, PlatformError, type TaggedResource } from '../platform.ts';
import { amisOf } from './base-image.ts';
import { locate } from './client-images.ts';
import { removeLeftover } from './client-removal.ts';
import { accountId, filter, type Session } from './client-session.ts';
import { DEPLOYMENT_TAG, isPackersGroup, kinds, locatorOf, RUN_TAG, WORKSPACE_TAG } from './names.ts';

type Found = { id: string | undefined; tags: Tag[] | undefined };
type List = (client: EC2Client, Filters: Filter[]) => Promise<Found[]>;

const collect = async <Page>(pages: AsyncIterable<Page>, read: (page: Page) => Found[]): Promise<Found[]> => {
  const found: Found[] = [];
  for await (const page of pages) found.push(...read(page));
  return found;
};

const LIVING = new Set<string | undefined>(['pending', 'running', 'stopping', 'stopped']);

/** Kinds in the order in which they can be deleted. Instance profiles have no list by tag. */
const lists: { kind: string; isImage: boolean; list: List }[] = [
  {
    kind: kinds.instance,
    isImage: false,
    list: (client, Filters) =>
      collect(paginateDescribeInstances({ client }, { Filters }), ({ Reservations: reservations = [] }) =>
        reservations
          .flatMap(({ Instances: instances = [] }) => instances)
          .filter(({ State }) => LIVING.has(State?.Name))
          .map(({ InstanceId: id, Tags: tags }) => ({ id, tags })),
      ),
  },
  {
    kind: kinds.launchTemplate,
    isImage: false,
    list: (client, Filters) =>
      collect(paginateDescribeLaunchTemplates({ client }, { Filters }), ({ LaunchTemplates: all = [] }) =>
        all.map(({ LaunchTemplateId: id, Tags: tags }) => ({ id, tags })),
      ),
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

const findIn = async (session: Session, region: string, owner: Owner): Promise<TaggedResource[]> => {
  const Filters = [
    filter(`tag:${DEPLOYMENT_TAG}`, owner.deploymentId),
    filter(`tag:${WORKSPACE_TAG}`, owner.workspaceId),
  ];
  const found = await Promise.all(
    lists.map(async ({ kind, isImage, list }) =>
      (await list(session.ec2(region), Filters)).flatMap(({ id, tags = [] }): TaggedResource[] => {
        const runId = tags.find(({ Key }) => Key === RUN_TAG)?.Value;
        if (id === undefined || runId === undefined) return [];
        const leftover = { kind, locator: locatorOf(region, id) };
        return [{ ...leftover, runId, isImage, remove: () => removeLeftover(session, leftover) }];
      }),
    ),
  );
  return found.flat();
};

/** All that carries the owner's tags in these regions and the connection's own. */
export const findTagged = async (
  session: Session,
  owner: Owner,
  regions: string[],
): Promise<TaggedResource[]> => {
  const all = [...new Set([session.region, ...regions])];
  return (await Promise.all(all.map((region) => findIn(session, region, owner)))).flat();
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
