import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import * as z from 'zod';
import { functionEnvironments } from '../../../shared/contracts/env/index.ts';
import { loadEnvironment } from '../../../shared/runtime/environment.ts';
import { backgroundHandler, logger } from '../../../shared/runtime/logger.ts';
import { socketSender } from '../../../shared/runtime/socket-sender.ts';
import { resourceFiles } from '../../../shared/store/resource-files.ts';
import { openTable } from '../../../shared/store/table.ts';
import { upgraded } from '../../../shared/store/upgrade.ts';
import { publishChange } from './publish-change.ts';
import { publisher } from './publisher.ts';
import { rowSchema } from './row-change.ts';

const environment = loadEnvironment(functionEnvironments['events/publish-changes']);
const publish = publisher(environment, { sqs: new SQSClient({}), events: new EventBridgeClient({}) });
const outlets = {
  publish,
  files: resourceFiles(environment.RESOURCES_BUCKET),
  sockets: {
    traffic: openTable(environment.TRAFFIC_TABLE),
    send: socketSender(environment.SOCKET_CALLBACK_URL),
  },
};

const imageSchema = z.custom<Record<string, AttributeValue>>(
  (value) => typeof value === 'object' && value !== null,
);

const rowOf = (image: unknown) => {
  const parsed = imageSchema.safeParse(image);
  return parsed.success ? rowSchema.parse(upgraded(unmarshall(parsed.data))) : undefined;
};

/**
 * The outbox: what was committed to the core table is told to sockets, bus and queues, in the order of each row. A
 * record that cannot be published is parked on a queue, so that it never holds up the ones behind it.
 */
export const handler = backgroundHandler(async (event: DynamoDBStreamEvent): Promise<void> => {
  for (const record of event.Records) {
    try {
      await publishRecord(record);
    } catch (error) {
      logger.error('a change was parked', { error, sequence: record.dynamodb?.SequenceNumber });
      await publish.park(record);
    }
  }
  await publish.flush();
});

const publishRecord = ({ dynamodb }: DynamoDBRecord): Promise<void> =>
  publishChange({ before: rowOf(dynamodb?.OldImage), after: rowOf(dynamodb?.NewImage) }, outlets);
