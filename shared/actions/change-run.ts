import type { StoredRun } from '../contracts/stored-run.ts';
import type { RunChanges } from '../domain/run/lifecycle.ts';
import { contended } from '../store/retry.ts';
import { type ChangeOptions, runStore } from '../store/run-store.ts';
import type { Table } from '../store/table.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';

/** What to change of a run as it stands, or undefined to leave it. */
export type Decision = { changes: RunChanges; options?: ChangeOptions } | undefined;

/** A run that is not there: it was deleted, or never was. */
export class RunGone extends Error {
  constructor(runId: string) {
    super(`there is no run ${runId}`);
    this.name = 'RunGone';
  }
}

/**
 * Reads a run, lets `decide` look at it and writes what it decides; when somebody was faster, from the start. Answers
 * the run as it is then. Throws RunGone.
 */
export const changeRun = (
  core: Table,
  scope: WorkspaceScope,
  runId: string,
  decide: (run: StoredRun) => Decision,
): Promise<StoredRun> => {
  const runs = runStore(core, scope);
  return contended(
    async () => {
      const run = await runs.get(runId);
      if (run === undefined) throw new RunGone(runId);
      const decision = decide(run);
      return decision === undefined ? run : runs.change(run, decision.changes, decision.options);
    },
    undefined,
    core.clock,
  );
};
