import { type Firing, firingSchema } from '../contracts/entities/schedule.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';

/** What the schedules of one workspace did: one row for each schedule and scheduled time. */
export const firingStore = (table: Table, scope: WorkspaceScope) => ({
  /** Newest first; `before` is the scheduled time that the page before ended with. */
  list: async (
    scheduleId: string,
    page: { before?: string | undefined; limit: number },
  ): Promise<Firing[]> => {
    const before = page.before === undefined ? undefined : keys.firing(scope, scheduleId, page.before).sk;
    const range = { ...keys.firings(scope, scheduleId), before, newestFirst: true, limit: page.limit };
    return (await table.query(range)).map((item) => firingSchema.parse(item));
  },
});
