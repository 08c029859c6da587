import { sayInLog } from '../../../shared/actions/append-log.ts';
import { changeRun } from '../../../shared/actions/change-run.ts';
import type { Engine } from '../../../shared/actions/engine.ts';
import { identityOf, snapshotOf } from '../../../shared/actions/platform-access.ts';
import { type Judgement, judgeRun, type Preflight } from '../../../shared/actions/preflight.ts';
import { isFailed, type RunCheck, withRemedy } from '../../../shared/actions/run-checks.ts';
import type { UnnumberedLine } from '../../../shared/contracts/entities/log.ts';
import type { Failure } from '../../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import type { TaskResult } from '../../../shared/contracts/workflow.ts';
import { failureOf } from '../../../shared/domain/triage/classify.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { planSweep } from './plan-sweep.ts';

export type Preparing = Engine &
  Preflight & {
    /** Resolves when it is time to look again whether the run is to stop, or when nobody waits for it any more. */
    untilGlance?: (over: AbortSignal) => Promise<unknown>;
  };

/**
 * The first phase of a run: the same checks as before it, each a line of its log, then the job bundle is stored. The
 * first check that fails is the run's failure, before any machine is made, and the workflow goes to Finish. A stop is
 * noticed between the checks. Repeating it gives the same bundle.
 */
export const prepareRun = async (
  engine: Preparing,
  scope: WorkspaceScope,
  runId: string,
): Promise<TaskResult> => {
  const run = await runStore(engine.core, scope).get(runId);
  if (run === undefined || isToStop(run)) return { next: 'finish' };
  if (run.bundle !== undefined) return { next: 'go-on' };
  if (run.verdict !== undefined) return { next: 'finish' };
  try {
    const failure = await unlessStopped(engine, scope, run, (over) => prepare(engine, scope, run, over));
    if (failure === 'stopped') return { next: 'finish' };
    return failure === undefined ? { next: 'go-on' } : await fail(engine, scope, runId, failure);
  } catch (error) {
    logger.error('a run could not be prepared', { runId, error });
    return fail(engine, scope, runId, await explain(engine, scope, runId));
  }
};

/** What `work` answers, or that the run was asked to stop meanwhile: what is still asked of others is not waited for. */
const unlessStopped = async <T>(
  engine: Preparing,
  scope: WorkspaceScope,
  { id: runId }: StoredRun,
  work: (over: AbortSignal) => Promise<T>,
): Promise<T | 'stopped'> => {
  const over = new AbortController();
  const working = work(over.signal);
  // May fail when it is not waited for any more.
  working.catch(() => undefined);
  const stopped = Promise.withResolvers<'stopped'>();
  const watch = async (): Promise<void> => {
    while (engine.untilGlance !== undefined && !over.signal.aborted) {
      await engine.untilGlance(over.signal);
      const run = await runStore(engine.core, scope).get(runId);
      if (run === undefined || isToStop(run)) stopped.resolve('stopped');
    }
  };
  // Without it the run is prepared to the end, and stopped then.
  watch().catch(() => undefined);
  try {
    return await Promise.race([working, stopped.promise]);
  } finally {
    over.abort();
  }
};

const isToStop = (run: StoredRun): boolean => run.status !== 'Running' || run.stopRequestedAt !== undefined;

/** Answers why the run fails; undefined: its job is stored, or nobody waits for it any more (`over`). */
const prepare = async (
  engine: Preparing,
  scope: WorkspaceScope,
  run: StoredRun,
  over: AbortSignal,
): Promise<Failure | undefined> => {
  const snapshot = await snapshotOf(engine, run);
  const judged = await judgeRun(engine, snapshot, identityOf(run, engine.deploymentId));
  if (over.aborted) return undefined;
  for (const error of judged.faults) logger.error('a check could not be made', { runId: run.id, error });
  const checks = judged.checks.map(withRemedy);
  const head = { text: `Run ${run.number} of ${run.imageName}.` };
  const firstSeq = await sayInLog(engine, scope, run.id, [head, ...checks.map(lineOf)]);
  const at = checks.findIndex(isFailed);
  const failed = checks[at];
  if (failed !== undefined) return failureOfCheck(failed, firstSeq + 1 + at);
  await planSweep(engine, scope, snapshot);
  await storeJob(engine, scope, run, { ...judged, connectionId: snapshot.connection.id });
  return undefined;
};

const levels = { pass: 'info', warn: 'warn', fail: 'error' } as const;

/** What a failure's remedy is, the end of the run tells. */
const lineOf = ({ id, status, detail, remedy }: RunCheck): Pick<UnnumberedLine, 'text' | 'level'> => ({
  text: status === 'warn' && remedy !== undefined ? `${id}: ${detail} ${remedy}` : `${id}: ${detail}`,
  level: levels[status],
});

const failureOfCheck = (check: RunCheck, logSeq: number): Failure => {
  const { errorId = 'unclassified', detail, step } = check;
  const failure = failureOf(errorId, { message: detail, logSeq, step: step ?? null });
  return { ...failure, remedy: check.remedy ?? failure.remedy };
};

const storeJob = async (
  { files, core }: Preparing,
  scope: WorkspaceScope,
  { id: runId }: StoredRun,
  { job, baseImage, connectionId }: Judgement & { connectionId: string },
): Promise<void> => {
  if (job === undefined) throw new Error('nothing failed, and there is no job');
  const bundle = await files.putBundle(scope, runId, job.bundle);
  const { buildSite } = job;
  const { plugins } = job.bundle;
  await changeRun(core, scope, runId, (current) =>
    current.status === 'Running' && current.bundle === undefined
      ? { changes: { bundle, baseImage, buildSite, plugins, connectionId } }
      : undefined,
  );
};

const fail = async (
  { core }: Preparing,
  scope: WorkspaceScope,
  runId: string,
  failure: Failure,
): Promise<TaskResult> => {
  const run = await changeRun(core, scope, runId, (current) =>
    current.verdict === undefined && current.bundle === undefined
      ? { changes: { verdict: { outcome: 'failed', failure } } }
      : undefined,
  );
  // Another try has handed the job over, or this one has and did not hear so: then the build decides.
  return { next: run.bundle !== undefined && run.verdict === undefined ? 'go-on' : 'finish' };
};

/** What nobody foresaw; its text stays with us. */
const explain = async (engine: Preparing, scope: WorkspaceScope, runId: string): Promise<Failure> => {
  const message = 'Something went wrong on our side while the run was prepared. Run again.';
  const logSeq = await sayInLog(engine, scope, runId, [{ text: message, level: 'error' }]);
  return failureOf('unclassified', { message, logSeq });
};
