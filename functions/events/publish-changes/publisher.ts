import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBRecord } from 'aws-lambda';
import type { BusEvent } from '../../../events/event.ts';
import {
  removalRequestSchema,
  type WorkflowInput,
  workflowInputSchema,
} from '../../../shared/contracts/workflow.ts';
import { requestRemoval, requestSweep, wakeDispatcher } from '../../../shared/runtime/queues.ts';

type Settings = {
  DISPATCH_QUEUE_URL: string;
  LEFTOVERS_QUEUE_URL: string;
  REMOVALS_QUEUE_URL: string;
  POISON_QUEUE_URL: string;
  EVENT_BUS_NAME: string;
};
type Clients = { sqs: SQSClient; events: EventBridgeClient };

/** SQS takes 256 KiB, and a row before and after its change can have 800 KB. */
const MAX_MESSAGE_BYTES = 250_000;

const isTooBig = (record: DynamoDBRecord): boolean =>
  Buffer.byteLength(JSON.stringify(record)) > MAX_MESSAGE_BYTES;

const withoutImages = ({ dynamodb, ...record }: DynamoDBRecord): DynamoDBRecord => {
  const { OldImage: _old, NewImage: _new, ...rest } = dynamodb ?? {};
  return { ...record, dynamodb: rest };
};

/** Where changes go besides the sockets. Wake-ups and sweeps are gathered: one a batch is enough. */
export const publisher = (settings: Settings, { sqs, events }: Clients) => {
  const pools = new Set<string>();
  const sweeps = new Map<string, WorkflowInput>();
  return {
    wake: (poolId: unknown): void => {
      if (typeof poolId === 'string') pools.add(poolId);
    },

    /** Something of this run is to be looked for and deleted in the customer's account. */
    sweep: (request: unknown): void => {
      const { workspaceId, runId } = workflowInputSchema.parse(request);
      sweeps.set(runId, { workspaceId, runId });
    },

    /** A workspace was deleted. */
    removal: (request: unknown): Promise<void> =>
      requestRemoval(sqs, settings.REMOVALS_QUEUE_URL, removalRequestSchema.parse(request)),

    /** Sends what was gathered. */
    flush: async (): Promise<void> => {
      await Promise.all([...pools].map((poolId) => wakeDispatcher(sqs, settings.DISPATCH_QUEUE_URL, poolId)));
      await Promise.all(
        [...sweeps.values()].map((request) => requestSweep(sqs, settings.LEFTOVERS_QUEUE_URL, request)),
      );
      pools.clear();
      sweeps.clear();
    },

    /** Puts an event on the bus. Throws when the bus took it only in part: HTTP 200 does not mean accepted. */
    event: async (event: BusEvent | undefined): Promise<void> => {
      if (event === undefined) return;
      const entry = { ...event, EventBusName: settings.EVENT_BUS_NAME };
      const answer = await events.send(new PutEventsCommand({ Entries: [entry] }));
      if ((answer.FailedEntryCount ?? 0) > 0)
        throw new Error(`the bus refused: ${answer.Entries?.[0]?.ErrorCode}`);
    },

    /** Keeps a record for a person to look at; of one that is too big for a message what tells where to look. */
    park: (record: DynamoDBRecord) => {
      const kept = isTooBig(record) ? withoutImages(record) : record;
      const message = { QueueUrl: settings.POISON_QUEUE_URL, MessageBody: JSON.stringify(kept) };
      return sqs.send(new SendMessageCommand(message));
    },
  };
};
export type Publisher = ReturnType<typeof publisher>;
