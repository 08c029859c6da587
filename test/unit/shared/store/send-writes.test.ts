import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { openTable } from '../../../../shared/store/table.ts';
import type { Write } from '../../../../shared/store/write.ts';
import { WriteRefused } from '../../../../shared/store/write-refused.ts';

/** A table that notes which commands it sends; the service answers these, one after the other, and then that all is well. */
const tableThat = (...faults: (() => never)[]) => {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-west-1' }));
  const sent: unknown[] = [];
  client.middlewareStack.add(
    (_next, { commandName }) =>
      async () => {
        sent.push(commandName);
        faults.shift()?.();
        return { response: {}, output: { $metadata: {} } };
      },
    { step: 'initialize', priority: 'high' },
  );
  return { table: openTable('core', client), sent };
};

const detail = { message: 'no', $metadata: {} };
const conflict = (): never => {
  throw new TransactionConflictException(detail);
};
const guardFailed = (): never => {
  throw new ConditionalCheckFailedException(detail);
};
const key = { pk: 'p', sk: 's' };
const update: Write = { update: key, set: { n: 1 }, if: { equals: { n: 0 } } };

test.each<[string, Write[], boolean | undefined, string]>([
  ['one update of who looks again', [update], true, 'UpdateItemCommand'],
  ['one put of who looks again', [{ put: { ...key, row: 'name' } }], true, 'PutItemCommand'],
  ['one delete of who looks again', [{ delete: key }], true, 'DeleteItemCommand'],
  ['one check', [{ check: key, if: { exists: true } }], true, 'TransactWriteItemsCommand'],
  ['two rows', [update, { delete: { pk: 'p', sk: 't' } }], true, 'TransactWriteItemsCommand'],
  // Its repetition by the SDK would be refused by its own guard, and nobody would find out.
  ['one update of anybody else', [update], undefined, 'TransactWriteItemsCommand'],
])('%s is sent as what it has to be, and no dearer', async (_case, writes, looksAgain, command) => {
  const { table, sent } = tableThat();
  await table.write(writes, looksAgain === undefined ? undefined : { looksAgain });
  expect(sent).toEqual([command]);
});

test('one row that meets a transaction of somebody else is written a moment later', async () => {
  const { table, sent } = tableThat(conflict, conflict);
  await table.write([update], { looksAgain: true });
  expect(sent).toHaveLength(3);
});

test('a guard of one row that does not hold is refused at once, as that of a transaction', async () => {
  const { table, sent } = tableThat(guardFailed);
  await expect(table.write([update], { looksAgain: true })).rejects.toEqual(new WriteRefused([0]));
  expect(sent).toHaveLength(1);
});
