import type { StoredRun } from '../contracts/stored-run.ts';
import { buildMayGoOn } from '../domain/run/next-look.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import { changeRun } from './change-run.ts';
import type { Engine } from './engine.ts';

/**
 * Tells the build of a run that has ended to end as well, and notes that it was told. Of a run whose runner has said its
 * last word there is none. Throws what `stop` throws: then the reconciler asks again within a minute.
 */
export const endBuild = async (
  { core, now }: Pick<Engine, 'core' | 'now'>,
  scope: WorkspaceScope,
  run: StoredRun,
  stop: (buildId: string) => Promise<unknown>,
): Promise<void> => {
  if (!buildMayGoOn(run) || run.buildId === undefined) return;
  await stop(run.buildId);
  await changeRun(core, scope, run.id, (current) =>
    buildMayGoOn(current) ? { changes: { buildStoppedAt: now() } } : undefined,
  );
};
