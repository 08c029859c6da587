import { type Leftover, leftoverSchema } from '../contracts/entities/run.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';
import type { WorkspaceScope } from './workspace-scope.ts';
import type { Write } from './write.ts';

/** A transaction takes 100 writes; there is room for those of the caller. */
const AT_ONCE = 90;

/** What the runs of one workspace left behind. */
export const leftoverStore = (table: Table, scope: WorkspaceScope) => ({
  list: async (runId: string): Promise<Leftover[]> => {
    const items = await table.query(keys.leftovers(scope, runId));
    return items.map((item) => leftoverSchema.parse(item));
  },

  /** `more`: writes of the same transaction as the first of them; none when there is nothing to set. */
  setState: async (
    runId: string,
    leftovers: Leftover[],
    { state, at: stateAt, more = [] }: { state: Leftover['state']; at: string; more?: Write[] },
  ): Promise<void> => {
    for (let start = 0; start < leftovers.length; start += AT_ONCE) {
      const marks = leftovers.slice(start, start + AT_ONCE).map(
        (one): Write => ({
          update: keys.leftover(scope, runId, one.id),
          set: { state, stateAt },
          if: { exists: true },
        }),
      );
      await table.write(start === 0 ? [...marks, ...more] : marks);
    }
  },
});

/** Writes that change the state of leftovers on record. */
export const restateLeftovers = (scope: WorkspaceScope, runId: string, leftovers: Leftover[]): Write[] =>
  leftovers.map(({ id, state, stateAt, detail }) => ({
    update: keys.leftover(scope, runId, id),
    set: { state, stateAt, detail },
    ...(detail === undefined ? { remove: ['detail'] } : {}),
    if: { exists: true },
  }));

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
