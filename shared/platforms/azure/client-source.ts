import type { ImageSource } from './base-image.ts';
import type { Session } from './client-session.ts';
import { ifThere } from './errors.ts';
import { regionKey } from './names.ts';

/** What Azure says of a base image. Regions are where a machine can be made from it; undefined means everywhere. */
export type SourceFacts = {
  osType: string | undefined;
  generation: string | undefined;
  architecture: string | undefined;
  regions?: string[] | undefined;
  createdAt?: string | undefined;
  deprecatedAt?: string | undefined;
  /** Plan that the marketplace wants to be named with it. */
  plan?: { name: string; product: string; publisher: string } | undefined;
  /** Security that a gallery's definition asks of its machines, such as TrustedLaunch. */
  securityType?: string | undefined;
};

type Of<K extends ImageSource['kind']> = Extract<ImageSource, { kind: K }>;

const marketplaceFacts = async (
  { compute }: Session,
  location: string,
  { publisher, offer, sku, version }: Of<'marketplace'>,
): Promise<SourceFacts | undefined> => {
  const image = await ifThere(compute().virtualMachineImages.get(location, publisher, offer, sku, version));
  if (image === undefined) return undefined;
  const { imageState, scheduledDeprecationTime: time } = image.imageDeprecationStatus ?? {};
  // An image that is deprecated without a time has been for long enough.
  const since = imageState === 'Deprecated' ? (time ?? new Date(0)) : time;
  const { name, product, publisher: seller } = image.plan ?? {};
  return {
    osType: image.osDiskImage?.operatingSystem,
    generation: image.hyperVGeneration,
    architecture: image.architecture,
    deprecatedAt: since?.toISOString(),
    plan:
      name === undefined || product === undefined || seller === undefined
        ? undefined
        : { name, product, publisher: seller },
  };
};

const galleryFacts = async (
  { compute }: Session,
  { subscriptionId, resourceGroup, gallery, definition, version }: Of<'gallery'>,
): Promise<SourceFacts | undefined> => {
  const { galleryImages, galleryImageVersions } = compute(subscriptionId);
  const [image, exact] = await Promise.all([
    ifThere(galleryImages.get(resourceGroup, gallery, definition)),
    ifThere(galleryImageVersions.get(resourceGroup, gallery, definition, version)),
  ]);
  if (image === undefined || exact?.provisioningState !== 'Succeeded') return undefined;
  const { targetRegions = [], publishedDate, endOfLifeDate } = exact.publishingProfile ?? {};
  return {
    osType: image.osType,
    generation: image.hyperVGeneration,
    architecture: image.architecture,
    regions: targetRegions.map(({ name }) => regionKey(name)),
    createdAt: publishedDate?.toISOString(),
    deprecatedAt: endOfLifeDate?.toISOString(),
    securityType: image.features?.find(({ name }) => name === 'SecurityType')?.value,
  };
};

/** A gallery of others is asked for in a location: what it answers is there. */
const publicFacts = async (
  { compute }: Session,
  location: string,
  { kind, gallery, definition, version }: Of<'community' | 'direct'>,
): Promise<SourceFacts | undefined> => {
  const client = compute();
  const [images, versions] =
    kind === 'community'
      ? [client.communityGalleryImages, client.communityGalleryImageVersions]
      : [client.sharedGalleryImages, client.sharedGalleryImageVersions];
  const [image, exact] = await Promise.all([
    ifThere(images.get(location, gallery, definition)),
    ifThere(versions.get(location, gallery, definition, version)),
  ]);
  if (image === undefined || exact === undefined) return undefined;
  return {
    osType: image.osType,
    generation: image.hyperVGeneration,
    architecture: image.architecture,
    createdAt: exact.publishedDate?.toISOString(),
    deprecatedAt: exact.endOfLifeDate?.toISOString(),
  };
};

const managedFacts = async (
  { compute }: Session,
  { subscriptionId, resourceGroup, name }: Of<'managed'>,
): Promise<SourceFacts | undefined> => {
  const image = await ifThere(compute(subscriptionId).images.get(resourceGroup, name));
  if (image?.provisioningState !== 'Succeeded') return undefined;
  return {
    osType: image.storageProfile?.osDisk?.osType,
    generation: image.hyperVGeneration,
    // A managed image does not say for which processor it is.
    architecture: undefined,
    regions: [regionKey(image.location)],
  };
};

/** What Azure says of an exact base image; undefined when it is not there or not ready. */
export const describeSource = (
  session: Session,
  location: string,
  source: ImageSource,
): Promise<SourceFacts | undefined> => {
  if (source.kind === 'marketplace') return marketplaceFacts(session, location, source);
  if (source.kind === 'gallery') return galleryFacts(session, source);
  return source.kind === 'managed' ? managedFacts(session, source) : publicFacts(session, location, source);
};
