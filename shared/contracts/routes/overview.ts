import * as z from 'zod';
import { listQuery, pageOf } from '../common.ts';
import { auditActionSchema, auditEventSchema } from '../entities/audit-event.ts';
import { tagQuery, tagsInUseSchema } from '../entities/tag.ts';
import { inWorkspace, type Route } from './route.ts';

/** Filters of audit events: all that are given must hold. Longer values than these are in no event. */
const auditQuery = listQuery.pick({ limit: true, cursor: true }).extend({
  kind: z
    .string()
    .max(64)
    .optional()
    .meta({ description: 'Kind of the thing, such as `connection` or `run`' }),
  entityId: z.string().max(128).optional(),
  actorId: z.string().max(128).optional(),
  action: auditActionSchema.optional(),
});
export type AuditQuery = z.infer<typeof auditQuery>;

/** What goes across all kinds of a workspace. */
export const overviewRoutes = {
  listTags: {
    method: 'GET',
    path: `${inWorkspace}/tags`,
    area: 'definitions',
    role: 'viewer',
    summary: 'The tags in use, each key with its values',
    query: tagQuery,
    status: 200,
    response: tagsInUseSchema,
  },
  listAuditEvents: {
    method: 'GET',
    path: `${inWorkspace}/audit-events`,
    area: 'definitions',
    role: 'viewer',
    summary: 'Who did what, newest first; a filtered page may be short or empty and still lead on',
    query: auditQuery,
    status: 200,
    response: pageOf(auditEventSchema),
  },
} as const satisfies Record<string, Route>;
