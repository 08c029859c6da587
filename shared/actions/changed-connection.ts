import { isDeepStrictEqual } from 'node:util';
import { connectionStored } from '../contracts/entities/connection.ts';
import type { StoredRun, Verdict } from '../contracts/stored-run.ts';
import type { ErrorId } from '../domain/triage/catalogue.ts';
import { entityStore } from '../store/entity-store.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import type { Engine } from './engine.ts';
import { snapshotOf } from './platform-access.ts';

/** What a platform says to credentials, or to a role, that were replaced since. */
const REFUSALS: readonly string[] = [
  'credentials-invalid',
  'role-not-assumable',
  'account-disabled',
  'permission-denied',
] satisfies ErrorId[];

const RUN_AGAIN = 'Run again: a new run uses the connection as it is now.';

/**
 * The verdict of a run, which also says when its connection was changed if the platform let the run in no more: a run
 * uses the secrets that it began with, and whoever replaced them may have taken the old ones out of use.
 */
export const namingChange = async (
  engine: Pick<Engine, 'core' | 'files'>,
  scope: WorkspaceScope,
  run: StoredRun,
  verdict: Verdict,
): Promise<Verdict> => {
  if (verdict.outcome !== 'failed' || !REFUSALS.includes(verdict.failure.errorId)) return verdict;
  const change = await changeOf(engine, scope, run);
  if (change === undefined) return verdict;
  const { failure } = verdict;
  const message = `${failure.message} ${change}`;
  return { ...verdict, failure: { ...failure, message, remedy: `${RUN_AGAIN} ${failure.remedy}` } };
};

/** What became of the way in since the run began; undefined: nothing, or nobody can tell, which must not hold up the end. */
const changeOf = async (
  { core, files }: Pick<Engine, 'core' | 'files'>,
  scope: WorkspaceScope,
  run: StoredRun,
): Promise<string | undefined> => {
  try {
    const { connection: then } = await snapshotOf({ files }, run);
    const row = await entityStore(core, scope).get('connection', then.id);
    const now = connectionStored.parse(row);
    if (isDeepStrictEqual(now.settings, then.settings)) return undefined;
    return `The connection ${now.name} was changed at ${minuteOf(now.updatedAt)}, after this run began.`;
  } catch {
    return undefined;
  }
};

/** A moment as people read it in a sentence: `2026-01-02 03:04 UTC`. */
const minuteOf = (timestamp: string): string => `${timestamp.slice(0, 16).replace('T', ' ')} UTC`;
