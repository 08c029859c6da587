import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { mergePatch } from '../../domain/merge-patch.ts';
import { EntityRefused, entityStore, type StoredEntity } from '../../store/entity-store.ts';
import { contended } from '../../store/retry.ts';
import { WriteRefused } from '../../store/write-refused.ts';
import { audited } from '../api/audit.ts';
import type { Principal } from '../api/authenticate.ts';
import type { Answer } from '../api/operation.ts';
import { demandMatch, etagOf } from '../api/precondition.ts';
import { notFound } from '../api/problem.ts';
import { checkBody } from '../api/read-request.ts';
import { now } from '../ids.ts';
import { storedRow } from './create.ts';
import type { EntityContext, EntityInput, EntityModule } from './module.ts';
import { demandRules, demandSize, refusalOf } from './rules.ts';
import { shownRow } from './shown.ts';
import { writableFields } from './writable.ts';

export type Change = {
  params: { id: string };
  body: Record<string, unknown>;
  headers: Record<string, string | undefined>;
  principal: Principal;
};

/** An API token of the first release had no revision. */
const identitySchema = z.looseObject({ id: z.string(), name: z.string(), rev: z.int().default(1) });
const givenSchema = z.object({ id: z.string(), createdAt: z.string(), createdBy: z.string(), rev: z.int() });

/** The row of an entity. Throws 404. */
export const demandEntity = async (
  module: Pick<EntityModule, 'kind'>,
  context: EntityContext,
  id: string,
): Promise<StoredEntity> => {
  const item = await entityStore(context.table, context.scope).get(module.kind, id);
  if (item === undefined) throw notFound(module.kind);
  return identitySchema.parse(item);
};

/** Whether a write lost against another one: then all of it is decided anew, also what its module guards besides. */
export const wasOvertaken = (error: unknown): boolean => error instanceof WriteRefused || lostEntity(error);

/**
 * Whether a write lost against another one of the same entity, and not because of what goes with it: whose idempotency
 * key was used meanwhile is answered with what it was used for.
 */
export const lostEntity = (error: unknown): boolean =>
  error instanceof WriteRefused
    ? error.failed.length === 0
    : error instanceof EntityRefused && !error.nameTaken;

/**
 * Change by JSON merge patch. The merged whole is checked like a create. When somebody else was faster it is read and
 * decided again; with `If-Match` that ends in 412. A patch that changes nothing writes nothing.
 */
export const changeEntity = <I extends EntityInput>(
  module: EntityModule<I>,
  context: EntityContext,
  call: Change,
): Promise<Answer> => contended(() => changeOnce(module, context, call), wasOvertaken);

const changeOnce = async <I extends EntityInput>(
  module: EntityModule<I>,
  context: EntityContext,
  call: Change,
): Promise<Answer> => {
  const before = await demandEntity(module, context, call.params.id);
  const editable = (await module.editable?.(before, context)) ?? writableFields(module.input, before);
  const input = checkBody(module.input, mergePatch(editable, call.body));
  demandMatch(call.headers, before.rev);
  if (isDeepStrictEqual(module.input.safeParse(editable).data, input))
    return answerOf(module, context, before);
  const references = await demandRules(module, context, input, before);
  const after = await changedRow(module, context, input, before);
  try {
    await entityStore(context.table, context.scope).change(module.kind, {
      before,
      after,
      references,
      more: [
        changeEvent(module, context, call.principal, { before, after }),
        ...(module.withChange?.(before, after, context) ?? []),
      ],
    });
  } catch (error) {
    // A reference that went meanwhile is looked at again: it may be a weak one that the entity simply loses.
    throw refusalOf(error, []) ?? error;
  }
  return answerOf(module, context, after);
};

const changedRow = async <I extends EntityInput>(
  module: EntityModule<I>,
  context: EntityContext,
  input: I,
  before: StoredEntity,
): Promise<StoredEntity> => {
  const given = { ...givenSchema.parse(before), updatedAt: now(), rev: before.rev + 1 };
  const row = { ...(await storedRow(module, input, given, context, before)), ...given, name: input.name };
  demandSize(module, row);
  return row;
};

const changeEvent = (
  module: Pick<EntityModule, 'kind'>,
  context: EntityContext,
  principal: Principal,
  { before, after }: { before: StoredEntity; after: StoredEntity },
) =>
  audited(context.scope, {
    principal,
    action: 'change',
    entity: { kind: module.kind, id: after.id, name: after.name },
    before: shownRow(before),
    after: shownRow(after),
  });

const answerOf = async (
  module: Pick<EntityModule, 'present'>,
  context: EntityContext,
  row: StoredEntity,
): Promise<Answer> => ({ headers: { etag: etagOf(row.rev) }, body: await module.present(row, context) });
