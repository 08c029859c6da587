import { recordExecution, type StartWorkflow } from '../../../shared/actions/admit-runs.ts';
import { changeRun } from '../../../shared/actions/change-run.ts';
import { type Finishing, finishRun } from '../../../shared/actions/finish-run.ts';
import { type Verifying, verifyImage } from '../../../shared/actions/verify-image.ts';
import type { StoredRun, Verdict } from '../../../shared/contracts/stored-run.ts';
import type { WorkflowInput } from '../../../shared/contracts/workflow.ts';
import { DEADLINE_PATIENCE_MS, hasEnded, STOP_PATIENCE_MS } from '../../../shared/domain/run/lifecycle.ts';
import { failureOf } from '../../../shared/domain/triage/classify.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import type { Builds } from './builds.ts';
import type { Workflows } from './workflows.ts';

export type Repair = Finishing &
  Verifying & {
    builds: Builds;
    workflows: Workflows;
    startWorkflow: StartWorkflow;
    /** Asks for a sweep of what a failed run left. */
    sweep: (request: WorkflowInput) => Promise<unknown>;
  };

const since = (time: string | undefined, now: string): number =>
  time === undefined ? -1 : Date.parse(now) - Date.parse(time);

/**
 * Looks at one run that is Running and was not heard of lately, and does the one thing that brings it on. Answers in
 * a few words what that was.
 */
export const repairRun = async (repair: Repair, run: StoredRun): Promise<string> => {
  if (run.status === 'Failed' && run.sweptAt === undefined) {
    await repair.sweep({ workspaceId: run.workspaceId, runId: run.id });
    await putOff(repair, run);
    return 'asked again for a sweep of what it left';
  }
  if (run.status !== 'Running') return 'nothing: it has ended';
  if (run.executionArn === undefined) {
    await recordExecution(repair, run, repair.startWorkflow);
    return 'started its workflow';
  }
  if (!(await repair.workflows.isRunning(run.executionArn))) {
    await conclude(repair, run);
    return 'finished it in place of its workflow';
  }
  const done = await nudge(repair, run);
  await putOff(repair, run);
  return done;
};

/** Any write sets the next look. */
const putOff = (repair: Repair, run: StoredRun) =>
  changeRun(repair.core, scopeTo(run.workspaceId), run.id, (current) =>
    current.status === run.status ? { changes: {} } : undefined,
  );

/** The workflow is gone: what it would have done is done here, unless its last act was to end the run. */
const conclude = async (repair: Repair, seen: StoredRun): Promise<void> => {
  const scope = scopeTo(seen.workspaceId);
  const run = (await runStore(repair.core, scope).get(seen.id)) ?? seen;
  if (hasEnded(run)) return;
  const { completion, buildId } = run;
  if (completion === undefined && buildId !== undefined && repair.builds.ended(buildId) === undefined) {
    await repair.builds.stop(buildId);
  }
  const judged = completion === undefined ? run : await verifyImage(repair, scope, { ...run, completion });
  const message = 'The workflow of the run ended before the run did.';
  await finishRun(repair, scope, judged, {
    outcome: 'failed',
    failure: failureOf('workflow-lost', { message }),
  });
};

/** The workflow waits. Is it right to wait? */
const nudge = async (repair: Repair, run: StoredRun): Promise<string> => {
  const { taskToken, buildId } = run;
  if (taskToken === undefined) return 'nothing: it is being prepared or finished';
  if (run.completion !== undefined) {
    await repair.workflows.wake(taskToken, 'completed');
    return 'told its workflow again that the build is complete';
  }
  const ended = buildId === undefined ? undefined : repair.builds.ended(buildId);
  if (ended !== undefined) return giveUp(repair, run, lostBuild(run, ended));
  if (run.lease === undefined && run.claim !== undefined && run.claim.until < repair.now()) {
    const message = 'No runner claimed the run in time.';
    return giveUp(repair, run, failureOf('runner-not-started', { message }));
  }
  return endWhatOverstays(repair, run);
};

const lostBuild = (run: StoredRun, status: string) => {
  const step = run.steps.find((one) => one.status === 'running')?.name ?? null;
  return run.lease === undefined
    ? failureOf('runner-not-started', {
        message: `The build ended (${status}) before its runner claimed the run.`,
      })
    : failureOf('runner-lost', {
        message: `The build ended (${status}) without a word of its runner.`,
        step,
      });
};

const giveUp = async (
  repair: Repair,
  run: StoredRun,
  failure: ReturnType<typeof failureOf>,
): Promise<string> => {
  const verdict: Verdict =
    run.stopRequestedAt === undefined ? { outcome: 'failed', failure } : { outcome: 'stopped' };
  const current = await changeRun(repair.core, scopeTo(run.workspaceId), run.id, (latest) =>
    latest.completion === undefined && latest.verdict === undefined ? { changes: { verdict } } : undefined,
  );
  // The runner may have completed between the look and this write; then its word counts.
  const outcome = current.completion === undefined ? 'lost' : 'completed';
  if (run.taskToken !== undefined) await repair.workflows.wake(run.taskToken, outcome);
  return `gave the build up: ${failure.message}`;
};

const endWhatOverstays = async (repair: Repair, run: StoredRun): Promise<string> => {
  const now = repair.now();
  if (run.buildId === undefined) return 'nothing: its build is being started';
  const late = since(run.deadlineAt, now) > DEADLINE_PATIENCE_MS;
  if (since(run.stopRequestedAt, now) > STOP_PATIENCE_MS || late) {
    const message = 'The build did not end by itself after its time was up.';
    const done = await giveUp(repair, run, failureOf('run-timed-out', { message }));
    await repair.builds.stop(run.buildId);
    return done;
  }
  return 'nothing: its build goes on';
};
