import type { IdKind } from '../../../shared/contracts/common.ts';
import type { FieldError } from '../../../shared/contracts/problem.ts';
import type { SecretBox } from '../../../shared/store/secret-box.ts';
import type { Item, Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

/** A reference in a body: where it stands and what it names. */
export type Reference = { pointer: string; kind: IdKind; id: string };

export type EntityContext = { table: Table; scope: WorkspaceScope; secrets: SecretBox };

/** Fields that the server gives an entity. */
export type Given = { id: string; createdAt: string; createdBy: string; updatedAt: string; rev: number };

/** What the generic verbs need to know of one kind of entity. */
export type EntityModule<I extends { name: string; tags: Record<string, string> } = never> = {
  kind: IdKind;
  /** What the body refers to; the verbs check that it exists in this workspace. */
  references: (input: I) => Reference[];
  /** Rules beyond shape and references; `referred` holds the referred entities by id. */
  rules?: (input: I, referred: Map<string, Item>) => FieldError[];
  /** The row, secrets sealed. Without it the row is the input with the given fields. */
  store?: (input: I, given: Given, context: EntityContext) => Promise<Item>;
  /** The answer for a row. */
  present: (item: Item, context: EntityContext) => unknown;
  /** Answers for a whole list at once, where reading one by one would cost a read each. */
  presentAll?: (items: Item[], context: EntityContext) => Promise<unknown[]>;
  /** Filters of the kind's own list query that need more than the row. */
  select?: (items: Item[], query: Record<string, unknown>, context: EntityContext) => Promise<Item[]>;
  /** Filters of the kind's own list query. */
  matches?: (item: Item, query: Record<string, unknown>) => boolean;
};
