import type { RunSnapshot } from '../contracts/snapshot.ts';
import { PlatformError } from './errors.ts';
import { layerLocatorOf } from './management-server.ts';
import { osImageOf } from './snapshot-of.ts';

/** What a machine is booted from; `path` when it is a file of the machine that runs Packer and stays there. */
export type BootMedium = { kind: 'iso' | 'disk'; url: string; checksum: string; path?: string };

const notHere = ({ operatingSystem }: RunSnapshot, what: string): PlatformError =>
  new PlatformError('base-image-not-found', `"${operatingSystem.name}" ${what}.`);

const layerOf = (snapshot: RunSnapshot): BootMedium => {
  const { path } = layerLocatorOf(snapshot);
  if (path === undefined || !/^(\/|[A-Za-z]:[\\/])/.test(path))
    throw notHere(snapshot, 'is built on an image that is no file');
  // Nobody has noted a checksum of what Packer itself wrote.
  return { kind: 'disk', url: path, checksum: 'none', path: decoded(snapshot, path) };
};

/** A path as Packer reads it: with escapes of URLs. */
const decoded = (snapshot: RunSnapshot, path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    throw notHere(snapshot, `is at ${path}, which is no URL`);
  }
};

/**
 * The ISO or disk that the operating system names, or the disk of another definition's image. Throws PlatformError when
 * it names none that Packer can fetch by itself.
 */
export const bootMediumOf = (snapshot: RunSnapshot): BootMedium => {
  const image = osImageOf(snapshot);
  if (image?.type === 'image-definition') return layerOf(snapshot);
  if (image?.type !== 'iso' && image?.type !== 'disk')
    throw notHere(snapshot, 'has no ISO and no disk for this builder');
  const { type, url, checksum } = image;
  if (!/^(https?|file):\/\//.test(url))
    throw notHere(snapshot, `is at ${url}, which is a place of another platform: give a URL`);
  const place = { kind: type, url, checksum };
  return url.startsWith('file://')
    ? { ...place, path: decoded(snapshot, url.slice('file://'.length)) }
    : place;
};
