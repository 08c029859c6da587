import type { FieldError } from '../../contracts/problem.ts';
import { EntityRefused, entityStore, MAX_ENTITIES } from '../../store/entity-store.ts';
import type { Item } from '../../store/table.ts';
import { ApiProblem, brokenRules } from '../api/problem.ts';
import type { EntityContext, EntityInput, EntityModule, Reference } from './module.ts';
import { nothingToKeep } from './secrets.ts';

/** An item of the table holds 400 KB, with its keys and in the words of DynamoDB. */
const MAX_ENTITY_BYTES = 380_000;

const missing = ({ pointer, kind, id }: Reference): FieldError => ({
  pointer,
  code: 'missing-reference',
  detail: `there is no ${kind} ${id} in this workspace`,
});

/** Throws 422 with everything that is wrong with a well-shaped body: references, fit, secrets without a value. */
export const demandRules = async <I extends EntityInput>(
  module: EntityModule<I>,
  context: EntityContext,
  body: I,
  current?: Item,
): Promise<Reference[]> => {
  const references = module.references(body);
  const found = await entityStore(context.table, context.scope).getAll(references);
  const referred = new Map(found.map((item) => [String(item['id']), item]));
  const broken = [
    ...references.filter(({ id }) => !referred.has(id)).map(missing),
    ...nothingToKeep(body, current),
    ...((await module.rules?.(body, referred, context, current)) ?? []),
  ];
  if (broken.length > 0) throw brokenRules(broken);
  return references;
};

/** Throws 413 when a row would not fit the table. */
export const demandSize = (module: { kind: string }, row: Item): void => {
  if (Buffer.byteLength(JSON.stringify(row)) > MAX_ENTITY_BYTES)
    throw new ApiProblem(
      'too-large',
      `One ${module.kind} may have ${MAX_ENTITY_BYTES} bytes as it is stored.`,
    );
};

/** Throws 409 when the workspace holds as many of a kind as it may. */
export const demandRoom = async (
  module: { kind: Reference['kind'] },
  context: EntityContext,
): Promise<void> => {
  if (await entityStore(context.table, context.scope).isFull(module.kind))
    throw new ApiProblem('limit-reached', `A workspace holds ${MAX_ENTITIES} of the kind ${module.kind}.`);
};

/** A refused write as a problem: what it referred to is gone by now, or its name is taken. Undefined for anything else. */
export const refusalOf = (error: unknown, references: Reference[]): ApiProblem | undefined => {
  if (!(error instanceof EntityRefused)) return undefined;
  const gone = references.filter((ref) => error.missing.some(({ id }) => id === ref.id));
  if (gone.length > 0) return brokenRules(gone.map(missing));
  if (!error.nameTaken) return undefined;
  const detail = 'is taken in this workspace, whatever its case';
  const errors = [{ pointer: '/name', code: 'name-taken', detail }];
  return new ApiProblem('name-taken', 'Choose another name.', { errors });
};
