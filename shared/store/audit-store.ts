import { type AuditEvent, auditEventSchema } from '../contracts/entities/audit-event.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

/** How long an audit event is kept: as long as runs by default (architecture, section 9). */
export const AUDIT_DAYS = 400;

/** Who did what in one workspace. */
export const auditStore = (table: Table, scope: WorkspaceScope) => ({
  /** Newest first, older than the event `before`. */
  list: async (page: { before: string | undefined; limit: number }): Promise<AuditEvent[]> => {
    const before = page.before === undefined ? undefined : keys.auditEvent(scope, page.before).sk;
    const range = { ...keys.auditEvents(scope), before, newestFirst: true, limit: page.limit };
    return (await table.query(range)).map((item) => auditEventSchema.parse(item));
  },
});

/** The write that records an event: part of the transaction of what it tells about. */
export const recordAudit = (scope: WorkspaceScope, event: AuditEvent): Write => ({
  put: {
    ...keys.auditEvent(scope, event.id),
    row: 'audit-event',
    ...event,
    expiresAt: Math.floor(Date.parse(event.at) / 1000) + AUDIT_DAYS * 86_400,
  },
});
