import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { listOf, numberIn, pageOf } from '../../../shared/runtime/api/paging.ts';
import { notFound } from '../../../shared/runtime/api/problem.ts';
import { imageVersionStore } from '../../../shared/store/image-version-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { demandDefinition } from './read-runs.ts';

type OfDefinition = { scope: WorkspaceScope; params: { imageDefinitionId: string } };

/** Image versions of a definition, highest number first; also of a deleted one. */
export const listImageVersions = async (
  core: Table,
  call: OfDefinition & { query: { limit: number; cursor?: string | undefined }; path: string },
): Promise<Answer> => {
  const { scope, query, path } = call;
  const definitionId = call.params.imageDefinitionId;
  const list = listOf(path);
  const before = await numberIn(core, list, query.cursor);
  const versions = imageVersionStore(core, scope);
  const found = await versions.listOfDefinition(definitionId, { before, limit: query.limit + 1 });
  if (found.length === 0) await demandDefinition(core, scope, definitionId);
  const position = ({ number }: { number: number }) => String(number);
  return { body: await pageOf(core, list, { items: found, limit: query.limit, position }) };
};

/** One image version with its locators. */
export const readImageVersion = async (
  core: Table,
  call: { scope: WorkspaceScope; params: { imageVersionId: string } },
): Promise<Answer> => {
  const version = await imageVersionStore(core, call.scope).get(call.params.imageVersionId);
  if (version === undefined) throw notFound('image version');
  return { body: version };
};
