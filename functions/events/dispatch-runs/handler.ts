import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { now } from '../../../shared/runtime/ids.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { socketSender } from '../../../shared/runtime/socket-sender.ts';
import { workflowStarter } from '../../../shared/runtime/start-workflow.ts';
import { callLimits } from '../../../shared/store/call-limits.ts';
import { openTable } from '../../../shared/store/table.ts';
import { bringBackSoon } from './bring-back-soon.ts';
import { dispatch, type Dispatching } from './dispatch.ts';

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

const sqs = new SQSClient(callLimits);

/** Wake-ups: some pool has something to do or something free. Those that fail come again, alone. */
export const handler = backgroundHandler(async (event: SQSEvent): Promise<SQSBatchResponse> => {
  const messages = event.Records.map(({ messageId, body }) => ({ id: messageId, body }));
  const again = new Set(await dispatch(dispatching, messages));
  const failed = event.Records.filter(({ messageId }) => again.has(messageId));
  await bringBackSoon(
    sqs,
    environment.DISPATCH_QUEUE_URL,
    failed.map(({ receiptHandle, attributes }) => ({
      receiptHandle,
      deliveries: Number(attributes.ApproximateReceiveCount),
    })),
  );
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
});
