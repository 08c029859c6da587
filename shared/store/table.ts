import { setTimeout as pause } from 'node:timers/promises';
import {
  DynamoDBClient,
  TransactionCanceledException,
  TransactionInProgressException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  type BatchWriteCommandInput,
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Key } from './keys.ts';
import { upgraded } from './upgrade.ts';
import { expressionOf, versioned, type Write } from './write.ts';

export type Item = Record<string, unknown>;

/** A transaction was refused. `failed` are the places of the writes whose guard did not hold, none for a mere clash. */
export class WriteRefused extends Error {
  readonly failed: number[];
  constructor(failed: number[]) {
    super(
      failed.length > 0 ? `guards ${failed.join(', ')} did not hold` : 'another transaction was in the way',
    );
    this.name = 'WriteRefused';
    this.failed = failed;
  }
}

export type Range = {
  pk: string;
  prefix: string;
  /** Only keys after or before these; both exclusive. */
  after?: string;
  before?: string;
  newestFirst?: boolean;
  limit?: number;
  /** Attributes to answer, all by default. Saves traffic and memory, not read units. */
  only?: string[];
};

/**
 * The few verbs that the stores need; the only place that knows DynamoDB's expressions. Items come in the shape of this
 * release, whatever release wrote them, and are written with its versions (upgrade.ts).
 */
export type Table = {
  get: (key: Key) => Promise<Item | undefined>;
  /** Items in the order of `keys`; those that are not there are left out. */
  getAll: (keys: Key[]) => Promise<Item[]>;
  /** All items of a range, or the first `limit`. */
  query: (range: Range) => Promise<Item[]>;
  /** Keys of an index partition up to `until`, oldest first. */
  due: (partition: string, until: string, limit: number) => Promise<Key[]>;
  /** All or nothing. Throws WriteRefused. */
  write: (writes: Write[]) => Promise<void>;
  /** Removes rows one by one, whether they are there or not. What throws may have removed some of them. */
  removeAll: (keys: Key[]) => Promise<void>;
};

/** 100 keys are the most that one BatchGetItem takes. */
const BATCH = 100;
/** 25 rows are the most that one BatchWriteItem takes. */
export const REMOVE_BATCH = 25;

const clientOf = (): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } });

/** A table by its name. All reads are strongly consistent, except `due`, which reads an index. */
export const openTable = (name: string, client = clientOf()): Table => ({
  get: async (key) => {
    const answer = await client.send(new GetCommand({ TableName: name, Key: key, ConsistentRead: true }));
    return answer.Item && upgraded(answer.Item);
  },
  getAll: (keys) => getAll(client, name, keys),
  query: (range) => query(client, name, range),
  removeAll: (keys) => removeAll(client, name, keys),
  due: (partition, until, limit) => due(client, name, { partition, until, limit }),
  write: async (writes) => {
    const command = new TransactWriteCommand({
      TransactItems: writes.map((write) => expressionOf(name, versioned(write))),
    });
    for (let tries = 1; ; tries += 1) {
      try {
        await client.send(command);
        return;
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === undefined || refusal.failed.length > 0 || tries === CLASH_TRIES)
          throw refusal ?? error;
      }
      await pause(Math.random() * 20 * 2 ** tries);
    }
  },
});

/** The same table, whose writes wait until `granted` is settled, and fail as it fails. */
export const writesAfter = (table: Table, granted: Promise<void>): Table => ({
  ...table,
  write: async (writes) => {
    await granted;
    await table.write(writes);
  },
  removeAll: async (keys) => {
    await granted;
    await table.removeAll(keys);
  },
});

/** Two transactions that meet on a row, if only to check it, refuse one another; a moment later neither does. */
const CLASH_TRIES = 5;

const refusalOf = (error: unknown): WriteRefused | undefined => {
  if (error instanceof TransactionInProgressException) return new WriteRefused([]);
  if (!(error instanceof TransactionCanceledException)) return undefined;
  const codes = (error.CancellationReasons ?? []).map((reason) => reason.Code);
  const failed = codes.flatMap((code, place) => (code === 'ConditionalCheckFailed' ? [place] : []));
  const clashes = codes.some((code) => code === 'TransactionConflict');
  return failed.length > 0 || clashes ? new WriteRefused(failed) : undefined;
};

const getAll = async (client: DynamoDBDocumentClient, name: string, keys: Key[]): Promise<Item[]> => {
  const found = new Map<string, Item>();
  // BatchGetItem refuses a key that comes twice.
  const distinct = [...new Map(keys.map((key) => [`${key.pk}\n${key.sk}`, key])).values()];
  for (let start = 0; start < distinct.length; start += BATCH) {
    let asked: Key[] = distinct.slice(start, start + BATCH);
    while (asked.length > 0) {
      const answer = await client.send(
        new BatchGetCommand({ RequestItems: { [name]: { Keys: asked, ConsistentRead: true } } }),
      );
      for (const item of answer.Responses?.[name] ?? [])
        found.set(`${item['pk']}\n${item['sk']}`, upgraded(item));
      asked = (answer.UnprocessedKeys?.[name]?.Keys ?? []).map((key) => ({
        pk: String(key['pk']),
        sk: String(key['sk']),
      }));
    }
  }
  return keys.map((key) => found.get(`${key.pk}\n${key.sk}`)).filter((item) => item !== undefined);
};

/** Rows that DynamoDB has no room for at this moment are asked for again, later each time. */
const removeAll = async (client: DynamoDBDocumentClient, name: string, keys: Key[]): Promise<void> => {
  // As BatchGetItem, it refuses a key that comes twice.
  const distinct = [...new Map(keys.map(({ pk, sk }) => [`${pk}\n${sk}`, { pk, sk }])).values()];
  for (let start = 0; start < distinct.length; start += REMOVE_BATCH) {
    const rows = distinct.slice(start, start + REMOVE_BATCH).map((Key) => ({ DeleteRequest: { Key } }));
    let asked: BatchWriteCommandInput['RequestItems'] = { [name]: rows };
    for (let tries = 1; Object.keys(asked ?? {}).length > 0; tries += 1) {
      if (tries > 1) await pause(Math.random() * Math.min(1000, 20 * 2 ** tries));
      asked = (await client.send(new BatchWriteCommand({ RequestItems: asked }))).UnprocessedItems ?? {};
    }
  }
};

/** A character after every one that a key of ours holds. */
const LAST = '\uffff';

const query = async (client: DynamoDBDocumentClient, name: string, range: Range): Promise<Item[]> => {
  const items: Item[] = [];
  const low = range.after === undefined ? range.prefix : `${range.after}\u0000`;
  const high = range.before ?? `${range.prefix}${LAST}`;
  // DynamoDB refuses bounds that cross.
  if (low > high) return [];
  let start: QueryCommandInput['ExclusiveStartKey'];
  do {
    const answer = await client.send(
      new QueryCommand({
        TableName: name,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :low AND :high',
        ExpressionAttributeValues: { ':pk': range.pk, ':low': low === '' ? ' ' : low, ':high': high },
        ScanIndexForward: range.newestFirst !== true,
        ConsistentRead: true,
        ...projection(range.only),
        Limit: range.limit === undefined ? undefined : range.limit + 1 - items.length,
        ExclusiveStartKey: start,
      }),
    );
    const found = (answer.Items ?? []).filter(
      (item) => range.before === undefined || item['sk'] !== range.before,
    );
    // Some attributes of an item cannot be upgraded: who asks for them asks for what means the same in every version.
    items.push(...(range.only === undefined ? found.map((item) => upgraded(item)) : found));
    start = answer.LastEvaluatedKey;
  } while (start !== undefined && (range.limit === undefined || items.length < range.limit));
  return range.limit === undefined ? items : items.slice(0, range.limit);
};

/** Names stand behind `#`: `status` and others are words of DynamoDB's own. */
const projection = (attributes: string[] | undefined) =>
  attributes && {
    ProjectionExpression: attributes.map((attribute) => `#${attribute}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(attributes.map((attribute) => [`#${attribute}`, attribute])),
  };

const due = async (
  client: DynamoDBDocumentClient,
  name: string,
  asked: { partition: string; until: string; limit: number },
): Promise<Key[]> => {
  const answer = await client.send(
    new QueryCommand({
      TableName: name,
      IndexName: 'due',
      KeyConditionExpression: 'due = :partition AND dueAt <= :until',
      ExpressionAttributeValues: { ':partition': asked.partition, ':until': asked.until },
      Limit: asked.limit,
    }),
  );
  return (answer.Items ?? []).map((item) => ({ pk: String(item['pk']), sk: String(item['sk']) }));
};
