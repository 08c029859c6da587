import type { OsImage } from '../../contracts/entities/operating-system.ts';
import type { RunSnapshot } from '../../contracts/snapshot.ts';

/** The region of a build: the builder's own, else the connection's. */
export const regionOf = ({
  builderConfiguration,
  connection,
}: Pick<RunSnapshot, 'builderConfiguration' | 'connection'>): string =>
  builderConfiguration.settings.region ?? connection.settings.region;

/**
 * The image of an operating system for a connection and region: one that names both wins over one that names the
 * connection, then the region, then neither; of equals the first. Undefined when none fits.
 */
export const pickOsImage = (
  images: readonly OsImage[],
  place: { connectionId: string; region: string },
): OsImage | undefined => {
  const fits = (image: OsImage): boolean =>
    (image.connectionId ?? place.connectionId) === place.connectionId &&
    (image.region ?? place.region) === place.region;
  const weight = (image: OsImage): number =>
    (image.connectionId === undefined ? 0 : 2) + (image.region === undefined ? 0 : 1);
  return images.filter(fits).toSorted((a, b) => weight(b) - weight(a))[0];
};

/** The image of the snapshot's operating system for the place where it builds. */
export const osImageOf = (snapshot: RunSnapshot): OsImage | undefined =>
  pickOsImage(snapshot.operatingSystem.images, {
    connectionId: snapshot.connection.id,
    region: regionOf(snapshot),
  });
