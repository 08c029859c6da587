import {
  type ProvisionerInput,
  provisionerInput,
  provisionerSchema,
} from '../../../../shared/contracts/entities/provisioner.ts';
import type { EntityModule } from '../../../../shared/runtime/entities/module.ts';
import { hideSecrets } from '../../../../shared/runtime/entities/secrets.ts';

/** One step run inside the VM. */
export const provisioner: EntityModule<ProvisionerInput> = {
  kind: 'provisioner',
  input: provisionerInput,
  references: (input) =>
    'resourceId' in input && input.resourceId !== undefined
      ? [{ pointer: '/resourceId', kind: 'resource', id: input.resourceId }]
      : [],
  present: (item) => provisionerSchema.parse(hideSecrets(item)),
};
