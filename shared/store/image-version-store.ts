import * as z from 'zod';
import { type ImageVersion, imageVersionSchema } from '../contracts/entities/image-version.ts';
import { keys } from './keys.ts';
import type { Item, Table } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

const pointerSchema = z.object({ versionId: z.string() });
const idOf = (row: Item): string => pointerSchema.parse(row).versionId;

const getAll = async (table: Table, scope: WorkspaceScope, ids: string[]): Promise<ImageVersion[]> => {
  const items = await table.getAll(ids.map((id) => keys.imageVersion(scope, id)));
  return items.map((item) => imageVersionSchema.parse(item));
};

/** What succeeded runs of one workspace made. */
export const imageVersionStore = (table: Table, scope: WorkspaceScope) => ({
  get: async (id: string): Promise<ImageVersion | undefined> => (await getAll(table, scope, [id]))[0],

  /** Highest number first; `before` is the number that the page before ended with. */
  listOfDefinition: async (
    definitionId: string,
    page: { before?: number; limit: number },
  ): Promise<ImageVersion[]> => {
    const before =
      page.before === undefined ? undefined : keys.versionOfDefinition(scope, definitionId, page.before).sk;
    const range = {
      ...keys.versionsOfDefinition(scope, definitionId),
      before,
      newestFirst: true,
      limit: page.limit,
    };
    return getAll(table, scope, (await table.query(range)).map(idOf));
  },
});

/** Writes that record a new image version. */
export const recordImageVersion = (scope: WorkspaceScope, version: ImageVersion): Write[] => [
  {
    put: { ...keys.imageVersion(scope, version.id), row: 'image-version', ...version },
    if: { exists: false },
  },
  {
    put: {
      ...keys.versionOfDefinition(scope, version.imageDefinitionId, version.number),
      row: 'image-version-pointer',
      versionId: version.id,
    },
  },
];
