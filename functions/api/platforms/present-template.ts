import type { JobBundle } from '../../../shared/contracts/bundle.ts';
import type { Template } from '../../../shared/contracts/entities/template.ts';
import type { RunSnapshot } from '../../../shared/contracts/snapshot.ts';
import { fileOf } from '../../../shared/platforms/snapshot-of.ts';
import type { ResourceFiles } from '../../../shared/store/resource-files.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

const BUILD = 'packer build -on-error=cleanup .';

/** A job bundle as people read it: with links to its uploaded files. */
export const presentTemplate = async (
  files: ResourceFiles,
  scope: WorkspaceScope,
  snapshot: RunSnapshot,
  bundle: JobBundle,
): Promise<Template> => {
  const downloads = bundle.downloads.map(async ({ path, resourceId, version, sizeBytes, sha256 }) => {
    const { objectVersion } = fileOf(snapshot, resourceId, version);
    return {
      path,
      url: await files.bytesUrl(scope, { resourceId, version }, objectVersion),
      sizeBytes,
      sha256,
    };
  });
  return {
    packer: bundle.generation,
    files: bundle.files.map(({ path, content }) => ({ path, content })),
    downloads: await Promise.all(downloads),
    variables: bundle.variables,
    steps: bundle.steps,
    commands: bundle.generation === 'modern' ? ['packer init .', BUILD] : [BUILD],
  };
};
