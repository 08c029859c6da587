import * as z from 'zod';
import { entityBase, entityInput, idOf } from '../common.ts';
import { readable } from '../readable.ts';
import { environmentSchema } from './provisioner.ts';

/** One place in a group. A disabled item stays in the group and is not run. */
const groupItemSchema = z.strictObject({
  provisionerId: idOf('provisioner'),
  environment: environmentSchema.optional(),
  enabled: z.boolean().default(true),
});

const items = z
  .array(groupItemSchema)
  .max(30)
  .describe('In the order they run. One provisioner may stand at several places, with an environment each.');

/** Provisioners in the order they run. */
export const provisionerGroupInput = z
  .strictObject({ ...entityInput, items })
  .meta({ id: 'ProvisionerGroupInput' });
export const provisionerGroupSchema = z
  .object({ ...entityBase('provisioner-group'), ...readable({ items }) })
  .meta({ id: 'ProvisionerGroup' });
