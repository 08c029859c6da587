import type { IdKind, ListQuery } from '../../../shared/contracts/common.ts';
import type { FieldError } from '../../../shared/contracts/problem.ts';
import type { Principal } from '../../../shared/runtime/api/authenticate.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { cursorFor, positionIn } from '../../../shared/runtime/api/paging.ts';
import { ApiProblem, brokenRules, notFound } from '../../../shared/runtime/api/problem.ts';
import { newId, now } from '../../../shared/runtime/ids.ts';
import {
  CreateRefused,
  entityStore,
  matches,
  type StoredEntity,
} from '../../../shared/store/entity-store.ts';
import type { Item } from '../../../shared/store/table.ts';
import type { Write } from '../../../shared/store/write.ts';
import type { EntityContext, EntityModule, Reference } from './entity.ts';

type Input = { name: string; tags: Record<string, string> };
type Remember = (answer: Answer) => Write[];

const etag = (item: Item): Record<string, string> => ({ etag: `"${String(item['rev'])}"` });

/** Create: references and rules first, all that is wrong at once; then one transaction with name and references. */
export const createEntity = async <I extends Input>(
  module: EntityModule<I>,
  context: EntityContext,
  call: { body: I; principal: Principal; path: string; remember: Remember },
): Promise<Answer> => {
  const { body } = call;
  const references = module.references(body);
  await checkRules(module, context, body, references);
  const time = now();
  const given = {
    id: newId(module.kind),
    createdAt: time,
    createdBy: call.principal.id,
    updatedAt: time,
    rev: 1,
  };
  const row = module.store === undefined ? { ...body, ...given } : await module.store(body, given, context);
  const entity: StoredEntity = { ...row, id: given.id, name: body.name, tags: body.tags };
  await demandRoom(module.kind, entity, context);
  const answer: Answer = {
    headers: { location: `${call.path}/${given.id}`, ...etag(entity) },
    body: await module.present(entity, context),
  };
  try {
    await entityStore(context.table, context.scope).create(
      module.kind,
      entity,
      references,
      call.remember(answer),
    );
  } catch (error) {
    throw refusalOf(error, references) ?? error;
  }
  return answer;
};

/** An item of the table holds 400 KB, with its keys and in the words of DynamoDB. */
const MAX_ENTITY_BYTES = 380_000;

const demandRoom = async (kind: IdKind, entity: StoredEntity, context: EntityContext): Promise<void> => {
  if (Buffer.byteLength(JSON.stringify(entity)) > MAX_ENTITY_BYTES)
    throw new ApiProblem('too-large', `One ${kind} may have ${MAX_ENTITY_BYTES} bytes as it is stored.`);
  if (await entityStore(context.table, context.scope).isFull(kind))
    throw new ApiProblem('limit-reached', `Delete one of the kind ${kind} first.`);
};

const missing = (reference: Reference): FieldError => ({
  pointer: reference.pointer,
  code: 'missing-reference',
  detail: `there is no ${reference.kind} ${reference.id} in this workspace`,
});

const checkRules = async <I extends Input>(
  module: EntityModule<I>,
  context: EntityContext,
  body: I,
  references: Reference[],
): Promise<void> => {
  const found = await entityStore(context.table, context.scope).getAll(references);
  const referred = new Map(found.map((item) => [String(item['id']), item]));
  const gone = references.filter((reference) => !referred.has(reference.id)).map(missing);
  const broken = [...gone, ...(module.rules?.(body, referred) ?? [])];
  if (broken.length > 0) throw brokenRules(broken);
};

const refusalOf = (error: unknown, references: Reference[]): ApiProblem | undefined => {
  if (!(error instanceof CreateRefused)) return undefined;
  const errors = references.filter((ref) => error.missing.some((gone) => gone.id === ref.id)).map(missing);
  if (errors.length > 0) return brokenRules(errors);
  const taken = {
    pointer: '/name',
    code: 'name-taken',
    detail: 'is taken in this workspace, whatever its case',
  };
  return new ApiProblem('name-taken', 'Choose another name.', { errors: [taken] });
};

/** Read one. */
export const readEntity = async (
  module: EntityModule,
  context: EntityContext,
  id: string,
): Promise<Answer> => {
  const item = await entityStore(context.table, context.scope).get(module.kind, id);
  if (item === undefined) throw notFound(module.kind);
  return { headers: etag(item), body: await module.present(item, context) };
};

/**
 * List, newest first. One bounded read of the kind (at most 1,000 entities), filtered here; the cursor names the last
 * entity of the page.
 */
export const listEntities = async (
  module: EntityModule,
  context: EntityContext,
  call: { query: ListQuery & Record<string, unknown>; path: string },
): Promise<Answer> => {
  const { query, path } = call;
  const after = positionIn(path, query.cursor);
  const all = await entityStore(context.table, context.scope).list(module.kind);
  const wanted = all.filter(
    (item) =>
      (after === undefined || String(item['id']) < after) &&
      matches({ name: String(item['name']), tags: tagsOf(item) }, query) &&
      (module.matches?.(item, query) ?? true),
  );
  const selected = module.select ? await module.select(wanted, query, context) : wanted;
  const page = takePage(selected, query.limit);
  const last = page.at(-1);
  const nextCursor = selected.length > page.length && last ? cursorFor(path, String(last['id'])) : undefined;
  const items = module.presentAll
    ? await module.presentAll(page, context)
    : await Promise.all(page.map((item) => module.present(item, context)));
  return { body: { items, nextCursor } };
};

/** A Lambda answers 6 MB at most; a page ends before, and always has one entity. */
const MAX_PAGE_BYTES = 4_000_000;

const takePage = (items: Item[], limit: number): Item[] => {
  const page: Item[] = [];
  let bytes = 0;
  for (const item of items.slice(0, limit)) {
    bytes += Buffer.byteLength(JSON.stringify(item));
    if (bytes > MAX_PAGE_BYTES && page.length > 0) return page;
    page.push(item);
  }
  return page;
};

const tagsOf = (item: Item): Record<string, string> => {
  const { tags } = item;
  if (typeof tags !== 'object' || tags === null) return {};
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, String(value)]));
};
