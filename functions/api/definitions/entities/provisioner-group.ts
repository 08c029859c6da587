import type * as z from 'zod';
import {
  type provisionerGroupInput,
  provisionerGroupSchema,
} from '../../../../shared/contracts/entities/provisioner-group.ts';
import type { EntityModule } from '../entity.ts';

/** Provisioners in the order they run. */
export const provisionerGroup: EntityModule<z.output<typeof provisionerGroupInput>> = {
  kind: 'provisioner-group',
  references: (input) =>
    input.items.map((item, place) => ({
      pointer: `/items/${place}/provisionerId`,
      kind: 'provisioner',
      id: item.provisionerId,
    })),
  present: (item) => provisionerGroupSchema.parse(item),
};
