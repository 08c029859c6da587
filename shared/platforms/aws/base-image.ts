import type { Locator } from '../../contracts/entities/image-version.ts';
import type { OsImage } from '../../contracts/entities/operating-system.ts';
import { osImageOf, type SnapshotOf } from '../snapshot-of.ts';

/** A snapshot of a run on AWS. */
export type AwsSnapshot = SnapshotOf<'aws'>;

/** The region of a build: the builder's own, else the connection's. */
export const regionOf = ({
  builderConfiguration,
  connection,
}: Pick<AwsSnapshot, 'builderConfiguration' | 'connection'>): string =>
  builderConfiguration.settings.region ?? connection.settings.region;

/** The further regions that the image is copied to. The connection's region may be among those that are written. */
export const copyRegionsOf = (snapshot: AwsSnapshot): string[] =>
  (snapshot.builderConfiguration.settings.amiRegions ?? []).filter((region) => region !== regionOf(snapshot));

const awsTypes = ['aws-ami', 'aws-ami-filter', 'aws-ssm-parameter', 'image-definition'] as const;
/** An image that can be looked up on AWS; an operating system holds others too, for other platforms. */
export type AwsImage = Extract<OsImage, { type: (typeof awsTypes)[number] }>;

const isAwsImage = (image: OsImage | undefined): image is AwsImage =>
  awsTypes.some((type) => type === image?.type);

/** The image of the snapshot's operating system for the place where it builds; undefined when none fits. */
export const awsImageOf = (snapshot: AwsSnapshot): AwsImage | undefined => {
  const image = osImageOf(snapshot);
  return isAwsImage(image) ? image : undefined;
};

/** Where an AMI is. */
export type AwsLocator = Extract<Locator, { amiId: string }>;
/** The locators that are of AMIs. */
export const amisOf = (locators: readonly Locator[]): AwsLocator[] =>
  locators.flatMap((locator) => ('amiId' in locator ? [locator] : []));
