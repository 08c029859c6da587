import { PlatformError } from '../errors.ts';
import type { TemplateObject } from '../expression.ts';
import { layerLocatorOf } from '../management-server.ts';
import { osImageOf } from '../snapshot-of.ts';
import type { IsoSettings, VsphereSnapshot } from './names.ts';

const notHere = (snapshot: VsphereSnapshot, what: string): PlatformError =>
  new PlatformError('base-image-not-found', `"${snapshot.operatingSystem.name}" ${what}.`);

/** `[datastore] path`: vSphere reads the ISO where it is. */
const isInDatastore = (url: string): boolean => url.startsWith('[');
/** `store:iso/file`: only Proxmox has such places. */
const isProxmoxVolume = (url: string): boolean => /^[A-Za-z][A-Za-z0-9._-]*:(iso|import)\//.test(url);

/**
 * The ISO that the system is installed from, first, then those of the builder: a file of a datastore as it is there,
 * anything else downloaded by Packer and put into the datastore. Throws PlatformError when vSphere cannot read it.
 */
export const isoFields = (snapshot: VsphereSnapshot, settings: IsoSettings): TemplateObject => {
  const image = osImageOf(snapshot);
  if (image?.type !== 'iso') throw notHere(snapshot, 'has no ISO for this builder');
  const { url, checksum } = image;
  const more = settings.isoPaths ?? [];
  if (isInDatastore(url)) return { iso_paths: [url, ...more] };
  if (isProxmoxVolume(url))
    throw notHere(snapshot, `has its ISO at ${url}, which is a place of Proxmox: [datastore] path`);
  return { iso_url: url, iso_checksum: checksum, iso_paths: settings.isoPaths };
};

/** The template that is cloned: one by name, or the image of another definition. Throws PlatformError without one. */
export const templateOf = (snapshot: VsphereSnapshot): string => {
  const image = osImageOf(snapshot);
  if (image?.type === 'template') return image.templateName;
  if (image?.type !== 'image-definition') throw notHere(snapshot, 'has no template for this builder');
  const { path, templateName } = layerLocatorOf(snapshot);
  const name = path ?? templateName;
  if (name === undefined) throw notHere(snapshot, 'is built on an image that is no template');
  return name;
};
