import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler } from '../../../shared/runtime/logger.ts';
import { socketSender } from '../../../shared/runtime/socket-sender.ts';
import { callLimits } from '../../../shared/store/call-limits.ts';
import { resourceFiles } from '../../../shared/store/resource-files.ts';
import { openTable } from '../../../shared/store/table.ts';
import { publishBatch } from './publish-batch.ts';
import { publisher } from './publisher.ts';
import { type RowChange, rowOf } from './row-change.ts';

const environment = loadEnvironment(functionEnvironments['events/publish-changes']);
const publish = publisher(environment, {
  sqs: new SQSClient(callLimits),
  events: new EventBridgeClient(callLimits),
});
const outlets = {
  publish,
  files: resourceFiles(environment.RESOURCES_BUCKET),
  sockets: {
    traffic: openTable(environment.TRAFFIC_TABLE),
    send: socketSender(environment.SOCKET_CALLBACK_URL),
  },
};

/**
 * The outbox: what was committed to the core table is told to sockets, bus and queues, in the order of each row. A
 * record that cannot be published is parked on a queue for a person to look at.
 */
export const handler = backgroundHandler(
  (event: DynamoDBStreamEvent): Promise<void> =>
    publishBatch(event.Records, outlets, { read, park: publish.park, flush: publish.flush }),
);

function read(record: DynamoDBRecord): RowChange {
  const { dynamodb } = record;
  publish.about(record);
  return { before: rowOf(dynamodb?.OldImage), after: rowOf(dynamodb?.NewImage) };
}
