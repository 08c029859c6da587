import { SFNClient } from '@aws-sdk/client-sfn';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { now } from '../../../shared/runtime/ids.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { socketSender } from '../../../shared/runtime/socket-sender.ts';
import { workflowStarter } from '../../../shared/runtime/start-workflow.ts';
import { openTable } from '../../../shared/store/table.ts';
import { dispatch, type Dispatching } from './dispatch.ts';
import { callLimits } from '../../../shared/store/call-limits.ts';

const environment = loadEnvironment(functionEnvironments['events/dispatch-runs']);
const dispatching: Dispatching = {
  core: openTable(environment.CORE_TABLE),
  traffic: openTable(environment.TRAFFIC_TABLE),
  send: socketSender(environment.SOCKET_CALLBACK_URL),
  now,
  pools: environment.RUNNER_POOLS,
  workspaceLimit: environment.WORKSPACE_LIMIT,
  startWorkflow: workflowStarter(environment.STATE_MACHINE_ARN, new SFNClient(callLimits)),
};

/** Wake-ups: some pool has something to do or something free. Those that fail come again, alone. */
export const handler = backgroundHandler(async (event: SQSEvent): Promise<SQSBatchResponse> => {
  const messages = event.Records.map(({ messageId, body }) => ({ id: messageId, body }));
  const again = await dispatch(dispatching, messages);
  return { batchItemFailures: again.map((itemIdentifier) => ({ itemIdentifier })) };
});
