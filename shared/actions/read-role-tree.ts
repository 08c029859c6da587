import { type ProvisionerStored, provisionerStored } from '../contracts/entities/provisioner.ts';
import { provisionerGroupSchema } from '../contracts/entities/provisioner-group.ts';
import { type ProvisionerRole, provisionerRoleSchema } from '../contracts/entities/provisioner-role.ts';
import { entityStore } from '../store/entity-store.ts';
import type { Table } from '../store/table.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';

/** One item of one group of a role. */
export type RolePlace = {
  groupId: string;
  groupName: string;
  provisioner: ProvisionerStored;
  environment: Record<string, string>;
  enabled: boolean;
};
export type RoleTree = { role: ProvisionerRole; places: RolePlace[] };

/** A role with its groups and their provisioners, in the order they run: three reads. Undefined when it is gone. */
export const readRoleTree = async (
  table: Table,
  scope: WorkspaceScope,
  roleId: string,
): Promise<RoleTree | undefined> => {
  const entities = entityStore(table, scope);
  const item = await entities.get('provisioner-role', roleId);
  if (item === undefined) return undefined;
  const role = provisionerRoleSchema.parse(item);
  const groupRefs = [...new Set(role.groupIds)].map((id) => ({ kind: 'provisioner-group' as const, id }));
  const groups = (await entities.getAll(groupRefs)).map((one) => provisionerGroupSchema.parse(one));
  const wanted = new Set(groups.flatMap((group) => group.items.map((one) => one.provisionerId)));
  const found = await entities.getAll([...wanted].map((id) => ({ kind: 'provisioner' as const, id })));
  const provisioners = new Map(found.map((one) => provisionerStored.parse(one)).map((one) => [one.id, one]));
  const places = role.groupIds.flatMap((groupId) => {
    const group = groups.find((one) => one.id === groupId);
    return (group?.items ?? []).flatMap((one) => {
      const provisioner = provisioners.get(one.provisionerId);
      if (group === undefined || provisioner === undefined) return [];
      const { enabled, environment = {} } = one;
      return [{ groupId, groupName: group.name, provisioner, environment, enabled }];
    });
  });
  return { role, places };
};
