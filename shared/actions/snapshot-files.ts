import type { SnapshotFile, SnapshotStep } from '../contracts/snapshot.ts';
import type { FileUse } from '../domain/definition/files.ts';
import { currentVersion } from '../domain/resource/versions.ts';
import type { UsedFile } from './read-files.ts';

type Files = ReadonlyMap<string, UsedFile>;

/** The version that a use means: the one it names, else the newest that can be used. */
const versionFor = (file: UsedFile | undefined, wanted: number | undefined) =>
  wanted === undefined
    ? currentVersion(file?.versions ?? [])
    : file?.versions.find(({ version }) => version === wanted);

/** A step that names the version of its file: what is uploaded later is not for this run. */
export const pinnedStep = (step: SnapshotStep, files: Files): SnapshotStep => {
  const { provisioner } = step;
  if (!('resourceId' in provisioner) || provisioner.resourceId === undefined) return step;
  const version = versionFor(files.get(provisioner.resourceId), provisioner.resourceVersion);
  return version === undefined
    ? step
    : { ...step, provisioner: { ...provisioner, resourceVersion: version.version } };
};

const fileOf = ({ resourceId, resourceVersion }: FileUse, files: Files): SnapshotFile[] => {
  const file = files.get(resourceId);
  const found = versionFor(file, resourceVersion);
  if (file === undefined || found === undefined) return [];
  const { version, fileName, sizeBytes, sha256, objectVersion } = found;
  return [{ resourceId, name: file.name, version, fileName, sizeBytes, sha256, objectVersion }];
};

/** The files of all uses, each version once; the newest ones first, which is what a use without a version means. */
export const snapshotFiles = (uses: readonly FileUse[], files: Files): SnapshotFile[] => {
  const newestFirst = uses.toSorted((a, b) => (a.resourceVersion ?? 0) - (b.resourceVersion ?? 0));
  const found = newestFirst.flatMap((use) => fileOf(use, files));
  return [...new Map(found.map((one) => [`${one.resourceId}/${one.version}`, one])).values()];
};
