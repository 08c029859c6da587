import { recordExecution, type StartWorkflow } from '../../../shared/actions/admit-runs.ts';
import { changeRun } from '../../../shared/actions/change-run.ts';
import { buildAgain, type BuildStarter, postpone, startBuild } from '../../../shared/actions/start-build.ts';
import { type Finishing, finishRun } from '../../../shared/actions/finish-run.ts';
import { endBuild } from '../../../shared/actions/end-build.ts';
import { requestStop } from '../../../shared/actions/request-stop.ts';
import { type Verifying, verifyImage } from '../../../shared/actions/verify-image.ts';
import type { StoredRun, Verdict } from '../../../shared/contracts/stored-run.ts';
import type { WorkflowInput } from '../../../shared/contracts/workflow.ts';
import { hasEnded } from '../../../shared/domain/run/lifecycle.ts';
import {
  buildMayGoOn,
  DEADLINE_PATIENCE_MS,
  LONGEST_STOP_MS,
  STOP_PATIENCE_MS,
} from '../../../shared/domain/run/next-look.ts';
import { isTidyingDue } from '../../../shared/domain/run/tidying.ts';
import {
  isBuildOver,
  isStopBeforeRunner,
  isUnderWay,
  wantsBuild,
} from '../../../shared/domain/run/build-start.ts';
import { failureOf } from '../../../shared/domain/triage/classify.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import type { EndedBuild } from '../../../shared/runtime/cloud-builds.ts';
import type { Workflows } from './workflows.ts';

export type Builds = {
  /** How a build has ended; undefined while it runs. */
  ended: (id: string) => EndedBuild | undefined;
  stop: (id: string) => Promise<void>;
};

export type Repair = Finishing &
  Verifying &
  BuildStarter & {
    builds: Builds;
    workflows: Workflows;
    startWorkflow: StartWorkflow;
    /** Asks for what is to be done in the customer's account: a sweep, a second look, a reminder. */
    sweep: (request: WorkflowInput) => Promise<unknown>;
  };

const since = (time: string | undefined, now: string): number =>
  time === undefined ? -1 : Date.parse(now) - Date.parse(time);

/**
 * Looks at one run that is Running and was not heard of lately, and does the one thing that brings it on. Answers in
 * a few words what that was.
 */
export const repairRun = async (repair: Repair, due: StoredRun): Promise<string> => {
  if (due.status !== 'Running') return lookAtEnded(repair, due);
  if (due.executionArn === undefined) {
    await recordExecution(repair, due, repair.startWorkflow);
    return 'started its workflow';
  }
  const workflow = await repair.workflows.stateOf(due.executionArn);
  const run = workflow === 'aborted' ? await stopAsOperator(repair, due) : due;
  if (workflow !== 'running' && !isUnderWay(run)) {
    // First: a platform that does not answer takes all the time there is, and the next minute is for others.
    await putOff(repair, run);
    await conclude(repair, run);
    return 'finished it in place of its workflow';
  }
  const done = await nudge(repair, run);
  await putOff(repair, run);
  return done;
};

/** Somebody who may stop executions did so: that is a stop of the run, and its runner hears of it (F21). */
const stopAsOperator = (repair: Repair, { workspaceId, id: runId }: StoredRun) =>
  requestStop(repair, scopeTo(workspaceId), { runId, by: 'operator' });

/** What an ended run may still have: a build that nobody told to end, and things in the customer's account. */
const lookAtEnded = async (repair: Repair, run: StoredRun): Promise<string> => {
  const done: string[] = [];
  if (buildMayGoOn(run)) {
    const hasEndedToo = run.buildId === undefined || repair.builds.ended(run.buildId) !== undefined;
    const stop = hasEndedToo ? async () => {} : repair.builds.stop;
    done.push(await tellBuild(() => endBuild(repair, scopeTo(run.workspaceId), run, stop)));
  }
  if (isTidyingDue(run, Date.parse(repair.now()))) {
    await repair.sweep({ workspaceId: run.workspaceId, runId: run.id });
    done.push('asked for a look at what it left');
  }
  if (done.length === 0) return 'nothing: it has ended';
  await putOff(repair, run);
  return done.join(', ');
};

/** What CodeBuild does not hear, as of a project that is gone, holds up nothing else; it is told again for a day. */
const tellBuild = async (tell: () => Promise<void>): Promise<string> => {
  try {
    await tell();
    return 'told its build to end';
  } catch (error) {
    return `its build could not be told to end (${error instanceof Error ? error.name : 'unknown'})`;
  }
};

/** Any write sets the next look. */
const putOff = (repair: Repair, run: StoredRun) =>
  changeRun(repair.core, scopeTo(run.workspaceId), run.id, (current) =>
    current.status === run.status ? { changes: {} } : undefined,
  );

/**
 * Between looks for an image that the platform does not show yet. The reconciler ends before the minute is over, and so
 * must these; it first looks half a minute after the runner's last word.
 */
const PAUSES_MS = [500, 1000, 2000, 5000, 15_000];

/** The workflow is gone: what it would have done is done here, unless its last act was to end the run. */
const conclude = async (repair: Repair, seen: StoredRun): Promise<void> => {
  const scope = scopeTo(seen.workspaceId);
  const run = (await runStore(repair.core, scope).get(seen.id)) ?? seen;
  if (hasEnded(run)) return;
  const { completion } = run;
  const verifying = { ...repair, pausesMs: PAUSES_MS };
  const judged = completion === undefined ? run : await verifyImage(verifying, scope, { ...run, completion });
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
    await wakeAgain(repair, run, { taskToken, outcome: 'completed' });
    return 'told its workflow again that the build is complete';
  }
  if (run.verdict !== undefined || isStopBeforeRunner(run)) {
    await wakeAgain(repair, run, { taskToken, outcome: 'lost' });
    return 'told its workflow again that nothing is to be built';
  }
  if (wantsBuild(run, repair.now())) return `started its build: ${await startAgain(repair, run)}`;
  const ended = buildId === undefined ? undefined : repair.builds.ended(buildId);
  if (ended !== undefined) return afterLostBuild(repair, run, ended);
  if (run.lease === undefined && run.claim !== undefined && run.claim.until < repair.now()) {
    const message = 'No runner claimed the run in time.';
    return giveUp(repair, run, failureOf('runner-not-started', { message }));
  }
  return endWhatOverstays(repair, run);
};

/** Verify and Finish take minutes at most; a workflow that was deaf for longer waits for another token than the run's. */
const DEAF_MS = 15 * 60_000;

type WakeUp = { taskToken: string; outcome: 'completed' | 'lost' };

/**
 * Two tries of the Build state may be at work at once, and the token of the earlier one be left last: nobody can end
 * that state then, so what comes after it is done here.
 */
const wakeAgain = async (repair: Repair, run: StoredRun, { taskToken, outcome }: WakeUp): Promise<void> => {
  if ((await repair.workflows.wake(taskToken, outcome)) !== 'deaf') return;
  const deafSince = repair.now();
  if (since(run.deafSince, deafSince) > DEAF_MS) return conclude(repair, run);
  await changeRun(repair.core, scopeTo(run.workspaceId), run.id, (current) =>
    hasEnded(current) || current.deafSince !== undefined ? undefined : { changes: { deafSince } },
  );
};

const startAgain = async (repair: Repair, run: StoredRun): Promise<string> => {
  const start = await startBuild(repair, scopeTo(run.workspaceId), run.id);
  const isOver = start === 'over' || start === 'refused';
  if (isOver && run.taskToken !== undefined) await repair.workflows.wake(run.taskToken, 'lost');
  return start;
};

/**
 * A build that ended without a word: another one, as long as no image can be made twice by that; else the end. One that
 * waited in CodeBuild's queue until its time was up never was a try (F17).
 */
const afterLostBuild = async (
  repair: Repair,
  run: StoredRun,
  { status, inQueue }: EndedBuild,
): Promise<string> => {
  if (inQueue && run.lease === undefined && !isBuildOver(run)) {
    await postpone(repair, scopeTo(run.workspaceId), run, { isFull: true });
    return 'put its build off: there was no room';
  }
  const why = `The build ended (${status}) before it had reached Packer`;
  if (!(await buildAgain(repair, scopeTo(run.workspaceId), run, why)))
    return giveUp(repair, run, lostBuild(run, status));
  return `started another build: ${await startAgain(repair, run)}`;
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

/** A runner that is heard of carries the stop out, and may have many lines to hand over before it says so. */
const isDeafToStop = ({ stopRequestedAt, lease }: StoredRun, now: string): boolean => {
  const silence = Math.min(since(stopRequestedAt, now), lease ? since(lease.lastHeardAt, now) : Infinity);
  return silence > STOP_PATIENCE_MS || since(stopRequestedAt, now) > LONGEST_STOP_MS;
};

const endWhatOverstays = async (repair: Repair, run: StoredRun): Promise<string> => {
  const now = repair.now();
  const late = since(run.deadlineAt, now) > DEADLINE_PATIENCE_MS;
  if (isDeafToStop(run, now) || late) {
    const message = 'The build did not end by itself after its time was up.';
    const done = await giveUp(repair, run, failureOf('run-timed-out', { message }));
    if (run.buildId !== undefined) await repair.builds.stop(run.buildId);
    return done;
  }
  return 'nothing: its build goes on';
};
