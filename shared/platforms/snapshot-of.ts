import type { BuilderConfiguration } from '../contracts/entities/builder-configuration.ts';
import type { ConnectionStored } from '../contracts/entities/connection.ts';
import type { OsImage } from '../contracts/entities/operating-system.ts';
import type { PlatformId } from '../contracts/platforms/kinds.ts';
import type { RunSnapshot, SnapshotFile } from '../contracts/snapshot.ts';
import { chosenImage } from '../domain/definition/base-image.ts';
import { imageNameOf } from '../domain/definition/image-name.ts';

/** A snapshot whose builder and connection are of one platform. */
export type SnapshotOf<P extends PlatformId> = RunSnapshot & {
  builderConfiguration: Extract<BuilderConfiguration, { platform: P }>;
  connection: Extract<ConnectionStored, { platform: P }>;
};

const isOf = <P extends PlatformId>(snapshot: RunSnapshot, platform: P): snapshot is SnapshotOf<P> =>
  snapshot.builderConfiguration.platform === platform && snapshot.connection.platform === platform;

/** The snapshot as one of a platform. Throws when it is of another: it was refused before there was a run. */
export const demandPlatform = <P extends PlatformId>(snapshot: RunSnapshot, platform: P): SnapshotOf<P> => {
  if (!isOf(snapshot, platform)) throw new Error(`the snapshot is not of ${platform}`);
  return snapshot;
};

/** The image of the operating system that the run starts from; undefined when none fits. */
export const osImageOf = (snapshot: RunSnapshot): OsImage | undefined => {
  const { operatingSystem, builderConfiguration: builder, connection, layer } = snapshot;
  const layers = new Map(layer === undefined ? [] : [[layer.imageDefinitionId, builder.platform] as const]);
  return chosenImage({ operatingSystem, builder, connection, layers });
};

/** Name of the image that a run makes, in its platform. */
export const finalName = (snapshot: RunSnapshot, run: { imageName: string; number: number }): string =>
  imageNameOf(snapshot.builderConfiguration.builderType, run.imageName, run.number);

/** An uploaded file in the version that the run uses. Throws when the snapshot lacks it. */
export const fileOf = (snapshot: RunSnapshot, resourceId: string, version?: number): SnapshotFile => {
  const found = snapshot.files.find(
    (one) => one.resourceId === resourceId && (version === undefined || one.version === version),
  );
  if (found === undefined) throw new Error(`the snapshot lacks the file ${resourceId}`);
  return found;
};
