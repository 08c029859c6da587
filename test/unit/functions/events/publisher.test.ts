import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { DynamoDBRecord } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { publisher } from '../../../../functions/events/publish-changes/publisher.ts';

const settings = {
  DISPATCH_QUEUE_URL: 'dispatch',
  LEFTOVERS_QUEUE_URL: 'leftovers',
  REMOVALS_QUEUE_URL: 'removals',
  POISON_QUEUE_URL: 'poison',
  EVENT_BUS_NAME: 'bus',
};
/** What the bus does with one call: the details that it refuses, or no answer at all. */
type Weather = (details: string[], call: number) => string[] | Error;

const world = (weather: Weather = () => [], refusesQueue?: string) => {
  const calls: string[][] = [];
  const messages: { queue: string; body: string }[] = [];
  const events = {
    send: async (command: unknown) => {
      if (!(command instanceof PutEventsCommand)) throw new Error('no other call is planned');
      const details = (command.input.Entries ?? []).map(({ Detail = '' }) => Detail);
      calls.push(details);
      const refused = weather(details, calls.length);
      if (refused instanceof Error) throw refused;
      const Entries = details.map((one) =>
        refused.includes(one) ? { ErrorCode: 'Throttled' } : { EventId: one },
      );
      return { FailedEntryCount: refused.length, Entries };
    },
  };
  const sqs = {
    send: async (command: unknown) => {
      if (!(command instanceof SendMessageCommand)) throw new Error('no other call is planned');
      const { QueueUrl: queue = '', MessageBody: body = '' } = command.input;
      if (queue === refusesQueue) throw new Error(`${queue} is away`);
      messages.push({ queue, body });
      return {};
    },
  };
  const pauses: number[] = [];
  const pause = async (milliseconds: number) => pauses.push(milliseconds);
  const publish = publisher(settings, { sqs, events, pause });
  const tell = async (row: string, ...details: string[]) => {
    publish.about(recordOf(row, details.join('+')));
    for (const Detail of details) await publish.event({ Source: 'goldsmith', DetailType: 'test', Detail });
  };
  const parked = () => messages.filter(({ queue }) => queue === 'poison').map(({ body }) => sequenceOf(body));
  return { publish, tell, calls, messages, pauses, parked };
};

const recordOf = (row: string, sequence: string): DynamoDBRecord => ({
  dynamodb: { Keys: { pk: { S: 'WS#1' }, sk: { S: row } }, SequenceNumber: sequence },
});
const sequenceOf = (body: string): string => /"SequenceNumber":"([^"]*)"/.exec(body)?.[1] ?? '';

describe('events on their way to the bus (S21)', () => {
  test('go in calls of ten at most, in the order in which things happened', async () => {
    const { publish, tell, calls } = world();
    const all = Array.from({ length: 23 }, (_, n) => `change ${n}`);
    for (const [n, one] of all.entries()) await tell(`RUN#${n}`, one);
    await publish.flush();
    expect(calls.map((call) => call.length)).toEqual([10, 10, 3]);
    expect(calls.flat()).toEqual(all);
  });

  test('of two changes of one run are in two calls, of one change in one', async () => {
    const { publish, tell, calls } = world();
    await tell('RUN#1', 'step', 'end');
    await tell('RUN#2', 'queued');
    await tell('RUN#1', 'reminder');
    await publish.flush();
    expect(calls).toEqual([['step', 'end', 'queued'], ['reminder']]);
  });

  test('that are together too large for a call go in two', async () => {
    const { publish, tell, calls } = world();
    for (const n of [1, 2, 3]) await tell(`RUN#${n}`, `${n}${'x'.repeat(100_000)}`);
    await publish.flush();
    expect(calls.map((call) => call.length)).toEqual([2, 1]);
  });

  test('of which the bus refuses one are not lost: that one is sent again before anything later of its run', async () => {
    const { publish, tell, calls, parked, pauses } = world((_, call) => (call === 1 ? ['one'] : []));
    await tell('RUN#1', 'one');
    await tell('RUN#2', 'two');
    await tell('RUN#1', 'three');
    await publish.flush();
    expect(calls).toEqual([['one', 'two'], ['one'], ['three']]);
    expect([parked(), pauses]).toEqual([[], [100]]);
  });

  test('that the bus refuses to the end park their record once, and hold up no other (F37)', async () => {
    const { publish, tell, calls, parked } = world((details) =>
      details.filter((one) => /one|also/.test(one)),
    );
    await tell('RUN#1', 'one', 'also');
    await tell('RUN#2', 'two');
    await tell('RUN#1', 'three');
    await publish.flush();
    expect(calls).toEqual([['one', 'also', 'two'], ['one', 'also'], ['one', 'also'], ['three']]);
    expect(parked()).toEqual(['one+also']);
  });

  test('go again when nobody knows what became of the call', async () => {
    const { publish, tell, calls, parked } = world((_, call) => (call < 3 ? new Error('no answer') : []));
    await tell('RUN#1', 'one');
    await publish.flush();
    expect([calls.length, parked()]).toEqual([3, []]);
  });

  test('are told, and sweeps asked for, when a queue of others is away; the batch comes again then', async () => {
    const { publish, tell, calls, messages } = world(undefined, 'dispatch');
    await tell('RUN#1', 'one');
    publish.wake('cloud');
    publish.sweep({ workspaceId: 'ws_1', runId: 'run_1' });
    await expect(publish.flush()).rejects.toThrow('not everything');
    expect(calls).toEqual([['one']]);
    expect(messages.map(({ queue }) => queue)).toEqual(['leftovers']);
    // Nothing of the failed batch is left for the next one.
    await publish.flush();
    expect(calls).toHaveLength(1);
  });

  test('wake-ups and sweeps are sent when the bus is away', async () => {
    const { publish, tell, messages, parked } = world(() => new Error('away'));
    await tell('RUN#1', 'one');
    publish.wake('cloud');
    await publish.flush();
    expect(parked()).toEqual(['one']);
    expect(messages.map(({ queue }) => queue).toSorted()).toEqual(['dispatch', 'poison']);
  });

  test('keep the batch when their record cannot be parked: it must come again', async () => {
    const { publish, tell } = world(() => new Error('away'), 'poison');
    await tell('RUN#1', 'one');
    await expect(publish.flush()).rejects.toThrow('not everything');
  });
});

test('a record that is parked is one that can be told again; of one too large for a message the place is kept', async () => {
  const { publish, messages } = world();
  const record = recordOf('RUN#1', '7');
  await publish.park(record);
  await publish.park({ dynamodb: { ...record.dynamodb, NewImage: { text: { S: 'x'.repeat(300_000) } } } });
  expect(messages.map(({ body }) => JSON.parse(body) as unknown)).toEqual([record, record]);
});
