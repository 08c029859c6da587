import type { BaseImage, Locator } from '../../contracts/entities/image-version.ts';
import { PlatformError } from '../platform.ts';
import { osImageOf } from '../snapshot-of.ts';
import { type AzureSnapshot, type ImageSource, namedSource, sourceId } from './base-image.ts';
import { locationOf } from './client-place.ts';
import type { Session } from './client-session.ts';
import { describeSource, type SourceFacts } from './client-source.ts';
import { ifThere } from './errors.ts';
import { regionKey } from './names.ts';

type Versioned = Exclude<ImageSource, { kind: 'managed' }>;
type Candidate = {
  name: string | undefined;
  isExcluded?: boolean | undefined;
  regions?: string[] | undefined;
};

/** Versions are numbers between dots: as text 9 would come after 10. */
const compareVersions = (a: string, b: string): number => {
  const [left, right] = [a, b].map((version) => version.split('.').map(BigInt));
  for (const [place, number] of (left ?? []).entries()) {
    const other = right?.[place] ?? 0n;
    if (number !== other) return number < other ? -1 : 1;
  }
  return 0;
};

const collect = async <T>(pages: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const one of pages) found.push(one);
  return found;
};

const candidates = async (session: Session, location: string, source: Versioned): Promise<Candidate[]> => {
  const client = session.compute(source.kind === 'gallery' ? source.subscriptionId : undefined);
  if (source.kind === 'marketplace') {
    const { publisher, offer, sku } = source;
    return client.virtualMachineImages.list(location, publisher, offer, sku);
  }
  const { gallery, definition } = source;
  if (source.kind === 'gallery') {
    const list = client.galleryImageVersions.listByGalleryImage(source.resourceGroup, gallery, definition);
    return (await collect(list)).map(({ name, provisioningState, publishingProfile = {} }) => ({
      name,
      isExcluded: publishingProfile.excludeFromLatest === true || provisioningState !== 'Succeeded',
      regions: publishingProfile.targetRegions?.map((one) => regionKey(one.name)),
    }));
  }
  const versions =
    source.kind === 'community' ? client.communityGalleryImageVersions : client.sharedGalleryImageVersions;
  const list = await collect<{ name?: string; excludeFromLatest?: boolean }>(
    versions.list(location, gallery, definition),
  );
  return list.map(({ name, excludeFromLatest }) => ({ name, isExcluded: excludeFromLatest }));
};

/** The newest version that the location has and that counts as such. */
const newestOf = async (
  session: Session,
  location: string,
  source: Versioned,
): Promise<string | undefined> => {
  const all = (await ifThere(candidates(session, location, source))) ?? [];
  const usable = all.filter(
    ({ isExcluded, regions }) => isExcluded !== true && (regions?.includes(location) ?? true),
  );
  return usable
    .flatMap(({ name }) => (name !== undefined && /^\d+(\.\d+)*$/.test(name) ? name : []))
    .toSorted(compareVersions)
    .at(-1);
};

const exactSource = async (session: Session, location: string, source: ImageSource): Promise<ImageSource> => {
  if (source.kind === 'managed' || source.version.toLowerCase() !== 'latest') return source;
  const version = await newestOf(session, location, source);
  if (version === undefined) {
    const message = `There is no version of ${sourceId(source)} in ${location}.`;
    throw new PlatformError('base-image-not-found', message);
  }
  return { ...source, version };
};

/** Names of processors, as Azure calls them and as we do. */
const architectures: Record<string, string> = { x64: 'x86_64', Arm64: 'arm64' };

/** Throws when the image is not for such a machine in that place. */
const refuseMisfit = (snapshot: AzureSnapshot, location: string, id: string, facts: SourceFacts): void => {
  const { family, architecture } = snapshot.operatingSystem;
  if (facts.regions?.includes(location) === false) {
    const message = `${id} is not in ${location}, only in ${facts.regions.join(', ')}.`;
    throw new PlatformError('base-image-not-found', message);
  }
  const processor = architectures[facts.architecture ?? ''];
  if (processor !== undefined && processor !== architecture) {
    const message = `${id} is for ${processor}, the operating system says ${architecture}.`;
    throw new PlatformError('base-image-mismatch', message);
  }
  if (facts.osType !== undefined && facts.osType.toLowerCase() !== family) {
    const message = `${id} holds ${facts.osType}, the operating system says ${family}.`;
    throw new PlatformError('base-image-mismatch', message);
  }
};

/** The exact image that the operating system names, or the newest of what it names. */
export const resolveBaseImage = async (session: Session, snapshot: AzureSnapshot): Promise<BaseImage> => {
  const location = await locationOf(session, snapshot);
  const source = await exactSource(session, location, namedSource(snapshot));
  const id = sourceId(source);
  const facts = await describeSource(session, location, source);
  if (facts === undefined)
    throw new PlatformError(
      'base-image-not-found',
      `${id} is not there, or not for this connection in ${location}.`,
    );
  refuseMisfit(snapshot, location, id, facts);
  const isLayer = osImageOf(snapshot)?.type === 'image-definition';
  const imageVersionId = isLayer ? snapshot.layer?.imageVersionId : undefined;
  return {
    id,
    createdAt: facts.createdAt,
    deprecatedAt: facts.deprecatedAt,
    ...(imageVersionId === undefined ? {} : { imageVersionId }),
  };
};

const locateOne = async ({ compute }: Session, locator: Locator): Promise<Locator[]> => {
  if ('gallery' in locator) {
    const { subscriptionId, resourceGroup, gallery, definition, version } = locator;
    const { galleryImageVersions } = compute(subscriptionId);
    const found = await ifThere(galleryImageVersions.get(resourceGroup, gallery, definition, version));
    if (found?.provisioningState !== 'Succeeded') return [];
    const regions = found.publishingProfile?.targetRegions?.map(({ name }) => regionKey(name));
    return [{ ...locator, regions: regions ?? locator.regions }];
  }
  if (!('resourceId' in locator)) return [];
  const { subscriptionId, resourceGroup, imageName } = locator;
  const image = await ifThere(compute(subscriptionId).images.get(resourceGroup, imageName));
  return image?.provisioningState === 'Succeeded'
    ? [{ ...locator, location: regionKey(image.location) }]
    : [];
};

/** Those of the images that are there and ready, as they are now; a version with the regions that it really has. */
export const locate = async (session: Session, locators: Locator[]): Promise<Locator[]> =>
  (await Promise.all(locators.map((locator) => locateOne(session, locator)))).flat();
