import type { OsImage } from '../../contracts/entities/operating-system.ts';
import type { RunSnapshot } from '../../contracts/snapshot.ts';

/** The region of a build: the builder's own, else the connection's. */
export const regionOf = ({
  builderConfiguration,
  connection,
}: Pick<RunSnapshot, 'builderConfiguration' | 'connection'>): string =>
  builderConfiguration.settings.region ?? connection.settings.region;

/** An image that can be looked up; an operating system holds others too, for other platforms. */
export type AwsImage = Extract<OsImage, { type: 'aws-ami' | 'aws-ami-filter' }>;

const isAwsImage = (image: OsImage): image is AwsImage =>
  image.type === 'aws-ami' || image.type === 'aws-ami-filter';

/**
 * The image of an operating system for a connection and region: one that names both wins over one that names the
 * connection, then the region, then neither; of equals the first. Undefined when none fits.
 */
export const pickOsImage = (
  images: readonly OsImage[],
  place: { connectionId: string; region: string },
): AwsImage | undefined => {
  const fits = (image: AwsImage): boolean =>
    (image.connectionId ?? place.connectionId) === place.connectionId &&
    (image.region ?? place.region) === place.region;
  const weight = (image: AwsImage): number =>
    (image.connectionId === undefined ? 0 : 2) + (image.region === undefined ? 0 : 1);
  return images
    .filter(isAwsImage)
    .filter(fits)
    .toSorted((a, b) => weight(b) - weight(a))[0];
};

/** The image of the snapshot's operating system for the place where it builds. */
export const osImageOf = (snapshot: RunSnapshot): AwsImage | undefined =>
  pickOsImage(snapshot.operatingSystem.images, {
    connectionId: snapshot.connection.id,
    region: regionOf(snapshot),
  });
