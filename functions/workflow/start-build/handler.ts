import { CodeBuildClient, StartBuildCommand } from '@aws-sdk/client-codebuild';
import { SendTaskFailureCommand, SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { changeRun } from '../../../shared/actions/change-run.ts';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import type { StoredRun } from '../../../shared/contracts/stored-run.ts';
import { startBuildInputSchema } from '../../../shared/contracts/workflow.ts';
import { sha256 } from '../../../shared/domain/sha256.ts';
import { failureOf } from '../../../shared/domain/triage/classify.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { newSecret } from '../../../shared/runtime/ids.ts';
import { backgroundHandler, logger } from '../../../shared/runtime/logger.ts';
import { openTable } from '../../../shared/store/table.ts';
import { scopeTo, type WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

const environment = loadEnvironment(functionEnvironments['workflow/start-build']);
const core = openTable(environment.CORE_TABLE);
const codebuild = new CodeBuildClient({});
const states = new SFNClient({});

/** Our own queue admits only what has a slot, so CodeBuild's queue is all but empty; 30 minutes there is an error. */
const QUEUED_MINUTES = 30;
/** The one-time token lives as long as the build may wait, and 15 minutes (architecture section 5). */
const CLAIM_MINUTES = QUEUED_MINUTES + 15;
/** CodeBuild ends the build this long after the run's own deadline: the runner needs the time to clean up. */
const GRACE_MINUTES = 20;

/**
 * Starts the CodeBuild build of a run and leaves the task token with the run; the agent API gives it back when the
 * runner completes. It never throws: an error here would otherwise wait for the time-out of the state.
 */
export const handler = backgroundHandler(async (event: unknown): Promise<void> => {
  const { workspaceId, runId, taskToken } = startBuildInputSchema.parse(event);
  try {
    await startBuild(scopeTo(workspaceId), runId, taskToken);
  } catch (error) {
    logger.error('the build did not start', { runId, error });
    try {
      await noteFailure(scopeTo(workspaceId), runId, error instanceof Error ? error.name : 'unknown');
    } finally {
      await states.send(new SendTaskFailureCommand({ taskToken, error: 'BuildNotStarted' }));
    }
  }
});

const startBuild = async (scope: WorkspaceScope, runId: string, taskToken: string): Promise<void> => {
  const token = newSecret();
  const until = new Date(Date.now() + CLAIM_MINUTES * 60_000).toISOString();
  const claim = { tokenSha256: sha256(token), until };
  const run = await changeRun(core, scope, runId, (current) =>
    mayStart(current) ? { changes: { taskToken, claim, phase: 'provisioning' } } : undefined,
  );
  if (!mayStart(run)) {
    await states.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    return;
  }
  const answer = await codebuild.send(new StartBuildCommand(buildOf(run, token)));
  const buildId = answer.build?.id;
  await changeRun(core, scope, runId, (current) =>
    current.status === 'Running' && buildId !== undefined ? { changes: { buildId } } : undefined,
  );
};

const mayStart = (run: StoredRun): boolean =>
  run.status === 'Running' && run.stopRequestedAt === undefined && run.lease === undefined;

const buildOf = (run: StoredRun, token: string) => {
  const text = (name: string, value: string) => ({ name, value, type: 'PLAINTEXT' as const });
  return {
    projectName: environment.BUILD_PROJECT,
    // One a try: the SDK's own retries must not start two builds. A build of an earlier try finds its claim replaced.
    idempotencyToken: sha256(token),
    timeoutInMinutesOverride: Math.ceil(run.timeoutSeconds / 60) + GRACE_MINUTES,
    queuedTimeoutInMinutesOverride: QUEUED_MINUTES,
    environmentVariablesOverride: [
      text('GOLDSMITH_API_URL', environment.API_URL),
      text('GOLDSMITH_WORKSPACE_ID', run.workspaceId),
      text('GOLDSMITH_RUN_ID', run.id),
      // Good once, for one run, and for nothing but to claim it.
      text('GOLDSMITH_CLAIM_TOKEN', token),
    ],
  };
};

const noteFailure = async (scope: WorkspaceScope, runId: string, why: string): Promise<void> => {
  const failure = failureOf('runner-not-started', { message: `The build could not be started: ${why}` });
  await changeRun(core, scope, runId, (run) =>
    run.verdict === undefined ? { changes: { verdict: { outcome: 'failed', failure } } } : undefined,
  );
};
