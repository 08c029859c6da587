import { scheduleStored } from '../../../../shared/contracts/entities/schedule.ts';
import { nextFirings } from '../../../../shared/domain/schedule/firings.ts';
import type { Answer } from '../../../../shared/runtime/api/operation.ts';
import { listOf, pageOf, positionIn } from '../../../../shared/runtime/api/paging.ts';
import { demandEntity } from '../../../../shared/runtime/entities/change.ts';
import type { EntityContext } from '../../../../shared/runtime/entities/module.ts';
import { now } from '../../../../shared/runtime/ids.ts';
import { firingStore } from '../../../../shared/store/firing-store.ts';
import { schedule } from '../entities/schedule.ts';

/** The next five firings, or why there are none: the schedule is disabled, or its rule has run out. */
export const readNextFirings = async (context: EntityContext, id: string): Promise<Answer> => {
  const { enabled, createdAt, ...rule } = scheduleStored.parse(await demandEntity(schedule, context, id));
  if (!enabled) return { body: { items: [], reason: 'disabled' } };
  const items = nextFirings(rule, { after: now(), countsFrom: createdAt, count: 5 });
  return { body: items.length > 0 ? { items } : { items, reason: 'finished' } };
};

type Listing = {
  params: { id: string };
  query: { limit: number; cursor?: string | undefined };
  path: string;
};

/** Past firings, newest first. */
export const listFirings = async (context: EntityContext, call: Listing): Promise<Answer> => {
  const { table, scope } = context;
  const { limit, cursor } = call.query;
  const { id } = await demandEntity(schedule, context, call.params.id);
  const list = listOf(call.path);
  const before = await positionIn(table, list, cursor);
  const items = await firingStore(table, scope).list(id, { before, limit: limit + 1 });
  const position = ({ scheduledAt }: { scheduledAt: string }) => scheduledAt;
  return { body: await pageOf(table, list, { items, limit, position }) };
};
