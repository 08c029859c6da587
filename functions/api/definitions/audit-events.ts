import type { AuditEvent } from '../../../shared/contracts/entities/audit-event.ts';
import type { AuditQuery } from '../../../shared/contracts/routes/overview.ts';
import type { Answer } from '../../../shared/runtime/api/operation.ts';
import { cursorFor, listOf, positionIn } from '../../../shared/runtime/api/paging.ts';
import { auditStore } from '../../../shared/store/audit-store.ts';
import type { Table } from '../../../shared/store/table.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

/** A Lambda answers 6 MB at most; a page ends before, and always has one event. */
const MAX_PAGE_BYTES = 4_000_000;
/** A filtered page stops looking here, short or empty, and leads on with its cursor. */
const MAX_LOOKED_AT = 2000;
/** What is read at a time: an event is below 10 KB, save for a change of many long fields. */
const CHUNK = 100;

type Call = { scope: WorkspaceScope; query: AuditQuery; path: string };

/** Who did what, newest first; the cursor names the last event that was looked at. */
export const listAuditEvents = async (table: Table, call: Call): Promise<Answer> => {
  const list = listOf(call.path, call.query);
  const after = await positionIn(table, list, call.query.cursor);
  const { items, stoppedAt } = await collect(table, call, after);
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

/** Events of a page, and the last one looked at when there may be more behind it. */
const collect = async (
  table: Table,
  { scope, query }: Call,
  after: string | undefined,
): Promise<{ items: AuditEvent[]; stoppedAt?: string }> => {
  const items: AuditEvent[] = [];
  let before = after;
  let bytes = 0;
  let lookedAt = 0;
  for (;;) {
    const chunk = await auditStore(table, scope).list({ before, limit: CHUNK });
    for (const event of chunk) {
      const wanted = isWanted(event, query);
      const size = wanted ? Buffer.byteLength(JSON.stringify(event)) : 0;
      const isFull =
        wanted && items.length > 0 && (items.length === query.limit || bytes + size > MAX_PAGE_BYTES);
      if (isFull || lookedAt === MAX_LOOKED_AT) return { items, stoppedAt: before };
      if (wanted) items.push(event);
      bytes += size;
      lookedAt += 1;
      before = event.id;
    }
    if (chunk.length < CHUNK) return { items };
  }
};
