import { SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { removeWorkspace } from '../../../shared/actions/remove-workspace.ts';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { removalRequestSchema } from '../../../shared/contracts/workflow.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { now } from '../../../shared/runtime/ids.ts';
import { backgroundHandler, logger } from '../../../shared/runtime/logger.ts';
import { requestRemoval } from '../../../shared/runtime/queues.ts';
import { callLimits } from '../../../shared/store/call-limits.ts';
import { openTable } from '../../../shared/store/table.ts';
import { workspaceFiles } from '../../../shared/store/workspace-files.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';

const environment = loadEnvironment(functionEnvironments['events/remove-workspaces']);
const remover = {
  core: openTable(environment.CORE_TABLE),
  traffic: openTable(environment.TRAFFIC_TABLE),
  files: workspaceFiles({ runs: environment.RUNS_BUCKET, resources: environment.RESOURCES_BUCKET }),
  now,
};
const sqs = new SQSClient(callLimits);

/** A step is short, so that several workspaces get on side by side and a local machine is not held up. */
const STEP_MS = 3000;

/** Removes what is in a deleted workspace, step by step: a step that is not the last one asks for the next. */
export const handler = backgroundHandler(async (event: SQSEvent): Promise<void> => {
  for (const record of event.Records) {
    const { workspaceId } = removalRequestSchema.parse(JSON.parse(record.body));
    const until = Date.now() + STEP_MS;
    const progress = await removeWorkspace(remover, scopeTo(workspaceId), () => Date.now() < until);
    logger.info('removed a part of a workspace', { workspaceId, progress });
    if (progress === 'go-on') await requestRemoval(sqs, environment.REMOVALS_QUEUE_URL, { workspaceId });
  }
});
