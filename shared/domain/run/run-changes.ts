import type { StoredRun } from '../../contracts/stored-run.ts';

/**
 * The life of a run: Queued → Running → Succeeded | Failed | Stopped, forwards only. Each function of this folder that
 * moves it on takes a run and answers what to change of it; the store writes that under the run's `rev`.
 */
export type RunChanges = Partial<Omit<StoredRun, 'id' | 'workspaceId' | 'rev' | 'number'>>;
