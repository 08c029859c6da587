import type { Upload } from '../../shared/contracts/entities/resource.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import type { ResourceFiles, ResourcePlace } from '../../shared/store/resource-files.ts';
import type { WorkspaceScope } from '../../shared/store/workspace-scope.ts';

const idOf = (scope: WorkspaceScope, place: ResourcePlace): string =>
  `${scope.workspaceId}/${place.resourceId}/${place.version}`;

type Kept = { text: string; tag: 'uploading' | 'available' };

/** Files of resources in memory, for tests of what stands above them. Whatever is put is taken, also what S3 would refuse. */
export const memoryFiles = () => {
  const objects = new Map<string, Kept>();
  const files: ResourceFiles = {
    upload: async (scope, place): Promise<Upload> => ({
      version: place.version,
      url: `https://files.test/${idOf(scope, place)}`,
      method: 'PUT',
      headers: {},
      expiresAt: '2030-01-01T00:00:00.000Z',
    }),
    inspect: async (scope, place) => {
      const found = objects.get(idOf(scope, place));
      if (found === undefined) return undefined;
      const objectVersion = `version of ${idOf(scope, place)}`;
      return { sizeBytes: Buffer.byteLength(found.text), sha256: sha256(found.text), objectVersion };
    },
    keep: async (scope, place) => {
      const found = objects.get(idOf(scope, place));
      if (found === undefined) throw new Error('there is no such object');
      found.tag = 'available';
    },
    discard: async (scope, place) => {
      objects.delete(idOf(scope, place));
    },
    bytesUrl: async (scope, place, objectVersion) =>
      `https://files.test/${idOf(scope, place)}?versionId=${objectVersion}`,
    downloadUrl: async (scope, place, fileName) =>
      `https://files.test/${idOf(scope, place)}?name=${fileName}`,
    remove: async (scope, resourceId, versions) => {
      for (const version of versions) objects.delete(idOf(scope, { resourceId, version }));
    },
  };
  return {
    files,
    objects,
    put: (upload: Upload, text: string) =>
      objects.set(new URL(upload.url).pathname.slice(1), { text, tag: 'uploading' }),
  };
};
