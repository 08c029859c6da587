import * as z from 'zod';
import { type IdKind, kindOfId, type ListQuery } from '../contracts/common.ts';
import { foldName } from '../domain/fold-name.ts';
import { earlierReferences, giveUsers } from './earlier-references.ts';
import { keys } from './keys.ts';
import type { Item, Table } from './table.ts';
import { keepTags } from './tag-store.ts';
import { TooContended } from './too-contended.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Guard, Write } from './write.ts';
import { WriteRefused } from './write-refused.ts';

/** Most entities of one kind in a workspace (api.md): what a list reads stays bounded. */
export const MAX_ENTITIES = 1000;

/** A `weak` reference must be there when it is written, and does not keep its target from being deleted. */
export type EntityRef = { kind: IdKind; id: string; weak?: boolean };
export type StoredEntity = { id: string; name: string; rev: number } & Item;

/** Why a write of an entity did not happen, found by the guards of the write itself. */
export class EntityRefused extends Error {
  readonly nameTaken: boolean;
  readonly missing: EntityRef[];
  /** Somebody changed, deleted or began to use the entity meanwhile. */
  readonly overtaken: boolean;
  constructor(reasons: { nameTaken: boolean; missing: EntityRef[]; overtaken: boolean }) {
    super('a guard of the entity did not hold');
    this.name = 'EntityRefused';
    this.nameTaken = reasons.nameTaken;
    this.missing = reasons.missing;
    this.overtaken = reasons.overtaken;
  }
}

/** Rows of what a team describes; the caller knows the schema of its kind. */
export const entityStore = (table: Table, scope: WorkspaceScope) => ({
  get: (kind: IdKind, id: string): Promise<Item | undefined> => table.get(keys.entity(scope, kind, id)),

  /** `only`: some attributes, which mean the same in every version of a row. */
  getAll: (refs: EntityRef[], only?: string[]): Promise<Item[]> =>
    table.getAll(
      refs.map((ref) => keys.entity(scope, ref.kind, ref.id)),
      only,
    ),

  /** All of a kind, newest first, older than the entity `before`, as they are read. */
  pages: (
    kind: IdKind,
    page: { before?: string | undefined; limit?: number; rowsAPage?: number } = {},
  ): AsyncIterable<Item[]> =>
    table.pages({
      ...keys.entities(scope, kind),
      ...page,
      before: page.before === undefined ? undefined : keys.entity(scope, kind, page.before).sk,
      newestFirst: true,
    }),

  /** Whether there are as many of a kind as there may be; reads their names only. */
  isFull: async (kind: IdKind): Promise<boolean> =>
    (await table.query({ ...keys.names(scope, kind), limit: MAX_ENTITIES, only: ['sk'] })).length >=
    MAX_ENTITIES,

  /** Ids of what refers to an entity and so keeps it. */
  users: async (kind: IdKind, id: string): Promise<string[]> =>
    usersSchema.parse((await table.get(keys.users(scope, kind, id))) ?? {}).users,

  /** Throws TooContended when other transactions stay in the way: nobody decides a create anew. */
  create: async (kind: IdKind, entity: StoredEntity, references: EntityRef[], more: Write[]) => {
    try {
      await guarded(table, scope, [...creation(scope, kind, entity, references), ...unguarded(more)]);
    } catch (error) {
      throw error instanceof WriteRefused && error.failed.length === 0 ? new TooContended(error) : error;
    }
  },

  change: async (kind: IdKind, change: Change) => {
    const held = await referencesOf(table, scope, kind, change.before);
    await guarded(table, scope, [...changing(scope, kind, change, held), ...unguarded(change.more)]);
  },

  remove: async (kind: IdKind, item: StoredEntity, more: Write[]) => {
    const held = await referencesOf(table, scope, kind, item);
    await guarded(table, scope, [...removal(scope, kind, item, held), ...unguarded(more)]);
  },
});

const usersSchema = z.object({
  users: z
    .set(z.string())
    .default(new Set())
    .transform((ids) => [...ids].toSorted()),
});

export type Change = {
  before: StoredEntity;
  after: StoredEntity;
  references: EntityRef[];
  more: Write[];
};

/** A write and what it means when its guard does not hold; `users` is the entity whose row of users it needs. */
type Guarded = {
  write: Write;
  refusal?: 'name-taken' | 'overtaken' | { missing: EntityRef };
  users?: EntityRef;
};

const unguarded = (writes: Write[]): Guarded[] => writes.map((write) => ({ write }));

/**
 * Everything that makes an entity, in one transaction: its name, its row with the ids it refers to, the row that will
 * hold who refers to it, its tags, and its id with each that it refers to. 30 references are 34 writes of 100 possible.
 */
const creation = (
  scope: WorkspaceScope,
  kind: IdKind,
  entity: StoredEntity,
  references: EntityRef[],
): Guarded[] => [
  takeName(scope, kind, entity),
  {
    write: { put: rowOf(scope, kind, entity, references), if: { exists: false } },
    refusal: 'overtaken',
  },
  { write: { put: { ...keys.users(scope, kind, entity.id), row: 'users' } } },
  ...unguarded(keepTags(scope, kind, { id: entity.id, after: entity })),
  ...distinct(references).map((to) => refer(scope, entity.id, to)),
];

export type FoundingEntity = { kind: IdKind; entity: StoredEntity; references: EntityRef[] };

/**
 * Writes that make entities of a workspace that nobody knows yet. They refer to nothing but each other, so each row of
 * users is written with who refers to it, and the writes can go into as many transactions as they need, in any order.
 */
export const foundingWrites = (scope: WorkspaceScope, entities: FoundingEntity[]): Write[] =>
  entities.flatMap(({ kind, entity, references }) => {
    const users = entities.filter((one) => one.references.some(({ id }) => id === entity.id));
    const ids = new Set(users.map((one) => one.entity.id));
    return [
      takeName(scope, kind, entity).write,
      { put: rowOf(scope, kind, entity, references), if: { exists: false } },
      { put: { ...keys.users(scope, kind, entity.id), row: 'users', ...(ids.size > 0 && { users: ids }) } },
      ...keepTags(scope, kind, { id: entity.id, after: entity }),
    ];
  });

const changing = (
  scope: WorkspaceScope,
  kind: IdKind,
  { before, after, references }: Change,
  then: EntityRef[],
): Guarded[] => {
  const now = distinct(references);
  const has = (list: EntityRef[], one: EntityRef) => list.some((other) => other.id === one.id);
  const isRenamed = keys.name(scope, kind, before.name).sk !== keys.name(scope, kind, after.name).sk;
  const renaming: Guarded[] = isRenamed
    ? [takeName(scope, kind, after), { write: { delete: keys.name(scope, kind, before.name) } }]
    : [];
  return [
    {
      write: { put: rowOf(scope, kind, after, references), if: atRev(before) },
      refusal: 'overtaken',
    },
    ...renaming,
    ...unguarded(keepTags(scope, kind, { id: after.id, before, after })),
    ...now.filter((to) => !has(then, to)).map((to) => refer(scope, after.id, to)),
    ...then.filter((to) => !has(now, to)).map((to) => letGo(scope, after.id, to)),
  ];
};

const removal = (scope: WorkspaceScope, kind: IdKind, item: StoredEntity, held: EntityRef[]): Guarded[] => [
  {
    write: { delete: keys.entity(scope, kind, item.id), if: atRev(item) },
    refusal: 'overtaken',
  },
  {
    write: { delete: keys.users(scope, kind, item.id), if: { exists: true, absent: ['users'] } },
    refusal: 'overtaken',
    users: { kind, id: item.id },
  },
  { write: { delete: keys.name(scope, kind, item.name) } },
  ...unguarded(keepTags(scope, kind, { id: item.id, before: item })),
  ...held.map((to) => letGo(scope, item.id, to)),
];

/** A row of the first release may have no revision: then it is the first. */
const atRev = ({ rev }: StoredEntity): Guard =>
  rev === 1 ? { exists: true, equalsIfThere: { rev } } : { equals: { rev } };

const takeName = (scope: WorkspaceScope, kind: IdKind, entity: StoredEntity): Guarded => ({
  write: {
    put: { ...keys.name(scope, kind, entity.name), row: 'name', entityId: entity.id },
    if: { exists: false },
  },
  refusal: 'name-taken',
});

const rowOf = (scope: WorkspaceScope, kind: IdKind, entity: StoredEntity, references: EntityRef[]) => ({
  ...entity,
  ...keys.entity(scope, kind, entity.id),
  row: kind,
  references: distinct(references)
    .filter(({ weak }) => weak !== true)
    .map(({ id }) => id),
});

const refer = (scope: WorkspaceScope, from: string, to: EntityRef): Guarded => {
  const row = keys.users(scope, to.kind, to.id);
  const write: Write =
    to.weak === true
      ? { check: row, if: { exists: true } }
      : { update: row, add: { users: [from] }, if: { exists: true } };
  return { write, refusal: { missing: to }, users: to };
};

const letGo = (scope: WorkspaceScope, from: string, to: EntityRef): Guarded => ({
  write: { update: keys.users(scope, to.kind, to.id), take: { users: [from] }, if: { exists: true } },
  refusal: 'overtaken',
  users: to,
});

const distinct = (references: EntityRef[]): EntityRef[] => [
  ...new Map(references.map((ref) => [ref.id, ref])).values(),
];

const heldSchema = z.object({ references: z.array(z.string()).optional() });

/** What an entity referred to, and so kept, when its row was written. Reads only for rows of the first release. */
const referencesOf = async (
  table: Table,
  scope: WorkspaceScope,
  kind: IdKind,
  item: StoredEntity,
): Promise<EntityRef[]> => {
  const { references } = heldSchema.parse(item);
  if (references === undefined) return earlierReferences(table, scope, { kind, id: item.id }, item);
  return references.flatMap((id) => {
    const kindOfTarget = kindOfId(id);
    return kindOfTarget === undefined ? [] : [{ kind: kindOfTarget, id }];
  });
};

/**
 * Writes, and once more when rows of users were lacking that the first release did not write. Throws EntityRefused when
 * a guard of the entity does not hold, WriteRefused when only one of `more` does not.
 */
const guarded = async (table: Table, scope: WorkspaceScope, writes: Guarded[]): Promise<void> => {
  try {
    await table.write(writes.map(({ write }) => write));
  } catch (error) {
    if (!(error instanceof WriteRefused)) throw error;
    const unready = error.failed.flatMap((place) => writes[place]?.users ?? []);
    if (unready.length === 0 || !(await giveUsers(table, scope, unready))) throw refusalOf(error, writes);
    // Whoever is refused again is refused for what it is.
    const unaided = writes.map(({ write, refusal }) => ({ write, ...(refusal && { refusal }) }));
    await guarded(table, scope, unaided);
  }
};

const refusalOf = (error: WriteRefused, writes: Guarded[]): EntityRefused | WriteRefused => {
  const refusals = error.failed.map((place) => writes[place]?.refusal);
  const missing = refusals.flatMap((one) => (typeof one === 'object' ? [one.missing] : []));
  const nameTaken = refusals.includes('name-taken');
  const overtaken = refusals.includes('overtaken');
  return nameTaken || overtaken || missing.length > 0
    ? new EntityRefused({ nameTaken, missing, overtaken })
    : error;
};

/** Whether an entity is asked for by `?name=` (a prefix, folded as names are compared) and every `?tag=`. */
export const matches = (
  entity: { name: string; tags: Record<string, string> },
  query: Pick<ListQuery, 'name' | 'tag'>,
) =>
  (query.name === undefined || foldName(entity.name).startsWith(foldName(query.name))) &&
  (query.tag ?? []).every((tag) => {
    const colon = tag.indexOf(':');
    return entity.tags[tag.slice(0, colon)] === tag.slice(colon + 1);
  });
