import type { AuditEvent } from '../../../shared/contracts/entities/audit-event.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';

type Named = Pick<StoredRun, 'id' | 'imageName' | 'number'>;

/** A run as audit events name it: by the image that it makes. */
export const runEntity = ({ id, imageName, number }: Named): AuditEvent['entity'] => ({
  kind: 'run',
  id,
  name: `${imageName}-v${number}`,
});
