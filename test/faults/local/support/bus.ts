/** What subscribers of the bus are told: a queue of the test's own behind a rule for all events. */
import { randomBytes } from 'node:crypto';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { awsSettings, deployedFunction } from '../../../integration/inside.ts';

const eventSchema = z.object({
  'detail-type': z.string(),
  detail: z.looseObject({ runId: z.string().optional(), rev: z.number().optional() }),
});
export type HeardEvent = { type: string; runId: string | undefined; rev: number | undefined };

export const listenToBus = async () => {
  const { environment } = await deployedFunction('PublishChangesFunction');
  const EventBusName = environment['EVENT_BUS_NAME'] ?? '';
  const name = `faults-${randomBytes(4).toString('hex')}`;
  const sqs = new SQSClient(awsSettings());
  const events = new EventBridgeClient(awsSettings());
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const asked = { QueueUrl, AttributeNames: ['QueueArn' as const] };
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand(asked));
  const EventPattern = JSON.stringify({ source: ['goldsmith'] });
  await events.send(new PutRuleCommand({ Name: name, EventBusName, EventPattern }));
  const target = { Id: name, Arn: Attributes['QueueArn'] ?? '' };
  await events.send(new PutTargetsCommand({ Rule: name, EventBusName, Targets: [target] }));
  const heard: HeardEvent[] = [];

  /** Takes from the queue what has come since the last look. */
  const listen = async (): Promise<void> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    for (const { Body = '', ReceiptHandle } of Messages) {
      const { 'detail-type': type, detail } = eventSchema.parse(JSON.parse(Body));
      heard.push({ type, runId: detail.runId, rev: detail.rev });
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
    if (Messages.length > 0) await listen();
  };
  return {
    /** All events of a run so far, in the order in which they came. */
    of: async (runId: string): Promise<HeardEvent[]> => {
      await listen();
      return heard.filter((event) => event.runId === runId);
    },
  };
};
export type Bus = Awaited<ReturnType<typeof listenToBus>>;
