import {
  DynamoDBClient,
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { openTable, type Table } from '../../../../shared/store/table.ts';
import { WriteRefused } from '../../../../shared/store/write-refused.ts';
import { TooContended } from '../../../../shared/store/too-contended.ts';

/** A table whose service gives these answers, one after the other, and the last one for ever. */
const tableThat = (...answers: (() => object)[]) => {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-west-1' }));
  const sent = { count: 0 };
  client.middlewareStack.add(
    () => async () => {
      const answer = answers[Math.min(sent.count, answers.length - 1)];
      sent.count += 1;
      return { response: {}, output: { $metadata: {}, ...answer?.() } };
    },
    { step: 'initialize', priority: 'high' },
  );
  return { table: openTable('core', client), sent };
};

const named = (name: string) => (): never => {
  throw Object.assign(new Error('slow down'), { name });
};
const exceeded = (): never => {
  throw new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} });
};
const cancelled =
  (...codes: string[]) =>
  (): never => {
    throw new TransactionCanceledException({
      message: 'cancelled',
      $metadata: {},
      CancellationReasons: codes.map((Code) => ({ Code })),
    });
  };
const fine = () => ({});
const key = { pk: 'p', sk: 's' };
const put = (table: Table) => table.write([{ delete: key }, { delete: { pk: 'p', sk: 't' } }]);

const verbs: [string, (table: Table) => Promise<unknown>][] = [
  ['get', (table) => table.get(key)],
  ['getAll', (table) => table.getAll([key])],
  ['query', (table) => table.query({ pk: 'p', prefix: '' })],
  ['due', (table) => table.due('RUN', '2026', 1)],
  ['write', put],
  ['write of one row', (table) => table.write([{ delete: key }], { looksAgain: true })],
  ['removeAll', (table) => table.removeAll([key])],
];

describe.concurrent('a service that has no room for a moment', () => {
  test.each(verbs)('%s is tried again, and done', async (_verb, ask) => {
    const { table, sent } = tableThat(exceeded, named('ThrottlingException'), fine);
    await ask(table);
    expect(sent.count).toBe(3);
  });

  test.each(verbs)(
    '%s ends as too contended when it stays so, never as an unknown error',
    async (_verb, ask) => {
      const { table, sent } = tableThat(named('RequestLimitExceeded'));
      await expect(ask(table)).rejects.toBeInstanceOf(TooContended);
      expect(sent.count).toBeGreaterThan(2);
    },
  );

  test.each(['ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'a transaction that is cancelled by %s is tried again',
    async (code) => {
      const { table, sent } = tableThat(cancelled('None', code), fine);
      await put(table);
      expect(sent.count).toBe(2);
      await expect(put(tableThat(cancelled(code, 'None')).table)).rejects.toBeInstanceOf(TooContended);
    },
  );

  test('a guard that does not hold is told at once, whatever else was in the way', async () => {
    const { table, sent } = tableThat(cancelled('ConditionalCheckFailed', 'ThrottlingError'), fine);
    await expect(put(table)).rejects.toEqual(new WriteRefused([0]));
    expect(sent.count).toBe(1);
  });

  test('a clash that stays is a refusal without a failed guard', async () => {
    await expect(put(tableThat(cancelled('TransactionConflict', 'None')).table)).rejects.toEqual(
      new WriteRefused([]),
    );
  });

  test('any other error is not tried again', async () => {
    const { table, sent } = tableThat(named('ValidationException'));
    await expect(table.get(key)).rejects.toThrow('slow down');
    await expect(put(table)).rejects.toThrow('slow down');
    expect(sent.count).toBe(2);
  });

  test('rows that a batch had no room for are asked for again, and not for ever', async () => {
    const unread = { UnprocessedKeys: { core: { Keys: [key] } }, Responses: {} };
    const some = tableThat(
      () => unread,
      () => ({ Responses: { core: [{ ...key, n: 1 }] } }),
    );
    expect(await some.table.getAll([key])).toEqual([{ ...key, n: 1 }]);
    await expect(tableThat(() => unread).table.getAll([key])).rejects.toBeInstanceOf(TooContended);
    const kept = { UnprocessedItems: { core: [{ DeleteRequest: { Key: key } }] } };
    await expect(tableThat(() => kept).table.removeAll([key])).rejects.toBeInstanceOf(TooContended);
  });
});
