import type { Locator } from '../../contracts/entities/image-version.ts';
import type { OsImage } from '../../contracts/entities/operating-system.ts';
import { PlatformError } from '../errors.ts';
import { osImageOf, type SnapshotOf } from '../snapshot-of.ts';
import { GALLERY_VERSION, MANAGED_IMAGE, parseIdOf, resourceIdOf } from './resource-id.ts';

/** A snapshot of a run on Azure. */
export type AzureSnapshot = SnapshotOf<'azure'>;

/** What a build VM is made from. `version` may be `latest` but for a managed image, which has none. */
export type ImageSource =
  | { kind: 'marketplace'; publisher: string; offer: string; sku: string; version: string }
  | {
      kind: 'gallery';
      subscriptionId: string;
      resourceGroup: string;
      gallery: string;
      definition: string;
      version: string;
    }
  | { kind: 'community' | 'direct'; gallery: string; definition: string; version: string }
  | { kind: 'managed'; subscriptionId: string; resourceGroup: string; name: string };

const PUBLIC_FORM = /^\/(communityGalleries|sharedGalleries)\/([^/]+)\/images\/([^/]+)\/versions\/([^/]+)$/i;
const URN_FORM = /^([^:/\s]+):([^:/\s]+):([^:/\s]+):([^:/\s]+)$/;

const publicGallery = (id: string): ImageSource | undefined => {
  const [, list, gallery, definition, version] = PUBLIC_FORM.exec(id) ?? [];
  if (list === undefined || gallery === undefined || definition === undefined || version === undefined)
    return undefined;
  const kind = list.toLowerCase() === 'communitygalleries' ? 'community' : 'direct';
  return { kind, gallery, definition, version };
};

const marketplace = (id: string): ImageSource | undefined => {
  const [, publisher, offer, sku, version] = URN_FORM.exec(id) ?? [];
  if (publisher === undefined || offer === undefined || sku === undefined || version === undefined)
    return undefined;
  return { kind: 'marketplace', publisher, offer, sku, version };
};

/** Reads what `sourceId` writes; undefined when it is nothing of Azure. */
export const parseSource = (id: string): ImageSource | undefined => {
  const version = parseIdOf(GALLERY_VERSION, id);
  if (version !== undefined) {
    const [gallery = '', definition = '', number = ''] = version.names;
    const { subscriptionId, resourceGroup } = version;
    return { kind: 'gallery', subscriptionId, resourceGroup, gallery, definition, version: number };
  }
  const image = parseIdOf(MANAGED_IMAGE, id);
  if (image !== undefined) {
    const { subscriptionId, resourceGroup } = image;
    return { kind: 'managed', subscriptionId, resourceGroup, name: image.names[0] ?? '' };
  }
  return publicGallery(id) ?? marketplace(id);
};

/** Id of a base image: `publisher:offer:sku:version` of the marketplace, else the id that Azure has for it. */
export const sourceId = (source: ImageSource): string => {
  if (source.kind === 'marketplace')
    return [source.publisher, source.offer, source.sku, source.version].join(':');
  if (source.kind === 'managed')
    return resourceIdOf({ ...source, type: MANAGED_IMAGE, names: [source.name] });
  const { gallery, definition, version } = source;
  if (source.kind === 'gallery')
    return resourceIdOf({ ...source, type: GALLERY_VERSION, names: [gallery, definition, version] });
  const list = source.kind === 'community' ? 'CommunityGalleries' : 'SharedGalleries';
  return `/${list}/${gallery}/Images/${definition}/Versions/${version}`;
};

const locatorSource = (locator: Locator): ImageSource[] => {
  if ('gallery' in locator) {
    const { subscriptionId, resourceGroup, gallery, definition, version } = locator;
    return [{ kind: 'gallery', subscriptionId, resourceGroup, gallery, definition, version }];
  }
  if (!('resourceId' in locator)) return [];
  const { subscriptionId, resourceGroup, imageName } = locator;
  return [{ kind: 'managed', subscriptionId, resourceGroup, name: imageName }];
};

/** The image of the layer: a gallery's is everywhere it was replicated to, so it goes before a managed one. */
const layerSource = ({ layer }: AzureSnapshot): ImageSource => {
  const sources = (layer?.locators ?? []).flatMap(locatorSource);
  const found = sources.find(({ kind }) => kind === 'gallery') ?? sources[0];
  if (found === undefined) {
    const message = `${layer?.name ?? 'The image that this one builds on'} has no image on Azure.`;
    throw new PlatformError('base-image-not-found', message);
  }
  return found;
};

const sourceOf = (image: OsImage | undefined, snapshot: AzureSnapshot): ImageSource | undefined => {
  if (image?.type === 'image-definition') return layerSource(snapshot);
  if (image?.type === 'azure-gallery-image') return parseSource(image.imageVersionId);
  if (image?.type !== 'azure-marketplace') return undefined;
  const { publisher, offer, sku, version } = image;
  return { kind: 'marketplace', publisher, offer, sku, version };
};

/** The image that the operating system names for this builder. Throws PlatformError when there is none. */
export const namedSource = (snapshot: AzureSnapshot): ImageSource => {
  const source = sourceOf(osImageOf(snapshot), snapshot);
  if (source === undefined) {
    const message = `The operating system "${snapshot.operatingSystem.name}" has no image for this connection and location.`;
    throw new PlatformError('base-image-not-found', message);
  }
  return source;
};

/** The plan that the marketplace wants to be named with its image. */
export const planOf = (snapshot: AzureSnapshot) => {
  const image = osImageOf(snapshot);
  return image?.type === 'azure-marketplace' ? image.plan : undefined;
};
