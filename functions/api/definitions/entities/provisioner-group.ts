import type * as z from 'zod';
import {
  provisionerGroupInput,
  provisionerGroupSchema,
} from '../../../../shared/contracts/entities/provisioner-group.ts';
import type { EntityModule } from '../../../../shared/runtime/entities/module.ts';

/** Provisioners in the order they run. */
export const provisionerGroup: EntityModule<z.output<typeof provisionerGroupInput>> = {
  kind: 'provisioner-group',
  input: provisionerGroupInput,
  references: (input) =>
    input.items.map((item, place) => ({
      pointer: `/items/${place}/provisionerId`,
      kind: 'provisioner',
      id: item.provisionerId,
    })),
  present: (item) => provisionerGroupSchema.parse(item),
};
