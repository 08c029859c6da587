import { ChangeMessageVisibilityBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { bringBackSoon } from '../../../../functions/events/dispatch-runs/bring-back-soon.ts';

const failedOf = (deliveries: number) => ({ receiptHandle: `handle-${deliveries}`, deliveries });

/** A queue that notes what it is told. */
const queueThat = (answers: () => unknown) => {
  const told: unknown[] = [];
  const send: SQSClient['send'] = async (command: unknown) => {
    if (command instanceof ChangeMessageVisibilityBatchCommand) told.push(command.input);
    return answers();
  };
  return { told, sqs: { send } };
};

describe('wake-ups that failed (F12, F38)', () => {
  test('come again after 5, 10, 20 and 40 s', async () => {
    const { told, sqs } = queueThat(() => ({}));
    await bringBackSoon(sqs, 'queue', [1, 2, 3, 4].map(failedOf));
    expect(told).toEqual([
      {
        QueueUrl: 'queue',
        Entries: [5, 10, 20, 40].map((VisibilityTimeout, place) => ({
          Id: String(place),
          ReceiptHandle: `handle-${place + 1}`,
          VisibilityTimeout,
        })),
      },
    ]);
  });

  test('are not told of when there are none', async () => {
    const { told, sqs } = queueThat(() => ({}));
    await bringBackSoon(sqs, 'queue', []);
    expect(told).toEqual([]);
  });

  test.each([
    ['refuses some', () => ({ Failed: [{ Id: '0', Code: 'ReceiptHandleIsInvalid', SenderFault: true }] })],
    ['cannot be reached', () => Promise.reject(new Error('no route'))],
  ])('stay failed when the queue %s: they come again late', async (_what, answers) => {
    const { sqs } = queueThat(answers);
    await expect(bringBackSoon(sqs, 'queue', [failedOf(1)])).resolves.toBeUndefined();
  });
});
