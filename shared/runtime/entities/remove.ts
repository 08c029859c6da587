import { kindOfId } from '../../contracts/common.ts';
import { type EntityRef, entityStore } from '../../store/entity-store.ts';
import { contended } from '../../store/retry.ts';
import { audited } from '../api/audit.ts';
import type { Principal } from '../api/authenticate.ts';
import type { Answer } from '../api/operation.ts';
import { demandMatch } from '../api/precondition.ts';
import { ApiProblem } from '../api/problem.ts';
import { demandEntity, wasOvertaken } from './change.ts';
import type { EntityContext, EntityModule } from './module.ts';
import { shownRow } from './shown.ts';

/** Users that a refusal names; it always tells how many there are. */
const MOST_USERS = 50;

export type Removal = {
  params: { id: string };
  headers: Record<string, string | undefined>;
  principal: Principal;
};

/**
 * Delete. What something else refers to stays (409 with its users); a reference that is made at the same moment makes
 * one of the two fail.
 */
export const removeEntity = (
  module: Omit<EntityModule, 'input' | 'references'>,
  context: EntityContext,
  call: Removal,
): Promise<Answer> => contended(() => removeOnce(module, context, call), wasOvertaken);

const removeOnce = async (
  module: Omit<EntityModule, 'input' | 'references'>,
  context: EntityContext,
  call: Removal,
): Promise<Answer> => {
  const row = await demandEntity(module, context, call.params.id);
  demandMatch(call.headers, row.rev);
  await demandUnused(module, context, row.id);
  const deed = {
    principal: call.principal,
    action: 'delete' as const,
    entity: { kind: module.kind, id: row.id, name: row.name },
    before: shownRow(row),
  };
  const more = [audited(context.scope, deed), ...((await module.withDelete?.(row, context)) ?? [])];
  await entityStore(context.table, context.scope).remove(module.kind, row, more);
  return {};
};

const demandUnused = async (
  { kind }: Pick<EntityModule, 'kind'>,
  context: EntityContext,
  id: string,
): Promise<void> => {
  const entities = entityStore(context.table, context.scope);
  const users = await entities.users(kind, id);
  if (users.length === 0) return;
  const refs = users.slice(0, MOST_USERS).flatMap((user): EntityRef[] => {
    const kindOfUser = kindOfId(user);
    return kindOfUser === undefined ? [] : [{ kind: kindOfUser, id: user }];
  });
  const names = new Map((await entities.getAll(refs)).map((item) => [item['id'], String(item['name'])]));
  const usedBy = refs.map((ref) => ({ kind: ref.kind, id: ref.id, name: names.get(ref.id) ?? ref.id }));
  const detail = `Take it out of ${usedBy.map(({ name }) => name).join(', ')} first.`;
  throw new ApiProblem('in-use', detail, { usedBy, usedByCount: users.length });
};
