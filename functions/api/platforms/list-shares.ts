import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { listOf, pageOf, positionIn } from '../../../shared/runtime/api/paging.ts';
import { shareStore } from '../../../shared/store/share-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { presentShare } from './create-share.ts';
import { demandVersion } from './share-target.ts';

type Call = {
  scope: WorkspaceScope;
  params: { imageVersionId: string };
  query: { limit: number; cursor?: string | undefined };
  path: string;
};

/** Who may use an image, newest first; also of an image that is gone. Throws 404. */
export const listShares = async (core: Table, { scope, params, query, path }: Call): Promise<Answer> => {
  const list = listOf(path);
  const [version, before] = await Promise.all([
    demandVersion(core, scope, params.imageVersionId),
    positionIn(core, list, query.cursor),
  ]);
  const all = await shareStore(core, scope).list(version.id);
  const items = all.filter(({ id }) => before === undefined || id < before).map(presentShare);
  const page = { items, limit: query.limit, position: ({ id }: { id: string }) => id };
  return { body: await pageOf(core, list, page) };
};
