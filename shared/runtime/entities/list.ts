import type { ListQuery } from '../../contracts/common.ts';
import { entityStore, matches } from '../../store/entity-store.ts';
import type { Item } from '../../store/table.ts';
import { tagsOf } from '../../store/tag-store.ts';
import { fillPage } from '../api/fill-page.ts';
import type { Answer } from '../api/operation.ts';
import { cursorFor, listOf, positionIn } from '../api/paging.ts';
import type { EntityContext, EntityModule } from './module.ts';

type Module = Omit<EntityModule, 'input' | 'references'>;
type Query = ListQuery & Record<string, unknown>;

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
  const { query } = call;
  const entities = entityStore(table, context.scope);
  const { items: rows, stoppedAt } = await fillPage(query.limit, {
    steps: entities.pages(module.kind, { before: after, ...amount(module, query) }),
    select: (found) => select(module, context, query, found),
    positionOf: (item) => String(item['id']),
    isSpent: ({ bytes }) => bytes > MAX_READ_BYTES,
  });
  const items = module.presentAll
    ? await module.presentAll(rows, context)
    : await Promise.all(rows.map((item) => module.present(item, context)));
  if (stoppedAt === undefined) return { body: { items } };
  return { body: { items, nextCursor: await cursorFor(table, list, stoppedAt) } };
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
