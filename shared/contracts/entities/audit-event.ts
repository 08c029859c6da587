import * as z from 'zod';
import { idOf, timestamp } from '../common.ts';

/** What was done to a thing; the list may grow. */
export const auditActionSchema = z.enum([
  'create',
  'change',
  'delete',
  'start',
  'stop',
  'complete',
  'reveal',
]);
export type AuditAction = z.infer<typeof auditActionSchema>;

const someFields = z.record(z.string(), z.unknown());

/**
 * Who did what. `before` and `after` hold the fields that changed, never a secret: that one was replaced shows in its
 * `updatedAt`. Long texts are `{"length", "sha256"}`.
 */
export const auditEventSchema = z
  .object({
    id: idOf('audit-event'),
    at: timestamp,
    actor: z.object({
      kind: z.enum(['user', 'api-token', 'schedule', 'system']),
      id: z.string(),
      name: z.string(),
    }),
    action: auditActionSchema,
    entity: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
    before: someFields.optional(),
    after: someFields.optional(),
  })
  .meta({ id: 'AuditEvent' });
export type AuditEvent = z.infer<typeof auditEventSchema>;
export type Actor = AuditEvent['actor'];
