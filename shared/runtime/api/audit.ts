import type { Actor, AuditAction, AuditEvent } from '../../contracts/entities/audit-event.ts';
import { changedFields } from '../../domain/audit-changes.ts';
import { recordAudit } from '../../store/audit-store.ts';
import type { WorkspaceScope } from '../../store/workspace-scope.ts';
import type { Write } from '../../store/write.ts';
import { newId, now } from '../ids.ts';
import type { Principal } from './authenticate.ts';

export type Deed = {
  principal: Principal;
  action: AuditAction;
  entity: AuditEvent['entity'];
  /** As they may be shown: without secrets. */
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
};

export const actorOf = ({ kind, id, name }: Principal): Actor => ({ kind, id, name });

/** The write that records what a caller did. */
export const audited = (scope: WorkspaceScope, { principal, action, entity, before, after }: Deed): Write =>
  recordAudit(scope, {
    id: newId('audit-event'),
    at: now(),
    actor: actorOf(principal),
    action,
    entity,
    ...changedFields(before, after),
  });
