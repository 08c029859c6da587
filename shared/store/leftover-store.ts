import { type Leftover, leftoverSchema } from '../contracts/entities/run.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

/** What the runs of one workspace left behind. */
export const leftoverStore = (table: Table, scope: WorkspaceScope) => ({
  list: async (runId: string): Promise<Leftover[]> => {
    const items = await table.query(keys.leftovers(scope, runId));
    return items.map((item) => leftoverSchema.parse(item));
  },

  setState: async (
    runId: string,
    leftovers: Leftover[],
    state: Leftover['state'],
    stateAt: string,
  ): Promise<void> => {
    for (let start = 0; start < leftovers.length; start += 100) {
      const part = leftovers.slice(start, start + 100);
      await table.write(
        part.map((one) => ({
          update: keys.leftover(scope, runId, one.id),
          set: { state, stateAt },
          if: { exists: true },
        })),
      );
    }
  },
});

/** Writes that put leftovers on record. */
export const recordLeftovers = (scope: WorkspaceScope, runId: string, leftovers: Leftover[]): Write[] =>
  leftovers.map((leftover) => ({
    put: {
      ...keys.leftover(scope, runId, leftover.id),
      row: 'leftover',
      runId,
      workspaceId: scope.workspaceId,
      ...leftover,
    },
  }));
