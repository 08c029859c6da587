import { DescribeImagesCommand, type Image } from '@aws-sdk/client-ec2';
import type { BaseImage } from '../../contracts/entities/image-version.ts';
import type { PlatformCheck } from '../platform.ts';
import { type AwsSnapshot, copyRegionsOf } from './base-image.ts';
import { fails, imageField, passes, setting, warns } from '../checks.ts';
import { filter, type Session } from './client-session.ts';

const BASE = 'base-image';
const NAME = 'image-name';
/** EC2 takes no later time than ten years ahead. */
const DEPRECATION_YEARS = 10;

/** The base image as it is now; undefined when it is gone or not available. */
export const findBaseImage = async (
  { ec2, region }: Session,
  { id }: BaseImage,
): Promise<Image | undefined> => {
  // A filter: asking for an id that is gone is an error.
  const request = new DescribeImagesCommand({ Filters: [filter('image-id', id)], IncludeDeprecated: true });
  const { Images: images = [] } = await ec2(region).send(request);
  return images.find(({ State }) => State === 'available');
};

const isOfMarketplace = ({ ProductCodes: codes = [] }: Image): boolean =>
  codes.some(({ ProductCodeType }) => ProductCodeType === 'marketplace');

/** Disks of the build VM that are smaller than what the base image has on them. */
const diskChecks = (image: Image, { builderConfiguration }: AwsSnapshot): PlatformCheck[] => {
  const { BlockDeviceMappings: mappings = [] } = image;
  const devices = builderConfiguration.settings.launchBlockDeviceMappings ?? [];
  return devices.flatMap(({ deviceName, volumeSize }, at) => {
    const own = mappings.find(({ DeviceName }) => DeviceName === deviceName)?.Ebs?.VolumeSize;
    if (volumeSize === undefined || own === undefined || volumeSize >= own) return [];
    const detail = `${deviceName} would have ${volumeSize} GiB, and that of the base image has ${own}.`;
    const field = setting('launchBlockDeviceMappings', at, 'volumeSize');
    return [fails(BASE, { detail, field, errorId: 'builder-setting-invalid' })];
  });
};

/**
 * Whether the base image is still there, and a build of this kind can start from it; `image` is how it is now. That it is
 * deprecated is told by whoever resolved it.
 */
export const baseImageChecks = (
  snapshot: AwsSnapshot,
  { id, name, deprecatedAt }: BaseImage,
  { image, region }: { image: Image | undefined; region: string },
): PlatformCheck[] => {
  const field = imageField(snapshot);
  const what = name === undefined ? id : `${name} (${id})`;
  if (image === undefined) {
    const detail = `The image ${what} is not there in ${region}.`;
    return [fails(BASE, { detail, field, errorId: 'base-image-not-found' })];
  }
  if (image.RootDeviceType !== 'ebs') {
    const detail = `The image ${what} has its system on ${image.RootDeviceType}, a build needs ebs.`;
    return [fails(BASE, { detail, field, errorId: 'base-image-not-found' })];
  }
  const checks = diskChecks(image, snapshot);
  if (isOfMarketplace(image)) {
    const detail = `The image ${what} is of the marketplace: only a build tells whether the account has subscribed to it.`;
    checks.push(warns(BASE, { detail, field, errorId: 'base-image-not-subscribed' }));
  }
  return checks.length > 0 || deprecatedAt !== undefined
    ? checks
    : [passes(BASE, `The image ${what} is there.`)];
};

/** Whether the name is free in every region that is to have the image: a copy that fails does so after the build. */
export const imageNameChecks = async (
  { ec2, region }: Session,
  snapshot: AwsSnapshot,
  name: string,
): Promise<PlatformCheck[]> => {
  const regions = [region, ...copyRegionsOf(snapshot)];
  const request = { Owners: ['self'], Filters: [filter('name', name)], IncludeDeprecated: true };
  const found = await Promise.all(
    regions.map(async (one) => {
      const { Images: images = [] } = await ec2(one).send(new DescribeImagesCommand(request));
      return images.map(({ ImageId }) => `${ImageId} in ${one}`);
    }),
  );
  const taken = found.flat();
  if (taken.length === 0) return [passes(NAME, `The name ${name} is free.`)];
  const detail = `The name ${name} is taken by ${taken.join(', ')}.`;
  return [fails(NAME, { detail, field: '/firstNumber', errorId: 'image-name-taken' })];
};

/** Whether EC2 would take the time from when the image is to be deprecated; none when there is none. */
export const deprecationChecks = ({ builderConfiguration }: AwsSnapshot, now: number): PlatformCheck[] => {
  const { deprecateAt } = builderConfiguration.settings;
  if (deprecateAt === undefined) return [];
  const latest = new Date(now);
  latest.setUTCFullYear(latest.getUTCFullYear() + DEPRECATION_YEARS);
  const time = Date.parse(deprecateAt);
  if (time > now && time <= latest.getTime())
    return [passes('deprecation', `The image will be deprecated from ${deprecateAt}.`)];
  const detail = `deprecateAt ${deprecateAt} is ${time > now ? `more than ${DEPRECATION_YEARS} years ahead` : 'in the past'}.`;
  const field = setting('deprecateAt');
  return [fails('deprecation', { detail, field, errorId: 'builder-setting-invalid' })];
};
