import * as z from 'zod';
import { timestamp } from '../contracts/common.ts';
import { DUE_CONNECTION, keys } from './keys.ts';
import type { Table } from './table.ts';
import { WriteRefused } from './write-refused.ts';
import type { WorkspaceScope } from './workspace-scope.ts';

const sweepSchema = z.object({
  workspaceId: z.string(),
  connectionId: z.string(),
  dueAt: timestamp,
  /** Regions that runs of the connection worked in. */
  regions: z.preprocess(
    (value) => (value instanceof Set ? [...value] : value),
    z.array(z.string()).default([]),
  ),
  /** Image versions up to this id were looked up; the next sweep goes on behind it. */
  checkedUpTo: z.string().optional(),
});
/** An account that runs made things in, and when it is swept next. */
export type Sweep = z.infer<typeof sweepSchema>;

type Planned = Pick<Sweep, 'connectionId' | 'regions' | 'dueAt'>;

/** Accounts that are swept each day: those that a run was prepared for. */
export const sweepStore = (table: Table) => ({
  get: async (scope: WorkspaceScope, connectionId: string): Promise<Sweep | undefined> => {
    const item = await table.get(keys.sweep(scope, connectionId));
    return item === undefined ? undefined : sweepSchema.parse(item);
  },

  /** Sees to it that the account of a connection is swept, also in these regions; the first time at `dueAt`. */
  plan: (scope: WorkspaceScope, planned: Planned): Promise<void> => plan(table, scope, planned),

  /** Accounts to be swept by `now`. */
  due: async (now: string, limit: number): Promise<Sweep[]> => {
    const rows = await table.getAll(await table.due(DUE_CONNECTION, now, limit));
    // One that cannot be read holds up no other.
    return rows.flatMap((row) => sweepSchema.safeParse(row).data ?? []);
  },

  /** Sets when it is due next. Throws WriteRefused when it is not swept any more. */
  putOff: (
    scope: WorkspaceScope,
    connectionId: string,
    set: Pick<Sweep, 'dueAt'> & Partial<Pick<Sweep, 'checkedUpTo'>>,
  ): Promise<void> => table.write([{ update: keys.sweep(scope, connectionId), set, if: { exists: true } }]),

  /** The connection is gone: nobody can sweep its account any more. */
  forget: (scope: WorkspaceScope, connectionId: string): Promise<void> =>
    table.write([{ delete: keys.sweep(scope, connectionId) }]),
});

const plan = async (
  table: Table,
  scope: WorkspaceScope,
  { connectionId, regions, dueAt }: Planned,
): Promise<void> => {
  const key = keys.sweep(scope, connectionId);
  const known = await table.get(key);
  const knownRegions = known === undefined ? [] : sweepSchema.parse(known).regions;
  const added = regions.filter((region) => !knownRegions.includes(region));
  if (known !== undefined && added.length === 0) return;
  const set = {
    row: 'sweep',
    workspaceId: scope.workspaceId,
    connectionId,
    ...(known === undefined ? { due: DUE_CONNECTION, dueAt } : {}),
  };
  const add = added.length === 0 ? {} : { add: { regions: added } };
  try {
    await table.write([{ update: key, set, ...add, if: { exists: known !== undefined } }]);
  } catch (error) {
    // Another run of the connection was faster, or the connection went meanwhile: the next run makes up for it.
    if (!(error instanceof WriteRefused)) throw error;
  }
};
