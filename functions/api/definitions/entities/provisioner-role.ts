import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import { readRole, withOutlines } from '../../../../shared/actions/read-role-tree.ts';
import { provisionerGroupSchema } from '../../../../shared/contracts/entities/provisioner-group.ts';
import {
  provisionerRoleInput,
  provisionerRoleSchema,
} from '../../../../shared/contracts/entities/provisioner-role.ts';
import type { FieldError } from '../../../../shared/contracts/problem.ts';
import { tooManySteps } from '../../../../shared/domain/definition/steps.ts';
import type { Answer } from '../../../../shared/runtime/api/operation.ts';
import { notFound } from '../../../../shared/runtime/api/problem.ts';
import type { EntityContext, EntityModule } from '../../../../shared/runtime/entities/module.ts';
import type { Item } from '../../../../shared/store/table.ts';

type Input = z.output<typeof provisionerRoleInput>;

/** As many steps as a run may have. A group that grows later is warned of, and refused by the run. */
const stepLimit = (
  { groupIds }: Input,
  referred: Map<string, Item>,
  _: EntityContext,
  current?: Item,
): FieldError[] => {
  if (isDeepStrictEqual(current?.['groupIds'], groupIds)) return [];
  const groups = groupIds.flatMap((id) => provisionerGroupSchema.safeParse(referred.get(id)).data ?? []);
  const enabled = groups.flatMap(({ items }) => items.filter((item) => item.enabled));
  return tooManySteps(enabled.length, '/groupIds');
};

/** Groups in the order they run. */
export const provisionerRole: EntityModule<Input> = {
  kind: 'provisioner-role',
  input: provisionerRoleInput,
  references: (input) =>
    input.groupIds.map((id, place) => ({ pointer: `/groupIds/${place}`, kind: 'provisioner-group', id })),
  rules: stepLimit,
  present: (item) => provisionerRoleSchema.parse(item),
};

/** The role laid flat, disabled items too, so that an unsuitable group is easily found (S160). */
export const flattenRole = async (context: EntityContext, id: string): Promise<Answer> => {
  const { table, scope } = context;
  const role = await readRole(table, scope, id);
  if (role === undefined) throw notFound('provisioner-role');
  const places = await withOutlines(table, scope, role.items);
  const items = places.map((place, at) => ({
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
