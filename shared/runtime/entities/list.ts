import type { ListQuery } from '../../contracts/common.ts';
import { entityStore, matches } from '../../store/entity-store.ts';
import type { Item } from '../../store/table.ts';
import type { Answer } from '../api/operation.ts';
import { cursorFor, listOf, positionIn } from '../api/paging.ts';
import type { EntityContext, EntityModule } from './module.ts';

type Module = Omit<EntityModule, 'input' | 'references'>;
type Query = ListQuery & Record<string, unknown>;

/** A Lambda answers 6 MB at most; a page ends before, and always has one entity. */
const MAX_PAGE_BYTES = 4_000_000;
/** A filtered page stops reading here, short or empty, and leads on with its cursor; it reads 1 MB more at most. */
const MAX_READ_BYTES = 16_000_000;
/** What is looked at at a time when a filter reads more for each row than the row. */
const CHUNK = 100;

/** List, newest first; the cursor names the last entity that was looked at. */
export const listEntities = async (
  module: Module,
  context: EntityContext,
  call: { query: Query; path: string },
): Promise<Answer> => {
  const { table } = context;
  const list = listOf(call.path, call.query);
  const after = await positionIn(table, list, call.query.cursor);
  const { rows, stoppedAt } = await collect(module, context, call.query, after);
  const items = module.presentAll
    ? await module.presentAll(rows, context)
    : await Promise.all(rows.map((item) => module.present(item, context)));
  if (stoppedAt === undefined) return { body: { items } };
  return { body: { items, nextCursor: await cursorFor(table, list, stoppedAt) } };
};

type Collected = { rows: Item[]; stoppedAt?: string };

const sizeOf = (item: Item): number => Buffer.byteLength(JSON.stringify(item));

/** Rows of a page, and the last one looked at when there may be more behind it. */
const collect = async (
  module: Module,
  context: EntityContext,
  query: Query,
  after: string | undefined,
): Promise<Collected> => {
  const entities = entityStore(context.table, context.scope);
  const rows: Item[] = [];
  const bytes = { page: 0, read: 0 };
  let before = after;
  for await (const found of entities.pages(module.kind, { before, ...amount(module, query) })) {
    const wanted = new Set(await select(module, context, query, found));
    for (const item of found) {
      const size = sizeOf(item);
      const isWanted = wanted.has(item);
      const isFull =
        isWanted && (rows.length === query.limit || (rows.length > 0 && bytes.page + size > MAX_PAGE_BYTES));
      if (before !== undefined && (isFull || bytes.read > MAX_READ_BYTES)) return { rows, stoppedAt: before };
      if (isWanted) rows.push(item);
      bytes.page += isWanted ? size : 0;
      bytes.read += size;
      before = String(item['id']);
    }
  }
  return { rows };
};

/** How much to read: without a filter one more than the page, so that it is known whether there is more. */
const amount = (module: Module, query: Query): { limit?: number; rowsAPage?: number } => {
  if (!isFiltered(query)) return { limit: query.limit + 1 };
  return module.select === undefined ? {} : { rowsAPage: CHUNK };
};

const isFiltered = (query: Query): boolean =>
  Object.entries(query).some(([name, value]) => name !== 'limit' && name !== 'cursor' && value !== undefined);

const select = async (
  module: Module,
  context: EntityContext,
  query: Query,
  items: Item[],
): Promise<Item[]> => {
  const fitting = items.filter(
    (item) =>
      matches({ name: String(item['name']), tags: tagsOf(item) }, query) &&
      (module.matches?.(item, query) ?? true),
  );
  return module.select ? module.select(fitting, query, context) : fitting;
};

/** The tags of a row. */
export const tagsOf = (item: Item): Record<string, string> => {
  const { tags } = item;
  if (typeof tags !== 'object' || tags === null) return {};
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, String(value)]));
};
