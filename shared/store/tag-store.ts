import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { IdKind } from '../contracts/common.ts';
import { keys } from './keys.ts';
import type { Item, Table } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

const taggedSchema = z.object({ tags: z.record(z.string(), z.string()).default({}) });
/** The tags of a row; none of one that is not there. */
export const tagsOf = (row: Item | undefined): Record<string, string> =>
  row === undefined ? {} : taggedSchema.parse(row).tags;

/**
 * The tags in use in one workspace. They lie in small rows of their own, so that a picker does not read every script
 * of the workspace: a thousand entities with five tags each cost about 60 read units.
 */
export const tagStore = (table: Table, scope: WorkspaceScope) => ({
  /** The tags of each entity that has any, of one kind or of all, page by page as they are read (1 MB). */
  async *pages(kind?: IdKind): AsyncGenerator<Record<string, string>[]> {
    for await (const page of table.pages(keys.allTags(scope, kind))) yield page.map(tagsOf);
  },
});

/** The write that keeps the row of an entity's tags as the entity is after this transaction; none when it is so already. */
export const keepTags = (
  scope: WorkspaceScope,
  kind: IdKind,
  entity: { id: string; before?: Item; after?: Item },
): Write[] => {
  const [before, after] = [tagsOf(entity.before), tagsOf(entity.after)];
  if (isDeepStrictEqual(before, after)) return [];
  const key = keys.tags(scope, kind, entity.id);
  return Object.keys(after).length === 0
    ? [{ delete: key }]
    : [{ put: { ...key, row: 'tags', tags: after } }];
};
