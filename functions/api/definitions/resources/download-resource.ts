import { currentVersion } from '../../../../shared/domain/resource/versions.ts';
import type { Answer } from '../../../../shared/runtime/api/operation.ts';
import { notFound } from '../../../../shared/runtime/api/problem.ts';
import { type ResourceContext, readResource } from './resource-context.ts';

/** Leads to the bytes of the current version, or of the one that is asked for. Throws 404 while it is not available. */
export const downloadResource = async (
  context: ResourceContext,
  call: { params: { id: string }; query: { version?: number | undefined } },
): Promise<Answer> => {
  const { stored } = await readResource(context, call.params.id);
  const { version: wanted } = call.query;
  const version =
    wanted === undefined
      ? currentVersion(stored.versions)
      : stored.versions.find((one) => one.version === wanted && one.availableAt !== undefined);
  if (version === undefined) throw notFound('available version');
  const place = { resourceId: stored.id, version: version.version };
  const location = await context.files.downloadUrl(context.scope, place, version.fileName);
  return { headers: { location, 'cache-control': 'no-store' } };
};
