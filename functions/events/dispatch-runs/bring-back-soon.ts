import { ChangeMessageVisibilityBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { logger } from '../../../shared/runtime/logger.ts';

/** A wake-up that failed, as SQS gave it: the handle of this one delivery, and which delivery it was, from 1. */
export type Failed = { receiptHandle: string; deliveries: number };

/** Before the second delivery, in seconds. What was throttled or lost a race has room again by then. */
const FIRST_PAUSE_SECONDS = 5;

/** 5, 10, 20, 40: the fifth delivery is the last, after 75 s. */
const pauseAfter = (deliveries: number): number => FIRST_PAUSE_SECONDS * 2 ** (Math.max(deliveries, 1) - 1);

/**
 * Lets wake-ups that failed come again soon: the others of their pool wait behind them, and would do so for as long as
 * the queue hides a message whose function may still be at work (35 s). A wake-up that cannot be brought back waits for
 * that long, or for the reconciler, whichever is sooner. Throws nothing.
 */
export const bringBackSoon = async (
  sqs: Pick<SQSClient, 'send'>,
  queueUrl: string,
  failed: Failed[],
): Promise<void> => {
  if (failed.length === 0) return;
  const Entries = failed.map(({ receiptHandle, deliveries }, place) => ({
    Id: String(place),
    ReceiptHandle: receiptHandle,
    VisibilityTimeout: pauseAfter(deliveries),
  }));
  try {
    const answer = await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }));
    if (answer.Failed?.length) logger.warn('wake-ups come again late', { refused: answer.Failed });
  } catch (error) {
    logger.warn('wake-ups come again late', { error });
  }
};
