import { entityStore } from '../../store/entity-store.ts';
import type { Item } from '../../store/table.ts';
import type { Write } from '../../store/write.ts';
import { audited } from '../api/audit.ts';
import type { Principal } from '../api/authenticate.ts';
import type { Answer } from '../api/operation.ts';
import { etagOf } from '../api/precondition.ts';
import { newId, now } from '../ids.ts';
import type { EntityContext, EntityInput, EntityModule, Given } from './module.ts';
import { demandRoom, demandRules, demandSize, refusalOf } from './rules.ts';
import { sealSecrets } from './secrets.ts';
import { shownRow } from './shown.ts';

export type Creation<I> = {
  body: I;
  principal: Principal;
  path: string;
  remember: (answer: Answer, options?: { secret: boolean }) => Write[];
};

/**
 * Create: rules first, all that is wrong at once; then one transaction with name, references and audit event.
 * `finish` makes the answer of a kind that says more on its create than on a read.
 */
export const createEntity = async <I extends EntityInput>(
  module: EntityModule<I>,
  context: EntityContext,
  call: Creation<I>,
  finish: (row: Item, answer: Answer) => Promise<Answer & { secret?: boolean }> = async (_, answer) => answer,
): Promise<Answer> => {
  const { body, principal } = call;
  // Read at the same time and told in their order: broken rules before a full workspace.
  const [rules, room] = await Promise.allSettled([
    demandRules(module, context, body),
    demandRoom(module, context),
  ]);
  const references = valueOf(rules);
  valueOf(room);
  const given = newlyGiven(module, principal);
  const row = { ...(await storedRow(module, body, given, context)), ...given, name: body.name };
  demandSize(module, row);
  const { secret = false, ...answer } = await finish(row, {
    headers: { location: `${call.path}/${given.id}`, etag: etagOf(given.rev) },
    body: await module.present(row, context),
  });
  const entity = { kind: module.kind, id: given.id, name: body.name };
  const more = [
    audited(context.scope, { principal, action: 'create', entity, after: shownRow(row) }),
    ...(module.withCreate?.(row, context) ?? []),
    ...call.remember(answer, { secret }),
  ];
  try {
    await entityStore(context.table, context.scope).create(module.kind, row, references, more);
  } catch (error) {
    throw refusalOf(error, references) ?? error;
  }
  return answer;
};

const valueOf = <T>(settled: PromiseSettledResult<T>): T => {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
};

const newlyGiven = (module: { kind: Parameters<typeof newId>[0] }, principal: Principal): Given => {
  const time = now();
  return { id: newId(module.kind), createdAt: time, createdBy: principal.id, updatedAt: time, rev: 1 };
};

/** The row of a kind, secrets sealed. */
export const storedRow = async <I extends EntityInput>(
  module: EntityModule<I>,
  input: I,
  given: Given,
  context: EntityContext,
  current?: Item,
): Promise<Item> => {
  const row = module.store ? await module.store(input, given, context, current) : { ...input, ...given };
  return sealSecrets(row, given, context, current);
};
