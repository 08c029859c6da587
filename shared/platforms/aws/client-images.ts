import {
  DescribeImagesCommand,
  type EC2Client,
  type Image,
  paginateDescribeImages,
} from '@aws-sdk/client-ec2';
import type { BaseImage } from '../../contracts/entities/image-version.ts';
import { PlatformError } from '../platform.ts';
import type { AwsImage, AwsLocator, AwsSnapshot } from './base-image.ts';
import { filter, type Session } from './client-session.ts';
import { demandImage, filterOf, layerAmi } from './source-image.ts';

/** What is looked for: one AMI, or the newest that a filter finds; `what` names it for people. */
type Wanted = { what: string } & ({ amiId: string } | { owners: string[]; nameFilter: string });

const byId = async (ec2: EC2Client, amiId: string): Promise<Image[]> => {
  const { Images: images = [] } = await ec2.send(new DescribeImagesCommand({ ImageIds: [amiId] }));
  return images;
};

const byFilter = async (
  ec2: EC2Client,
  { owners, nameFilter }: { owners: string[]; nameFilter: string },
  architecture: string,
): Promise<Image[]> => {
  const conditions = filterOf(nameFilter, architecture);
  const filters = Object.entries(conditions).map(([name, value]) => filter(name, value));
  const found: Image[] = [];
  const pages = paginateDescribeImages({ client: ec2 }, { Owners: owners, Filters: filters });
  for await (const { Images: images = [] } of pages) found.push(...images);
  return found;
};

const wantedOf = async (session: Session, snapshot: AwsSnapshot, image: AwsImage): Promise<Wanted> => {
  if (image.type === 'aws-ami') return { amiId: image.amiId, what: image.amiId };
  if (image.type === 'image-definition') {
    const { amiId, name } = layerAmi(snapshot);
    return { amiId, what: `${name} (${amiId})` };
  }
  if (image.type === 'aws-ssm-parameter') {
    const { readParameter } = await import('./client-parameters.ts');
    const amiId = await readParameter(session, image.parameter);
    return { amiId, what: `${image.parameter} (${amiId})` };
  }
  const { owners, nameFilter } = image;
  return { owners, nameFilter, what: `"${nameFilter}" of ${owners.join(', ')}` };
};

const newestFirst = (a: Image, b: Image): number =>
  `${b.CreationDate ?? ''} ${b.ImageId ?? ''}` > `${a.CreationDate ?? ''} ${a.ImageId ?? ''}` ? 1 : -1;

/** The image that the operating system names, or the newest that its filter finds. */
export const resolveBaseImage = async (session: Session, snapshot: AwsSnapshot): Promise<BaseImage> => {
  const { ec2, region } = session;
  const { operatingSystem, layer } = snapshot;
  const image = demandImage(snapshot);
  const wanted = await wantedOf(session, snapshot, image);
  const images =
    'amiId' in wanted
      ? await byId(ec2(region), wanted.amiId)
      : await byFilter(ec2(region), wanted, operatingSystem.architecture);
  const [newest] = images.filter(({ State }) => State === 'available').toSorted(newestFirst);
  if (newest?.ImageId === undefined)
    throw new PlatformError('base-image-not-found', `No image ${wanted.what} is available in ${region}.`);
  if (newest.Architecture !== operatingSystem.architecture) {
    const message = `The image ${wanted.what} is for ${newest.Architecture}, the operating system says ${operatingSystem.architecture}.`;
    throw new PlatformError('base-image-mismatch', message);
  }
  const imageVersionId = image.type === 'image-definition' ? layer?.imageVersionId : undefined;
  return {
    id: newest.ImageId,
    name: newest.Name,
    createdAt: newest.CreationDate,
    deprecatedAt: newest.DeprecationTime,
    ...(imageVersionId === undefined ? {} : { imageVersionId }),
  };
};

const locateIn = async (ec2: EC2Client, locators: AwsLocator[]): Promise<AwsLocator[]> => {
  const ids = locators.map(({ amiId }) => amiId);
  // A filter, because asking for an id that is gone is an error for all of them.
  const request = new DescribeImagesCommand({ Filters: [filter('image-id', ...ids)], Owners: ['self'] });
  const { Images: images = [] } = await ec2.send(request);
  return locators.flatMap((locator) => {
    const image = images.find(({ ImageId, State }) => ImageId === locator.amiId && State === 'available');
    const accountId = image?.OwnerId ?? locator.accountId;
    return image === undefined ? [] : [{ ...locator, accountId, amiName: image.Name ?? locator.amiName }];
  });
};

/** Those of the images that are there, available and the account's own, as they are now. */
export const locate = async ({ ec2 }: Session, locators: AwsLocator[]): Promise<AwsLocator[]> => {
  const regions = Map.groupBy(locators, ({ region }) => region);
  const found = await Promise.all([...regions].map(([region, some]) => locateIn(ec2(region), some)));
  return found.flat();
};
