import type * as z from 'zod';
import { resourceStored } from '../contracts/entities/resource.ts';
import type { FileUse } from '../domain/definition/files.ts';
import { entityStore } from '../store/entity-store.ts';
import type { Table } from '../store/table.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';

const fileSchema = resourceStored.pick({ id: true, name: true, versions: true });

export type UsedFile = z.infer<typeof fileSchema>;

/** The resources that are used, each with its versions, by their ids: one read, and none where nothing is used. */
export const readFiles = async (
  table: Table,
  scope: WorkspaceScope,
  uses: readonly FileUse[],
): Promise<Map<string, UsedFile>> => {
  const refs = [...new Set(uses.map((use) => use.resourceId))].map((id) => ({
    kind: 'resource' as const,
    id,
  }));
  const found =
    refs.length === 0 ? [] : await entityStore(table, scope).getAll(refs, Object.keys(fileSchema.shape));
  return new Map(found.map((one) => fileSchema.parse(one)).map((one) => [one.id, one]));
};
