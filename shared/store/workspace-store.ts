import * as z from 'zod';
import { type Role, roleSchema, type Workspace, workspaceSchema } from '../contracts/entities/workspace.ts';
import { globalKeys, keys } from './keys.ts';
import type { Table } from './table.ts';
import { scopeTo, type WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

const membershipSchema = z.object({ workspaceId: z.string(), role: roleSchema });

/** Workspaces and who belongs to them. */
export const workspaceStore = (table: Table) => ({
  get: async (scope: WorkspaceScope): Promise<Workspace | undefined> => {
    const item = await table.get(keys.workspace(scope));
    return item === undefined ? undefined : workspaceSchema.parse(item);
  },

  getAll: async (workspaceIds: string[]): Promise<Workspace[]> => {
    const items = await table.getAll(workspaceIds.map((id) => keys.workspace(scopeTo(id))));
    return items.map((item) => workspaceSchema.parse(item));
  },

  /** Writes the workspace and its first owner. */
  create: async (workspace: Workspace, ownerId: string, more: Write[]): Promise<void> => {
    const scope = scopeTo(workspace.id);
    const membership = { row: 'member', workspaceId: workspace.id, userId: ownerId, role: 'owner' };
    await table.write([
      {
        put: { ...keys.workspace(scope), row: 'workspace', schemaVersion: 1, ...workspace },
        if: { exists: false },
      },
      { put: { ...keys.member(scope, ownerId), ...membership } },
      { put: { ...globalKeys.membership(ownerId, workspace.id), ...membership } },
      ...more,
    ]);
  },

  /** The role of a person in a workspace, undefined for a stranger. */
  roleOf: async (userId: string, workspaceId: string): Promise<Role | undefined> => {
    const item = await table.get(globalKeys.membership(userId, workspaceId));
    return item === undefined ? undefined : membershipSchema.parse(item).role;
  },

  membershipsOf: async (userId: string): Promise<{ workspaceId: string; role: Role }[]> => {
    const items = await table.query({ ...globalKeys.memberships(userId), newestFirst: true });
    return items.map((item) => membershipSchema.parse(item));
  },
});
