import { randomUUID } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { RemovalRequest, WorkflowInput } from '../contracts/workflow.ts';

/**
 * Wakes the dispatcher for a pool. Every wake-up has an id of its own: SQS would swallow one that looks like another
 * of the last five minutes.
 */
export const wakeDispatcher = async (sqs: SQSClient, queueUrl: string, poolId: string): Promise<void> => {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: JSON.stringify({ poolId }),
      MessageGroupId: poolId,
      MessageDeduplicationId: randomUUID(),
    }),
  );
};

const post = async (sqs: SQSClient, queueUrl: string, request: object): Promise<void> => {
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(request) }));
};

/** Asks for a look in the customer's account for what a run left, and for its deletion. */
export const requestSweep = (sqs: SQSClient, queueUrl: string, request: WorkflowInput): Promise<void> =>
  post(sqs, queueUrl, request);

/** Asks for a step of the removal of a workspace. */
export const requestRemoval = (sqs: SQSClient, queueUrl: string, request: RemovalRequest): Promise<void> =>
  post(sqs, queueUrl, request);
