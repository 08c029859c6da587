import * as z from 'zod';
import { type ProvisionerStored, provisionerStored } from '../contracts/entities/provisioner.ts';
import { provisionerGroupSchema } from '../contracts/entities/provisioner-group.ts';
import { type ProvisionerRole, provisionerRoleSchema } from '../contracts/entities/provisioner-role.ts';
import { entityStore } from '../store/entity-store.ts';
import type { Item, Table } from '../store/table.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';

/** One item of one group of a role. */
export type RoleItem = {
  groupId: string;
  groupName: string;
  provisionerId: string;
  environment: Record<string, string>;
  enabled: boolean;
};
/** The same with its provisioner, or with as much of it as was read. */
export type RolePlace<P> = RoleItem & { provisioner: P };

/** What is known of a provisioner without its texts, which have up to 200 KB each. */
const outlineSchema = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  osFamily: z.enum(['linux', 'windows']),
  resourceId: z.string().optional(),
  resourceVersion: z.int().optional(),
});
export type ProvisionerOutline = z.infer<typeof outlineSchema>;
const OUTLINE = Object.keys(outlineSchema.shape);

/** A role with the items of its groups, in the order they run: two reads. Undefined when it is gone. */
export const readRole = async (
  table: Table,
  scope: WorkspaceScope,
  roleId: string,
): Promise<{ role: ProvisionerRole; items: RoleItem[] } | undefined> => {
  const entities = entityStore(table, scope);
  const row = await entities.get('provisioner-role', roleId);
  if (row === undefined) return undefined;
  const role = provisionerRoleSchema.parse(row);
  const groupRefs = [...new Set(role.groupIds)].map((id) => ({ kind: 'provisioner-group' as const, id }));
  const groups = (await entities.getAll(groupRefs)).map((one) => provisionerGroupSchema.parse(one));
  const items = role.groupIds.flatMap((groupId) => {
    const group = groups.find((one) => one.id === groupId);
    return (group?.items ?? []).map(({ provisionerId, enabled, environment = {} }) => ({
      groupId,
      groupName: group?.name ?? '',
      provisionerId,
      environment,
      enabled,
    }));
  });
  return { role, items };
};

const placed = <P extends { id: string }>(items: RoleItem[], provisioners: P[]): RolePlace<P>[] => {
  const byId = new Map(provisioners.map((one) => [one.id, one]));
  return items.flatMap((item) => {
    const provisioner = byId.get(item.provisionerId);
    return provisioner === undefined ? [] : [{ ...item, provisioner }];
  });
};

const readOf = (table: Table, scope: WorkspaceScope, items: RoleItem[], only?: string[]): Promise<Item[]> => {
  const ids = [...new Set(items.map((one) => one.provisionerId))];
  return entityStore(table, scope).getAll(
    ids.map((id) => ({ kind: 'provisioner' as const, id })),
    only,
  );
};

/** The items with their whole provisioners; items whose provisioner is gone are left out. */
export const withProvisioners = async (
  table: Table,
  scope: WorkspaceScope,
  items: RoleItem[],
): Promise<RolePlace<ProvisionerStored>[]> =>
  placed(
    items,
    (await readOf(table, scope, items)).map((one) => provisionerStored.parse(one)),
  );

/** The same without the provisioners' texts: a role of 200 scripts would be 40 MB. */
export const withOutlines = async (
  table: Table,
  scope: WorkspaceScope,
  items: RoleItem[],
): Promise<RolePlace<ProvisionerOutline>[]> =>
  placed(
    items,
    (await readOf(table, scope, items, OUTLINE)).map((one) => outlineSchema.parse(one)),
  );
