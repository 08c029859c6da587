import type * as z from 'zod';
import type { IdKind } from '../../contracts/common.ts';
import type { FieldError } from '../../contracts/problem.ts';
import type { EntityRef } from '../../store/entity-store.ts';
import type { SecretBox } from '../../store/secret-box.ts';
import type { Item, Table } from '../../store/table.ts';
import type { WorkspaceScope } from '../../store/workspace-scope.ts';
import type { Write } from '../../store/write.ts';

/** A reference in a body: where it stands and what it names. A `weak` one does not keep its target from being deleted. */
export type Reference = EntityRef & { pointer: string };

export type EntityContext = { table: Table; scope: WorkspaceScope; secrets: Pick<SecretBox, 'seal'> };

/** Fields that the server gives an entity. */
export type Given = { id: string; createdAt: string; createdBy: string; updatedAt: string; rev: number };

/** What every kind is created with. */
export type EntityInput = { name: string; tags: Record<string, string> };

/** What the generic verbs need to know of one kind of entity. */
export type EntityModule<I extends EntityInput = never> = {
  kind: IdKind;
  /** The shape of a create; a change is checked as the merged whole by the same. */
  input: z.ZodType<I>;
  /** What the body refers to; the verbs check that it exists in this workspace and guard it. */
  references: (input: I) => Reference[];
  /** Rules beyond shape and references. `referred`: the referred rows by id; `current`: the row before a change. */
  rules?: (
    input: I,
    referred: Map<string, Item>,
    context: EntityContext,
    current?: Item,
  ) => FieldError[] | Promise<FieldError[]>;
  /** The row, secrets sealed; `current` as above. Without it the row is the input with the given fields. */
  store?: (input: I, given: Given, context: EntityContext, current?: Item) => Promise<Item>;
  /** The answer for a row. */
  present: (item: Item, context: EntityContext) => unknown;
  /** Answers for a whole page at once, where one by one would cost a read each. */
  presentAll?: (items: Item[], context: EntityContext) => Promise<unknown[]>;
  /** Filters of the kind's own list query that need more than the row. */
  select?: (items: Item[], query: Record<string, unknown>, context: EntityContext) => Promise<Item[]>;
  /** Filters of the kind's own list query. */
  matches?: (item: Item, query: Record<string, unknown>) => boolean;
  /** What a client would write to get this row: what a merge patch is applied to. By default the row as it is known to the input. */
  editable?: (item: Item, context: EntityContext) => Promise<Record<string, unknown>>;
  /** Writes that go with a create or a change. */
  withCreate?: (row: Item, context: EntityContext) => Write[];
  withChange?: (before: Item, after: Item, context: EntityContext) => Write[];
  /** Throws a 409 when the entity must stay; answers the writes that go with its delete. */
  withDelete?: (item: Item, context: EntityContext) => Promise<Write[]>;
};
