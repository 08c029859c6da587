import type { AuditEvent } from '../../../shared/contracts/entities/audit-event.ts';
import type { AuditQuery } from '../../../shared/contracts/routes/overview.ts';
import { fillPage } from '../../../shared/runtime/api/fill-page.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { cursorFor, listOf, positionIn } from '../../../shared/runtime/api/paging.ts';
import { auditStore } from '../../../shared/store/audit-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

/** A filtered page stops looking here, short or empty, and leads on with its cursor. */
const MAX_LOOKED_AT = 2000;
/** What is read at a time: an event is below 10 KB, save for a change of many long fields. */
const CHUNK = 100;

type Call = { scope: WorkspaceScope; query: AuditQuery; path: string };

/** Who did what, newest first; the cursor names the last event that was looked at. */
export const listAuditEvents = async (table: Table, call: Call): Promise<Answer> => {
  const list = listOf(call.path, call.query);
  const after = await positionIn(table, list, call.query.cursor);
  const { items, stoppedAt } = await fillPage(call.query.limit, {
    steps: eventsBefore(table, call.scope, after),
    select: (events) => events.filter((event) => isWanted(event, call.query)),
    positionOf: ({ id }) => id,
    isSpent: ({ count }) => count === MAX_LOOKED_AT,
  });
  return {
    body: {
      items,
      ...(stoppedAt !== undefined && { nextCursor: await cursorFor(table, list, stoppedAt) }),
    },
  };
};

const isWanted = (event: AuditEvent, query: AuditQuery): boolean =>
  (query.kind === undefined || event.entity.kind === query.kind) &&
  (query.entityId === undefined || event.entity.id === query.entityId) &&
  (query.actorId === undefined || event.actor.id === query.actorId) &&
  (query.action === undefined || event.action === query.action);

/** Events, newest first, a chunk at a time. */
async function* eventsBefore(
  table: Table,
  scope: WorkspaceScope,
  after: string | undefined,
): AsyncGenerator<AuditEvent[]> {
  let before = after;
  for (;;) {
    const chunk = await auditStore(table, scope).list({ before, limit: CHUNK });
    yield chunk;
    if (chunk.length < CHUNK) return;
    before = chunk.at(-1)?.id;
  }
}
