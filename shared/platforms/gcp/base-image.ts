import type { Locator } from '../../contracts/entities/image-version.ts';
import { PlatformError } from '../errors.ts';
import { osImageOf, type SnapshotOf } from '../snapshot-of.ts';
import { type ImagePlace, parseImagePath } from './names.ts';

/** A snapshot of a run on Google Cloud. */
export type GcpSnapshot = SnapshotOf<'gcp'>;

/** The image that a build VM is made from, or the family whose newest image is taken. */
export type NamedImage = ImagePlace | { projectId: string; family: string };

/** Where an image of Compute Engine is. */
export type GcpLocator = Extract<Locator, { selfLink: string }>;
/** The locators that are of images of Compute Engine. */
export const imagesOf = (locators: readonly Locator[]): GcpLocator[] =>
  locators.flatMap((locator) => ('selfLink' in locator ? [locator] : []));

/** The project that builds run in. */
export const projectOf = ({ connection }: Pick<GcpSnapshot, 'connection'>): string =>
  connection.settings.projectId;

/** The project that images are made in: the builder's own, else the one that builds run in. */
export const imageProjectOf = (snapshot: Pick<GcpSnapshot, 'connection' | 'builderConfiguration'>): string =>
  snapshot.builderConfiguration.settings.imageProjectId ?? projectOf(snapshot);

/** The region of a build: a zone's name is its region's with a letter behind it. */
export const regionOf = ({ builderConfiguration: { settings } }: GcpSnapshot): string =>
  settings.region ?? settings.zone.replace(/-[a-z]$/, '');

const layerImage = ({ layer }: GcpSnapshot): ImagePlace => {
  const [locator] = imagesOf(layer?.locators ?? []);
  if (locator === undefined) {
    const message = `${layer?.name ?? 'The image that this one builds on'} has no image on Google Cloud.`;
    throw new PlatformError('base-image-not-found', message);
  }
  return { projectId: locator.projectId, image: locator.imageName };
};

/** The image that the operating system names for this builder. Throws PlatformError when there is none. */
export const namedImage = (snapshot: GcpSnapshot): NamedImage => {
  const image = osImageOf(snapshot);
  if (image?.type === 'gcp-family') return { projectId: image.projectId, family: image.family };
  if (image?.type === 'gcp-image') return { projectId: image.projectId, image: image.image };
  if (image?.type === 'image-definition') return layerImage(snapshot);
  const message = `The operating system "${snapshot.operatingSystem.name}" has no image for this connection in ${regionOf(snapshot)}.`;
  throw new PlatformError('base-image-not-found', message);
};

/** The image of a resolved base image. Throws PlatformError when its id is none of Compute Engine. */
export const resolvedImage = (id: string): ImagePlace => {
  const place = parseImagePath(id);
  if (place === undefined)
    throw new PlatformError('base-image-not-found', `${id} is no image of Compute Engine.`);
  return place;
};
