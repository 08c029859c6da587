import * as z from 'zod';
import { type Role, roleSchema, type Workspace, workspaceSchema } from '../contracts/entities/workspace.ts';
import { DUE_WORKSPACE, globalKeys, keys } from './keys.ts';
import { putMember } from './member-store.ts';
import type { Table } from './table.ts';
import { isWorkspaceId, scopeTo, type WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

/** Most workspaces that one person belongs to: all of them are read to tell who somebody is. */
export const MAX_MEMBERSHIPS = 1000;
/** Most workspaces that one person made and still belongs to. */
export const MAX_FOUNDED = 100;

/** `createdBy`: who made them a member. Rows without it are of who made the workspace: others had none. */
const membershipSchema = z.object({
  workspaceId: z.string(),
  role: roleSchema,
  createdBy: z.string().optional(),
});

/**
 * Workspaces and who belongs to them. A workspace is there as long as its own row is: what lies around it for a while
 * after its removal opens nothing.
 */
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
  create: (...creation: Creation): Promise<void> => table.write(creationOf(...creation)),

  /** Writes the workspace as it is after a change. Throws WriteRefused when somebody was faster. */
  change: (before: Workspace, after: Workspace, more: Write[]): Promise<void> =>
    table.write([{ put: rowOf(after), if: { equals: { rev: before.rev } } }, ...more]),

  /**
   * Ends a workspace: from this write on it is there for nobody. What is in it is removed by and by; `dueAt` is when the
   * reconciler looks whether that has begun. Throws WriteRefused when somebody was faster.
   */
  remove: (workspace: Workspace, removedAt: string, dueAt: string): Promise<void> => {
    const scope = scopeTo(workspace.id);
    const removal = { workspaceId: workspace.id, removedAt, due: DUE_WORKSPACE, dueAt };
    return table.write([
      { delete: keys.workspace(scope), if: { equals: { rev: workspace.rev } } },
      { put: { ...keys.removal(scope), row: 'removal', ...removal } },
    ]);
  },

  isThere: async (workspaceId: string): Promise<boolean> =>
    isWorkspaceId(workspaceId) && (await table.get(keys.workspace(scopeTo(workspaceId)))) !== undefined,

  /** The role of a person in a workspace; undefined for a stranger and for a workspace that is gone. One read. */
  roleOf: async (userId: string, workspaceId: string): Promise<Role | undefined> => {
    if (!isWorkspaceId(workspaceId)) return undefined;
    const [membership, workspace] = await table.getAll([
      globalKeys.membership(userId, workspaceId),
      keys.workspace(scopeTo(workspaceId)),
    ]);
    return workspace === undefined ? undefined : membershipSchema.parse(membership).role;
  },

  /** Where a person belongs, the newest workspace first, and MAX_MEMBERSHIPS of them at most. */
  membershipsOf: async (userId: string): Promise<{ workspaceId: string; role: Role }[]> => {
    const items = await membershipsOf(table, userId);
    return items.map(({ workspaceId, role }) => ({ workspaceId, role }));
  },
});

/** Whether a person belongs to as many workspaces as one may. */
export const isEverywhere = async (table: Table, userId: string): Promise<boolean> => {
  const range = { ...globalKeys.memberships(userId), limit: MAX_MEMBERSHIPS, only: ['sk'] };
  return (await table.query(range)).length >= MAX_MEMBERSHIPS;
};

/** Whether a person made as many workspaces as one may. Those that are being removed do not count. */
export const hasFoundedEnough = async (table: Table, userId: string): Promise<boolean> => {
  const memberships = await membershipsOf(table, userId);
  const founded = memberships.filter(({ createdBy = userId }) => createdBy === userId);
  if (founded.length < MAX_FOUNDED) return false;
  const there = await table.getAll(founded.map(({ workspaceId }) => keys.workspace(scopeTo(workspaceId))));
  return there.length >= MAX_FOUNDED;
};

const membershipsOf = async (table: Table, userId: string): Promise<z.infer<typeof membershipSchema>[]> => {
  const range = { ...globalKeys.memberships(userId), newestFirst: true, limit: MAX_MEMBERSHIPS };
  return (await table.query(range)).map((item) => membershipSchema.parse(item));
};

type Creation = [workspace: Workspace, owner: { id: string; name?: string | undefined }, more: Write[]];

/** The workspace and its first owner. */
const creationOf = (...[workspace, owner, more]: Creation): Write[] => {
  const { createdAt, createdBy, updatedAt } = workspace;
  const member = { userId: owner.id, name: owner.name, role: 'owner' as const };
  return [
    { put: rowOf(workspace), if: { exists: false } },
    ...putMember(scopeTo(workspace.id), { ...member, createdAt, createdBy, updatedAt, rev: 1 }),
    ...more,
  ];
};

const rowOf = (workspace: Workspace) => ({
  ...keys.workspace(scopeTo(workspace.id)),
  row: 'workspace' as const,
  ...workspace,
});
