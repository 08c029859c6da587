import {
  DescribeImagesCommand,
  type EC2Client,
  type Image,
  paginateDescribeImages,
} from '@aws-sdk/client-ec2';
import type { BaseImage, Locator } from '../../contracts/entities/image-version.ts';
import type { RunSnapshot } from '../../contracts/snapshot.ts';
import { PlatformError } from '../platform.ts';
import { type AwsImage, osImageOf } from './base-image.ts';
import { filter, type Session } from './client-session.ts';

const findImages = async (ec2: EC2Client, image: AwsImage, architecture: string): Promise<Image[]> => {
  if (image.type === 'aws-ami') {
    const { Images: images = [] } = await ec2.send(new DescribeImagesCommand({ ImageIds: [image.amiId] }));
    return images;
  }
  const filters = [
    filter('name', image.nameFilter),
    filter('architecture', architecture),
    filter('state', 'available'),
    filter('root-device-type', 'ebs'),
  ];
  const found: Image[] = [];
  const pages = paginateDescribeImages({ client: ec2 }, { Owners: image.owners, Filters: filters });
  for await (const { Images: images = [] } of pages) found.push(...images);
  return found;
};

const newestFirst = (a: Image, b: Image): number =>
  `${b.CreationDate ?? ''} ${b.ImageId ?? ''}` > `${a.CreationDate ?? ''} ${a.ImageId ?? ''}` ? 1 : -1;

/** The image that the operating system names, or the newest that its filter finds. */
export const resolveBaseImage = async (
  { ec2, region }: Session,
  snapshot: RunSnapshot,
): Promise<BaseImage> => {
  const { operatingSystem } = snapshot;
  const wanted = osImageOf(snapshot);
  if (wanted === undefined) {
    const message = `The operating system "${operatingSystem.name}" has no image for this connection in ${region}.`;
    throw new PlatformError('base-image-not-found', message);
  }
  const images = await findImages(ec2(region), wanted, operatingSystem.architecture);
  const [image] = images.filter(({ State }) => State === 'available').toSorted(newestFirst);
  const what =
    wanted.type === 'aws-ami' ? wanted.amiId : `"${wanted.nameFilter}" of ${wanted.owners.join(', ')}`;
  if (image?.ImageId === undefined) {
    throw new PlatformError('base-image-not-found', `No image ${what} is available in ${region}.`);
  }
  if (image.Architecture !== operatingSystem.architecture) {
    const message = `The image ${what} is for ${image.Architecture}, the operating system says ${operatingSystem.architecture}.`;
    throw new PlatformError('base-image-mismatch', message);
  }
  return { id: image.ImageId, name: image.Name, createdAt: image.CreationDate };
};

const locateIn = async (ec2: EC2Client, locators: Locator[]): Promise<Locator[]> => {
  const ids = locators.map(({ amiId }) => amiId);
  // A filter, because asking for an id that is gone is an error for all of them.
  const request = new DescribeImagesCommand({ Filters: [filter('image-id', ...ids)], Owners: ['self'] });
  const { Images: images = [] } = await ec2.send(request);
  return locators.flatMap((locator) => {
    const image = images.find(({ ImageId, State }) => ImageId === locator.amiId && State === 'available');
    return image === undefined
      ? []
      : [
          {
            ...locator,
            accountId: image.OwnerId ?? locator.accountId,
            amiName: image.Name ?? locator.amiName,
          },
        ];
  });
};

/** Those of the images that are there, available and the account's own, as they are now. */
export const locate = async ({ ec2 }: Session, locators: Locator[]): Promise<Locator[]> => {
  const regions = Map.groupBy(locators, ({ region }) => region);
  const found = await Promise.all([...regions].map(([region, some]) => locateIn(ec2(region), some)));
  return found.flat();
};
