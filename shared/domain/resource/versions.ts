import {
  MAX_RESOURCE_VERSIONS,
  type ResourceState,
  type ResourceStored,
  type ResourceVersionStored,
} from '../../contracts/entities/resource.ts';

/** How long an announced upload can be completed: the bucket removes its bytes after it. */
const UPLOAD_HOURS = 24;

type Announced = Pick<ResourceVersionStored, 'fileName' | 'sizeBytes' | 'sha256'>;

/** What a version is at the time `now`. An upload that was never completed ends by itself. */
export const stateOf = (version: ResourceVersionStored, now: string): ResourceState => {
  if (version.availableAt !== undefined) return 'available';
  const ageMs = Date.parse(now) - Date.parse(version.createdAt);
  return ageMs < UPLOAD_HOURS * 3_600_000 ? 'uploading' : 'expired';
};

/** The newest version that can be used. */
export const currentVersion = <V extends Pick<ResourceVersionStored, 'availableAt'>>(
  versions: V[],
): V | undefined => versions.findLast((version) => version.availableAt !== undefined);

/** What a resource is shown as: its current version, or the newest that was announced while there is none. */
export const shownVersion = (versions: ResourceVersionStored[]): ResourceVersionStored => {
  const shown = currentVersion(versions) ?? versions.at(-1);
  if (shown === undefined) throw new Error('a resource without a version');
  return shown;
};

/** The first version of a new resource. */
export const firstVersion = (
  announced: Announced,
  by: { createdAt: string; createdBy: string },
): ResourceVersionStored => ({
  version: 1,
  fileName: announced.fileName,
  sizeBytes: announced.sizeBytes,
  sha256: announced.sha256,
  createdAt: by.createdAt,
  createdBy: by.createdBy,
});

/**
 * The resource with one more version to be uploaded. Expired ones make room for it. Undefined when there are as many
 * as there may be.
 */
export const withNewVersion = (
  resource: ResourceStored,
  announced: Announced,
  by: { createdAt: string; createdBy: string },
): { resource: ResourceStored; added: ResourceVersionStored } | undefined => {
  const kept = resource.versions.filter((version) => stateOf(version, by.createdAt) !== 'expired');
  if (kept.length >= MAX_RESOURCE_VERSIONS) return undefined;
  const number = resource.lastVersion + 1;
  const added = { ...firstVersion(announced, by), version: number };
  return { resource: { ...resource, versions: [...kept, added], lastVersion: number }, added };
};

/** The resource with one version made usable. */
export const withAvailable = (
  resource: ResourceStored,
  number: number,
  found: { availableAt: string; objectVersion: string | undefined },
): ResourceStored => ({
  ...resource,
  versions: resource.versions.map((version) =>
    version.version === number ? { ...version, ...found } : version,
  ),
});
