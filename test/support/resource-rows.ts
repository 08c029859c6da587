import { at, base } from './builders.ts';

/** A resource with the versions 1 and 4, announced only, and 2 and 3. */
export const resourceRow = (id: string, fields: object = {}) => {
  const announced = (version: number) => ({
    version,
    fileName: `setup-${version}.sh`,
    sizeBytes: version,
    sha256: String(version).repeat(64),
    createdAt: at(0),
    createdBy: 'user-1',
  });
  const available = (version: number) => ({
    ...announced(version),
    availableAt: at(version),
    objectVersion: `bytes ${version}`,
  });
  const versions = [announced(1), available(2), available(3), announced(4)];
  return { ...base(id, 'installer'), versions, lastVersion: 4, ...fields };
};
