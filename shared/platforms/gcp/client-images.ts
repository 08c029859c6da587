import type { protos } from '@google-cloud/compute';
import type { BaseImage } from '../../contracts/entities/image-version.ts';
import { PlatformError } from '../platform.ts';
import { osImageOf } from '../snapshot-of.ts';
import { type GcpLocator, type GcpSnapshot, type NamedImage, namedImage, regionOf } from './base-image.ts';
import type { Session } from './client-session.ts';
import { isGone } from './errors.ts';
import { type ImagePlace, imagePath } from './names.ts';

export type Image = protos.google.cloud.compute.v1.IImage;

/** An image; undefined when there is none of this name. */
export const readImage = async (
  { compute, patient }: Session,
  { projectId: project, image }: ImagePlace,
): Promise<Image | undefined> => {
  const images = await compute.images();
  try {
    const [found] = await images.get({ project, image }, patient);
    return found;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
};

const newestOf = async (
  { compute, patient }: Session,
  { projectId: project, family }: { projectId: string; family: string },
): Promise<Image | undefined> => {
  const images = await compute.images();
  try {
    const [found] = await images.getFromFamily({ project, family }, patient);
    return found;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
};

const nameOf = (named: NamedImage): string =>
  'image' in named ? imagePath(named) : `of the family ${named.family} in ${named.projectId}`;

/** Names of processor architectures as Compute Engine writes them. */
export const architectures = { x86_64: 'X86_64', arm64: 'ARM64' } as const;

/** An image without an architecture is one for x86: the field came with the first machines for ARM. */
export const architectureOf = ({ architecture }: Image): string => {
  const isUnknown = architecture === undefined || architecture === null || architecture === '';
  return isUnknown || architecture === 'ARCHITECTURE_UNSPECIFIED' ? 'X86_64' : architecture;
};

const checkArchitecture = ({ operatingSystem }: GcpSnapshot, image: Image): void => {
  const wanted = architectures[operatingSystem.architecture];
  const found = architectureOf(image);
  if (found === wanted) return;
  const message = `The image ${image.name ?? ''} is for ${found}, the operating system says ${wanted}.`;
  throw new PlatformError('base-image-mismatch', message);
};

const given = (value: string | null | undefined): string | undefined =>
  value === null || value === '' ? undefined : value;

/** An obsolete or deleted image starts no machine; a deprecated one does ("images.deprecate"). */
const isUnusable = ({ deprecated, status }: Image): boolean =>
  status !== 'READY' || deprecated?.state === 'OBSOLETE' || deprecated?.state === 'DELETED';

/** The image that the operating system names, or the newest of its family. */
export const resolveBaseImage = async (session: Session, snapshot: GcpSnapshot): Promise<BaseImage> => {
  const named = namedImage(snapshot);
  const image = 'image' in named ? await readImage(session, named) : await newestOf(session, named);
  if (typeof image?.name !== 'string' || image.name === '' || isUnusable(image)) {
    const message = `No image ${nameOf(named)} is available to a build in ${regionOf(snapshot)}.`;
    throw new PlatformError('base-image-not-found', message);
  }
  checkArchitecture(snapshot, image);
  const isLayer = osImageOf(snapshot)?.type === 'image-definition';
  return {
    id: imagePath({ projectId: named.projectId, image: image.name }),
    name: image.name,
    createdAt: given(image.creationTimestamp),
    deprecatedAt:
      image.deprecated?.state === 'DEPRECATED'
        ? (given(image.deprecated.deprecated) ?? given(image.creationTimestamp))
        : undefined,
    imageVersionId: isLayer ? snapshot.layer?.imageVersionId : undefined,
  };
};

const locateOne = async (session: Session, locator: GcpLocator): Promise<GcpLocator[]> => {
  const image = await readImage(session, { projectId: locator.projectId, image: locator.imageName });
  if (image?.status !== 'READY') return [];
  const { family: _claimed, ...place } = locator;
  const family = given(image.family);
  const selfLink = given(image.selfLink) ?? locator.selfLink;
  return [{ ...place, ...(family === undefined ? {} : { family }), selfLink }];
};

/** Those of the images that are there and ready, as they are now. */
export const locate = async (session: Session, locators: GcpLocator[]): Promise<GcpLocator[]> => {
  const found = await Promise.all(locators.map((locator) => locateOne(session, locator)));
  return found.flat();
};
