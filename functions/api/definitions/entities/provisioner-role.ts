import type * as z from 'zod';
import { readRoleTree } from '../../../../shared/actions/read-role-tree.ts';
import {
  provisionerRoleInput,
  provisionerRoleSchema,
} from '../../../../shared/contracts/entities/provisioner-role.ts';
import type { Answer } from '../../../../shared/runtime/api/operation.ts';
import { notFound } from '../../../../shared/runtime/api/problem.ts';
import type { EntityContext, EntityModule } from '../../../../shared/runtime/entities/module.ts';

/** Groups in the order they run. */
export const provisionerRole: EntityModule<z.output<typeof provisionerRoleInput>> = {
  kind: 'provisioner-role',
  input: provisionerRoleInput,
  references: (input) =>
    input.groupIds.map((id, place) => ({ pointer: `/groupIds/${place}`, kind: 'provisioner-group', id })),
  present: (item) => provisionerRoleSchema.parse(item),
};

/** The role laid flat, disabled items too, so that an unsuitable group is easily found (S160). */
export const flattenRole = async (context: EntityContext, id: string): Promise<Answer> => {
  const tree = await readRoleTree(context.table, context.scope, id);
  if (tree === undefined) throw notFound('provisioner-role');
  const items = tree.places.map((place, at) => ({
    order: at + 1,
    groupId: place.groupId,
    groupName: place.groupName,
    provisionerId: place.provisioner.id,
    provisionerName: place.provisioner.name,
    type: place.provisioner.type,
    osFamily: place.provisioner.osFamily,
    enabled: place.enabled,
  }));
  return { body: { items } };
};
