import { type IdKind, kindOfId } from '../contracts/common.ts';
import { keys } from './keys.ts';
import type { Item, Table } from './table.ts';
import { WriteRefused } from './write-refused.ts';
import type { WorkspaceScope } from './workspace-scope.ts';

/**
 * Entities of the first release (docs/adr/0007). It had no row of users beside an entity and no list of references in
 * it, but a row `REF#…` for each reference, and it could neither change nor delete an entity. Nothing that refers to
 * such an entity can be written, or let go of, before it has its row of users. So until then those who refer to it are
 * exactly those of its `REF#…` rows, and from then on the row of users alone counts.
 */

type Entity = { kind: IdKind; id: string };

/**
 * Gives each of these entities that has none its row of users, with those who referred to it. Tells whether any of the
 * entities is there, so that what was refused is worth a second try.
 */
export const giveUsers = async (
  table: Table,
  scope: WorkspaceScope,
  entities: Entity[],
): Promise<boolean> => {
  const there = await table.getAll(entities.map(({ kind, id }) => keys.entity(scope, kind, id)));
  const ids = new Set(there.map(({ id }) => id));
  const found = entities.filter(({ id }) => ids.has(id));
  const rows = await table.getAll(found.map(({ kind, id }) => keys.users(scope, kind, id)));
  const ready = new Set(rows.map(({ sk }) => sk));
  const lacking = found.filter(({ kind, id }) => !ready.has(keys.users(scope, kind, id).sk));
  await Promise.all(lacking.map((one) => giveOne(table, scope, one)));
  return found.length > 0;
};

/** Who was faster with the same row has written the same; who deleted the entity is told by the next try. */
const giveOne = async (table: Table, scope: WorkspaceScope, { kind, id }: Entity): Promise<void> => {
  const referring = await table.query({ ...keys.referencesTo(scope, kind, id), only: ['fromId'] });
  const users = new Set(referring.map(({ fromId }) => String(fromId)));
  try {
    await table.write([
      { check: keys.entity(scope, kind, id), if: { exists: true } },
      {
        put: { ...keys.users(scope, kind, id), row: 'users', ...(users.size > 0 && { users }) },
        if: { exists: false },
      },
    ]);
  } catch (error) {
    if (!(error instanceof WriteRefused) || error.failed.length === 0) throw error;
  }
};

/** What an entity without a list of references refers to: the ids in its row, as far as there is a `REF#…` row for them. */
export const earlierReferences = async (
  table: Table,
  scope: WorkspaceScope,
  from: Entity,
  row: Item,
): Promise<Entity[]> => {
  const named = [...new Set(textsIn(row))].flatMap((id) => {
    const kind = kindOfId(id);
    return kind === undefined || id === from.id ? [] : [{ kind, id }];
  });
  const rows = await table.getAll(named.map((to) => keys.reference(scope, to, from)));
  const there = new Set(rows.map(({ sk }) => sk));
  return named.filter((to) => there.has(keys.reference(scope, to, from).sk));
};

/** No id of ours is longer, and long texts make no key. */
const LONGEST_ID = 40;

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return value.length <= LONGEST_ID ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};
