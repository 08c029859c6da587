import { SFNClient } from '@aws-sdk/client-sfn';
import type { SQSEvent } from 'aws-lambda';
import { admitRuns } from '../../../shared/actions/admit-runs.ts';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { wakeUpSchema } from '../../../shared/contracts/workflow.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { now } from '../../../shared/runtime/ids.ts';
import { backgroundHandler, logger } from '../../../shared/runtime/logger.ts';
import { workflowStarter } from '../../../shared/runtime/start-workflow.ts';
import { openTable } from '../../../shared/store/table.ts';

const environment = loadEnvironment(functionEnvironments['events/dispatch-runs']);
const core = openTable(environment.CORE_TABLE);
const startWorkflow = workflowStarter(environment.STATE_MACHINE_ARN, new SFNClient({}));

/** A wake-up: some pool has something to do or something free. Several in one batch are one look. */
export const handler = backgroundHandler(async (event: SQSEvent): Promise<void> => {
  const pools = new Set(event.Records.map((record) => wakeUpSchema.parse(JSON.parse(record.body)).poolId));
  for (const id of pools) {
    const limit = environment.RUNNER_POOLS.find((one) => one.id === id)?.maxConcurrentRuns ?? 0;
    const pool = { id, limit, workspaceLimit: environment.WORKSPACE_LIMIT };
    const started = await admitRuns({ core, now }, pool, startWorkflow);
    if (started.length > 0) logger.info('runs started', { poolId: id, runIds: started.map((run) => run.id) });
  }
});
