import * as z from 'zod';
import { timestamp } from '../contracts/common.ts';
import { DUE_WORKSPACE, keys } from './keys.ts';
import type { Table } from './table.ts';
import { scopeTo, type WorkspaceScope } from './workspace-scope.ts';

const removalSchema = z.object({
  workspaceId: z.string(),
  removedAt: timestamp,
  /** When everything was removed for the first time. */
  emptiedAt: timestamp.optional(),
});
/** A workspace that nobody can use any more and whose content is being removed. */
export type Removal = z.infer<typeof removalSchema>;

/** What is left to remove; `workspaceStore.remove` begins it. */
export const removalStore = (table: Table) => ({
  get: async (scope: WorkspaceScope): Promise<Removal | undefined> => {
    const item = await table.get(keys.removal(scope));
    return item === undefined ? undefined : removalSchema.parse(item);
  },

  /** Workspaces whose removal is to be gone on with by `now`. */
  due: async (now: string, limit: number): Promise<WorkspaceScope[]> => {
    const due = await table.due(DUE_WORKSPACE, now, limit);
    const rows = await table.getAll(due);
    return rows.map((row) => scopeTo(removalSchema.parse(row).workspaceId));
  },

  /** Sets when the reconciler is to look next. Throws WriteRefused when the removal is complete. */
  putOff: (scope: WorkspaceScope, dueAt: string): Promise<void> =>
    table.write([{ update: keys.removal(scope), set: { dueAt }, if: { exists: true } }]),

  /** Notes that everything was removed once. Throws WriteRefused when the removal is complete. */
  emptied: (scope: WorkspaceScope, emptiedAt: string, dueAt: string): Promise<void> =>
    table.write([{ update: keys.removal(scope), set: { emptiedAt, dueAt }, if: { exists: true } }]),

  /** Forgets the workspace. */
  end: (scope: WorkspaceScope): Promise<void> => table.write([{ delete: keys.removal(scope) }]),
});
