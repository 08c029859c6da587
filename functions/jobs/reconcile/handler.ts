import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { type StoredRun, storedRunSchema } from '../../../shared/contracts/stored-run.ts';
import type { WorkflowInput } from '../../../shared/contracts/workflow.ts';
import { openEngine } from '../../../shared/runtime/engine.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler, logger } from '../../../shared/runtime/logger.ts';
import { requestRemoval, requestSweep, wakeDispatcher } from '../../../shared/runtime/queues.ts';
import { workflowStarter } from '../../../shared/runtime/start-workflow.ts';
import { DUE_RUN } from '../../../shared/store/keys.ts';
import { removalStore } from '../../../shared/store/removal-store.ts';
import type { Item } from '../../../shared/store/table.ts';
import { builds } from './builds.ts';
import { repairRun } from './repair-run.ts';
import { workflows } from './workflows.ts';

const environment = loadEnvironment(functionEnvironments['jobs/reconcile']);
const engine = openEngine(environment);
const sqs = new SQSClient({});
const states = new SFNClient({});
const repair = {
  ...engine,
  builds: builds(new CodeBuildClient({})),
  workflows: workflows(states),
  startWorkflow: workflowStarter(environment.STATE_MACHINE_ARN, states),
  sweep: (request: WorkflowInput) => requestSweep(sqs, environment.LEFTOVERS_QUEUE_URL, request),
};

/** Runs looked at in one go; at a look a minute a run, more than the pools of a deployment hold. */
const MOST_RUNS = 500;
/** Removals of workspaces that are gone on with in one go; the others are still due in a minute. */
const MOST_REMOVALS = 100;

/**
 * Each minute: wakes the dispatcher, goes on with removals of workspaces, and looks at every active run that nobody has
 * heard of for a while. It reads the sparse index of what is due, never all runs.
 */
export const handler = backgroundHandler(async (): Promise<void> => {
  await wakeDispatcher(sqs, environment.DISPATCH_QUEUE_URL, environment.POOL_ID).catch((error: unknown) =>
    logger.error('the dispatcher was not woken', { error }),
  );
  await goOnWithRemovals().catch((error: unknown) =>
    logger.error('removals of workspaces were not gone on with', { error }),
  );
  const due = await engine.core.due(DUE_RUN, engine.now(), MOST_RUNS);
  const runs = (await engine.core.getAll(due)).flatMap(readable);
  await repair.builds.load(runs.flatMap((run) => run.buildId ?? []));
  for (const run of runs) {
    try {
      const done = await repairRun(repair, run);
      logger.info('looked at a run', { runId: run.id, done });
    } catch (error) {
      logger.error('a run could not be repaired', { runId: run.id, error });
    }
  }
});

/** A removal that waited long enough, or whose message was lost. */
const goOnWithRemovals = async (): Promise<void> => {
  for (const { workspaceId } of await removalStore(engine.core).due(engine.now(), MOST_REMOVALS))
    await requestRemoval(sqs, environment.REMOVALS_QUEUE_URL, { workspaceId });
};

/** A row that cannot be read is our fault to find, and no reason to leave the others alone. */
const readable = (item: Item): StoredRun[] => {
  const parsed = storedRunSchema.safeParse(item);
  if (!parsed.success)
    logger.error('a run cannot be read', { pk: item['pk'], sk: item['sk'], error: parsed.error });
  return parsed.success ? [parsed.data] : [];
};
