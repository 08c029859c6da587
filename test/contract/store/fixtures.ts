import type { IdKind } from '../../../shared/contracts/common.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { newId } from '../../../shared/runtime/ids.ts';
import { entityStore } from '../../../shared/store/entity-store.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { Item, Table } from '../../../shared/store/table.ts';
import { scopeTo, type WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { base, queuedRun } from '../../support/builders.ts';

/** A workspace that no other test knows. */
export const freshScope = (): WorkspaceScope => scopeTo(newId('workspace'));

/** All entities of a kind, newest first. */
export const allOf = async (table: Table, scope: WorkspaceScope, kind: IdKind): Promise<Item[]> => {
  const items: Item[] = [];
  for await (const page of entityStore(table, scope).pages(kind)) items.push(...page);
  return items;
};

/** An image definition that refers to nothing: enough for runs to be created on it. */
export const putDefinition = async (
  table: Table,
  scope: WorkspaceScope,
  name = 'Web-Base',
): Promise<string> => {
  const id = newId('image-definition');
  await entityStore(table, scope).create('image-definition', base(id, name), [], []);
  return id;
};

type Draft = Partial<StoredRun> & { firstNumber?: number };

/** Creates a run on a definition as the API does. */
export const createRun = (
  table: Table,
  scope: WorkspaceScope,
  imageDefinitionId: string,
  { firstNumber, ...fields }: Draft = {},
): Promise<StoredRun> => {
  const { number: _, ...run } = queuedRun({
    id: newId('run'),
    workspaceId: scope.workspaceId,
    imageDefinitionId,
    ...fields,
  });
  return runStore(table, scope).create({ run, firstNumber }, () => []);
};
