import { randomUUID } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** Makes up for a lost wake-up: the dispatcher looks at the pool at least once a minute. */
export const wakeDispatcher = async (sqs: SQSClient, QueueUrl: string, poolId: string): Promise<void> => {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl,
      MessageBody: JSON.stringify({ poolId }),
      MessageGroupId: poolId,
      MessageDeduplicationId: randomUUID(),
    }),
  );
};
