import * as z from 'zod';
import { entityBase, entityInput, idOf, osFamilySchema, uniqueList } from '../common.ts';
import { readable } from '../readable.ts';

const groupIds = uniqueList(idOf('provisioner-group'), 30).describe(
  'In the order they run, each once; together they have at most 200 enabled provisioners.',
);

/** Groups in the order they run. */
export const provisionerRoleInput = z
  .strictObject({ ...entityInput, groupIds })
  .meta({ id: 'ProvisionerRoleInput' });
export const provisionerRoleSchema = z
  .object({ ...entityBase('provisioner-role'), ...readable({ groupIds }) })
  .meta({ id: 'ProvisionerRole' });
export type ProvisionerRole = z.infer<typeof provisionerRoleSchema>;

/** A role laid flat: each provisioner with its group, place and OS family. */
export const flattenedRoleSchema = z
  .object({
    items: z.array(
      z.object({
        order: z.int(),
        groupId: idOf('provisioner-group'),
        groupName: z.string(),
        provisionerId: idOf('provisioner'),
        provisionerName: z.string(),
        type: z.string(),
        osFamily: osFamilySchema,
        enabled: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'FlattenedRole' });
