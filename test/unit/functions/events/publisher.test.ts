import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { DynamoDBRecord } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { publisher } from '../../../../functions/events/publish-changes/publisher.ts';
import type { RowChange } from '../../../../functions/events/publish-changes/row-change.ts';
import { wakeDispatchers } from '../../../../functions/events/publish-changes/wake-dispatchers.ts';
import { wakeDispatcher, wakeDispatcherAgain, wakeForWorkspace } from '../../../../shared/runtime/queues.ts';

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

describe('wake-ups of the dispatcher', () => {
  const wakeUps = async (...changes: RowChange[]): Promise<unknown[]> => {
    const { publish, messages } = world();
    for (const change of changes) wakeDispatchers(change, publish);
    await publish.flush();
    return messages.map(({ body }): unknown => JSON.parse(body));
  };
  const row = (kind: string, fields: object) => ({ row: kind, ...fields });
  const slots = [
    row('slot', { pk: 'POOL#cloud', poolId: 'cloud' }),
    row('slot', { pk: 'WS#ws_1', poolId: 'cloud' }),
  ];

  test('are one a pool and batch, for runs that begin to wait', async () => {
    const queued = { before: undefined, after: row('queue', { poolId: 'cloud' }) };
    expect(await wakeUps(queued, queued)).toEqual([{ poolId: 'cloud' }]);
    expect(await wakeUps({ before: queued.after, after: undefined })).toEqual([]);
  });

  test('of slots that are free go to the pool, and to the others in which the workspace may wait', async () => {
    const freed = slots.map((before) => ({ before, after: undefined }));
    expect(await wakeUps(...freed)).toEqual([
      { poolId: 'cloud' },
      { workspaceId: 'ws_1', except: ['cloud'] },
    ]);
    expect(await wakeUps(...slots.map((after) => ({ before: undefined, after })))).toEqual([]);
  });

  test('of a limit that was changed go to the workspace or the connector, of any other change to nobody', async () => {
    const limited = (kind: string, id: string, maxConcurrentRuns: number) =>
      row(kind, { id, maxConcurrentRuns });
    const change = (kind: string, id: string, from: number, to: number) => ({
      before: limited(kind, id, from),
      after: limited(kind, id, to),
    });
    expect(await wakeUps(change('workspace', 'ws_1', 1, 2), change('connector', 'cnr_1', 2, 1))).toEqual([
      { poolId: 'cnr_1' },
      { workspaceId: 'ws_1', except: ['cnr_1'] },
    ]);
    expect(await wakeUps(change('workspace', 'ws_1', 2, 2), change('connector', 'cnr_1', 2, 2))).toEqual([]);
    expect(await wakeUps({ before: undefined, after: limited('connector', 'cnr_1', 2) })).toEqual([]);
  });

  test('of a connector that is gone let what waits there end; of a workspace that is gone nothing waits', async () => {
    const gone = (kind: string, id: string) => ({
      before: row(kind, { id, maxConcurrentRuns: 1 }),
      after: undefined,
    });
    expect(await wakeUps(gone('connector', 'cnr_1'), gone('workspace', 'ws_1'))).toEqual([
      { poolId: 'cnr_1' },
    ]);
  });

  test('of one pool come in turn, and the reconciler’s past one that keeps them waiting', async () => {
    const groups: (string | undefined)[] = [];
    const sqs = {
      send: async (command: unknown) => {
        if (command instanceof SendMessageCommand) groups.push(command.input.MessageGroupId);
      },
    };
    await wakeDispatcher(sqs, 'dispatch', 'cloud');
    await wakeDispatcherAgain(sqs, 'dispatch', 'cloud');
    await wakeForWorkspace(sqs, 'dispatch', 'ws_1', []);
    expect(groups).toEqual(['cloud', 'reconcile-cloud', 'ws_1']);
  });
});
