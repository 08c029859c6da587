import { randomUUID } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { AccountSweep, RemovalRequest, WakeUp, WorkflowInput } from '../contracts/workflow.ts';

type Queues = Pick<SQSClient, 'send'>;

/**
 * Wakes the dispatcher. Every wake-up has an id of its own: SQS would swallow one that looks like another of the last
 * five minutes. `group`: wake-ups of one group come one after the other, and wait for one that failed.
 */
const wake = async (sqs: Queues, queueUrl: string, wakeUp: WakeUp, group: string): Promise<void> => {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: JSON.stringify(wakeUp),
      MessageGroupId: group,
      MessageDeduplicationId: randomUUID(),
    }),
  );
};

/** Wakes the dispatcher for a pool. */
export const wakeDispatcher = (sqs: Queues, queueUrl: string, poolId: string): Promise<void> =>
  wake(sqs, queueUrl, { poolId }, poolId);

/** The same from the reconciler, past a wake-up of the pool that failed and keeps the others waiting. */
export const wakeDispatcherAgain = (sqs: Queues, queueUrl: string, poolId: string): Promise<void> =>
  wake(sqs, queueUrl, { poolId }, `reconcile-${poolId}`);

/** Wakes the dispatcher for the pools in which a workspace has runs, but for those that are woken anyway. */
export const wakeForWorkspace = (
  sqs: Queues,
  queueUrl: string,
  workspaceId: string,
  except: string[],
): Promise<void> => wake(sqs, queueUrl, { workspaceId, except }, workspaceId);

const post = async (sqs: Queues, queueUrl: string, request: object): Promise<void> => {
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(request) }));
};

/** Asks for a look in the customer's account for what a run left, and for its deletion. */
export const requestSweep = (sqs: Queues, queueUrl: string, request: WorkflowInput): Promise<void> =>
  post(sqs, queueUrl, request);

/** Asks for a look through the account of a connection. */
export const requestAccountSweep = (sqs: Queues, queueUrl: string, request: AccountSweep): Promise<void> =>
  post(sqs, queueUrl, request);

/** Asks for a step of the removal of a workspace. */
export const requestRemoval = (sqs: Queues, queueUrl: string, request: RemovalRequest): Promise<void> =>
  post(sqs, queueUrl, request);
