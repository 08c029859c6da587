import type { IdKind, ListQuery } from '../contracts/common.ts';
import { keys } from './keys.ts';
import { type Item, type Table, WriteRefused } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

/** Most entities of one kind in a workspace (api.md): what a list reads stays bounded. */
export const MAX_ENTITIES = 1000;

export type EntityRef = { kind: IdKind; id: string };
export type StoredEntity = { id: string; name: string; tags: Record<string, string> } & Item;

/** The name is taken, or something referred to is gone: found by the guards of the write itself. */
export class CreateRefused extends Error {
  readonly nameTaken: boolean;
  readonly missing: EntityRef[];
  constructor(nameTaken: boolean, missing: EntityRef[]) {
    super(nameTaken ? 'the name is taken' : 'a reference is gone');
    this.name = 'CreateRefused';
    this.nameTaken = nameTaken;
    this.missing = missing;
  }
}

/** Rows of what a team describes; the caller knows the schema of its kind. */
export const entityStore = (table: Table, scope: WorkspaceScope) => ({
  get: (kind: IdKind, id: string): Promise<Item | undefined> => table.get(keys.entity(scope, kind, id)),

  getAll: (refs: EntityRef[]): Promise<Item[]> =>
    table.getAll(refs.map((ref) => keys.entity(scope, ref.kind, ref.id))),

  /** All of a kind, newest first: at most MAX_ENTITIES. */
  list: (kind: IdKind): Promise<Item[]> =>
    table.query({ ...keys.entities(scope, kind), newestFirst: true, limit: MAX_ENTITIES }),

  /** Whether there are as many of a kind as there may be; reads their names only. */
  isFull: async (kind: IdKind): Promise<boolean> =>
    (await table.query({ ...keys.names(scope, kind), limit: MAX_ENTITIES })).length >= MAX_ENTITIES,

  create: (kind: IdKind, entity: StoredEntity, references: EntityRef[], more: Write[]) =>
    create(table, scope, { kind, entity, references, more }),
});

type Creation = { kind: IdKind; entity: StoredEntity; references: EntityRef[]; more: Write[] };

/**
 * Writes the entity with its name and references in one transaction. Throws CreateRefused when the name is taken or
 * a reference is deleted at the same moment, WriteRefused when a guard of `more` does not hold.
 */
const create = async (table: Table, scope: WorkspaceScope, creation: Creation): Promise<void> => {
  const { kind, entity, more } = creation;
  const references = distinct(creation.references);
  const self = { kind, id: entity.id };
  const writes: Write[] = [
    {
      put: { ...keys.name(scope, kind, entity.name), row: 'name', entityId: entity.id },
      if: { exists: false },
    },
    ...references.map((to) => ({ check: keys.entity(scope, to.kind, to.id), if: { exists: true } })),
    {
      put: { ...keys.entity(scope, kind, entity.id), row: kind, schemaVersion: 1, ...entity },
      if: { exists: false },
    },
    ...references.map((to) => ({
      put: {
        ...keys.reference(scope, to, self),
        row: 'reference',
        fromKind: kind,
        fromId: entity.id,
        fromName: entity.name,
      },
    })),
    ...more,
  ];
  try {
    await table.write(writes);
  } catch (error) {
    throw refusalOf(error, references) ?? error;
  }
};

const distinct = (references: EntityRef[]): EntityRef[] => [
  ...new Map(references.map((ref) => [`${ref.kind} ${ref.id}`, ref])).values(),
];

const refusalOf = (error: unknown, references: EntityRef[]): CreateRefused | undefined => {
  if (!(error instanceof WriteRefused)) return undefined;
  const nameTaken = error.failed.includes(0);
  const missing = references.filter((_, place) => error.failed.includes(place + 1));
  return nameTaken || missing.length > 0 ? new CreateRefused(nameTaken, missing) : undefined;
};

/** Whether an entity is asked for by `?name=` (a prefix without regard to case) and every `?tag=`. */
export const matches = (
  entity: { name: string; tags: Record<string, string> },
  query: Pick<ListQuery, 'name' | 'tag'>,
) =>
  (query.name === undefined || entity.name.toLowerCase().startsWith(query.name.toLowerCase())) &&
  (query.tag ?? []).every((tag) => {
    const colon = tag.indexOf(':');
    return entity.tags[tag.slice(0, colon)] === tag.slice(colon + 1);
  });
