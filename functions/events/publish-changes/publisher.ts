import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBRecord } from 'aws-lambda';
import type { BusEvent } from '../../../events/event.ts';
import {
  removalRequestSchema,
  type WorkflowInput,
  workflowInputSchema,
} from '../../../shared/contracts/workflow.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import {
  requestRemoval,
  requestSweep,
  wakeDispatcher,
  wakeForWorkspace,
} from '../../../shared/runtime/queues.ts';
import { tellBus, type Waiting } from './bus.ts';

type Settings = {
  DISPATCH_QUEUE_URL: string;
  LEFTOVERS_QUEUE_URL: string;
  REMOVALS_QUEUE_URL: string;
  POISON_QUEUE_URL: string;
  EVENT_BUS_NAME: string;
};
type Clients = {
  sqs: Pick<SQSClient, 'send'>;
  events: Pick<EventBridgeClient, 'send'>;
  /** Waits before what the bus refused is sent again; tests do not. */
  pause?: (milliseconds: number) => Promise<unknown>;
};

/** SQS takes 256 KiB, and a row before and after its change can have 800 KB. */
const MAX_MESSAGE_BYTES = 250_000;

const isTooBig = (record: DynamoDBRecord): boolean =>
  Buffer.byteLength(JSON.stringify(record)) > MAX_MESSAGE_BYTES;

const withoutImages = ({ dynamodb, ...record }: DynamoDBRecord): DynamoDBRecord => {
  const { OldImage: _old, NewImage: _new, ...rest } = dynamodb ?? {};
  return { ...record, dynamodb: rest };
};

/** Keeps a record for a person to look at; of one that is too big for a message what tells where to look. */
const parkingOf = (record: DynamoDBRecord, QueueUrl: string): SendMessageCommand => {
  const kept = isTooBig(record) ? withoutImages(record) : record;
  return new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(kept) });
};

/** What a batch has to tell besides the sockets: wake-ups and sweeps once each, events in their order. */
const emptyBatch = () => {
  const events: Waiting<DynamoDBRecord>[] = [];
  const wakes = { pools: new Set<string>(), workspaces: new Set<string>() };
  return { ...wakes, sweeps: new Map<string, WorkflowInput>(), events };
};

type Batch = ReturnType<typeof emptyBatch>;

/** Messages to the queues. A workspace wakes the pools that are not woken for themselves. */
const requestsOf = (
  { pools, workspaces, sweeps }: Batch,
  { DISPATCH_QUEUE_URL: dispatch, LEFTOVERS_QUEUE_URL: leftovers }: Settings,
  sqs: Clients['sqs'],
): Promise<void>[] => [
  ...[...pools].map((id) => wakeDispatcher(sqs, dispatch, id)),
  ...[...workspaces].map((id) => wakeForWorkspace(sqs, dispatch, id, [...pools])),
  ...[...sweeps.values()].map((request) => requestSweep(sqs, leftovers, request)),
];

/** All of these are tried, whatever becomes of the others. */
const settle = async (work: Promise<unknown>[]): Promise<void> => {
  const reasons = (await Promise.allSettled(work)).flatMap((one): unknown[] =>
    one.status === 'rejected' ? [one.reason] : [],
  );
  if (reasons.length > 0) throw new AggregateError(reasons, 'not everything that changed could be told');
};

/** Where changes go besides the sockets. All but removals is gathered, and sent at the end of the batch. */
export const publisher = (settings: Settings, { sqs, events, pause }: Clients) => {
  const bus = { name: settings.EVENT_BUS_NAME, client: events, ...(pause === undefined ? {} : { pause }) };
  let batch = emptyBatch();
  let about: DynamoDBRecord = {};

  const park = (record: DynamoDBRecord) => sqs.send(parkingOf(record, settings.POISON_QUEUE_URL));

  const sendEvents = async (waiting: Waiting<DynamoDBRecord>[]): Promise<void> => {
    const refused = new Set((await tellBus(bus, waiting)).map(({ record }) => record));
    for (const record of refused) {
      logger.error('a change was parked: the bus refused it', { sequence: record.dynamodb?.SequenceNumber });
      await park(record);
    }
  };

  return {
    park,

    /** What is told from here on, is told of this record. */
    about: (record: DynamoDBRecord): void => {
      about = record;
    },

    wake: (poolId: unknown): void => {
      if (typeof poolId === 'string') batch.pools.add(poolId);
    },

    /** The workspace may start runs: whatever pools its runs wait in. */
    wakeWorkspace: (workspaceId: string): void => {
      batch.workspaces.add(workspaceId);
    },

    /** Something of this run is to be looked for and deleted in the customer's account. */
    sweep: (request: unknown): void => {
      const { workspaceId, runId } = workflowInputSchema.parse(request);
      batch.sweeps.set(runId, { workspaceId, runId });
    },

    /** A workspace was deleted. */
    removal: (request: unknown): Promise<void> =>
      requestRemoval(sqs, settings.REMOVALS_QUEUE_URL, removalRequestSchema.parse(request)),

    /** Notes an event for the bus. */
    event: async (event: BusEvent | undefined): Promise<void> => {
      const row = JSON.stringify(about.dynamodb?.Keys ?? {});
      if (event !== undefined) batch.events.push({ event, record: about, row });
    },

    /** Sends what was gathered; throws when a queue took none of it. A record whose event the bus refused is parked. */
    flush: async (): Promise<void> => {
      const told = batch;
      // Whatever comes of it: a batch that is told again gathers anew.
      batch = emptyBatch();
      await settle([sendEvents(told.events), ...requestsOf(told, settings, sqs)]);
    },
  };
};
export type Publisher = ReturnType<typeof publisher>;
