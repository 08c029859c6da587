import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { callLimits } from './call-limits.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Key } from './keys.ts';
import { sendWrites } from './send-writes.ts';
import { patiently, untilDone } from './throttling.ts';
import { upgraded } from './upgrade.ts';
import { expressionOf, versioned, type Write, type WriteOptions } from './write.ts';

export type Item = Record<string, unknown>;

export type Range = {
  pk: string;
  prefix: string;
  /** Only keys after or before these; both exclusive. */
  after?: string;
  before?: string;
  newestFirst?: boolean;
  limit?: number;
  /** Most rows of one page. */
  rowsAPage?: number;
  /** Attributes to answer, all by default. Saves traffic and memory, not read units. */
  only?: string[];
};

/**
 * The few verbs that the stores need; the only place that knows DynamoDB's expressions. Items come in the shape of this
 * release, whatever release wrote them, and are written with its versions (upgrade.ts).
 */
export type Table = {
  /** What the stores above it take the time from. */
  clock: Clock;
  get: (key: Key) => Promise<Item | undefined>;
  /** Items in the order of `keys`; those that are not there are left out. `only`: as of a range. */
  getAll: (keys: Key[], only?: string[]) => Promise<Item[]>;
  /** All items of a range, or the first `limit`, in the order of their keys' UTF-8 bytes. */
  query: (range: Range) => Promise<Item[]>;
  /** The same as it is read: pages of 1 MB or less, some of them empty. Nothing is read before it is asked for. */
  pages: (range: Range) => AsyncIterable<Item[]>;
  /** Keys of an index partition up to `until`, oldest first. */
  due: (partition: string, until: string, limit: number) => Promise<Key[]>;
  /** All or nothing. Throws WriteRefused, and as any verb TooContended when the service has no room for too long. */
  write: (writes: Write[], options?: WriteOptions) => Promise<void>;
  /** Removes rows one by one, whether they are there or not. What throws may have removed some of them. */
  removeAll: (keys: Key[]) => Promise<void>;
};

/** 100 keys are the most that one BatchGetItem takes. */
const BATCH = 100;
/** 25 rows are the most that one BatchWriteItem takes. */
export const REMOVE_BATCH = 25;

const clientOf = (): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient(callLimits), {
    marshallOptions: { removeUndefinedValues: true },
  });

/** A table by its name. All reads are strongly consistent, except `due`, which reads an index. */
export const openTable = (name: string, client = clientOf()): Table => ({
  clock: systemClock,
  get: async (key) => {
    const command = new GetCommand({ TableName: name, Key: key, ConsistentRead: true });
    const answer = await patiently(() => client.send(command));
    return answer.Item && upgraded(answer.Item);
  },
  getAll: (keys, only) => getAll({ client, name, only }, keys),
  pages: (range) => pages(client, name, range),
  query: async (range) => {
    const items: Item[] = [];
    for await (const page of pages(client, name, range)) items.push(...page);
    return items;
  },
  removeAll: (keys) => removeAll(client, name, keys),
  due: (partition, until, limit) => due(client, name, { partition, until, limit }),
  write: (writes, options) => {
    const items = writes.map((write) => expressionOf(name, versioned(write)));
    return sendWrites(client, items, options);
  },
});

/** The same table, whose writes wait until `granted` is settled, and fail as it fails. */
export const writesAfter = (table: Table, granted: Promise<void>): Table => ({
  ...table,
  write: async (writes, options) => {
    await granted;
    await table.write(writes, options);
  },
  removeAll: async (keys) => {
    await granted;
    await table.removeAll(keys);
  },
});

const placeOf = (key: { pk?: unknown; sk?: unknown }): string => `${String(key.pk)}\n${String(key.sk)}`;

/** A batch refuses a key that comes twice. */
const distinct = (keys: Key[]): Key[] => [
  ...new Map(keys.map(({ pk, sk }) => [placeOf({ pk, sk }), { pk, sk }])).values(),
];

type Batch = { client: DynamoDBDocumentClient; name: string; only: string[] | undefined };

const getAll = async ({ client, name, only }: Batch, keys: Key[]): Promise<Item[]> => {
  const found = new Map<string, Item>();
  const send = async (asked: Key[]): Promise<Key[]> => {
    // The keys tell which item is which.
    const wanted = projection(only && [...new Set([...only, 'pk', 'sk'])]);
    const RequestItems = { [name]: { Keys: asked, ConsistentRead: true, ...wanted } };
    const answer = await client.send(new BatchGetCommand({ RequestItems }));
    for (const item of answer.Responses?.[name] ?? []) found.set(placeOf(item), shaped(item, only));
    const left = answer.UnprocessedKeys?.[name]?.Keys ?? [];
    return left.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) }));
  };
  const all = distinct(keys);
  for (let start = 0; start < all.length; start += BATCH)
    await untilDone(all.slice(start, start + BATCH), send);
  return keys.map((key) => found.get(placeOf(key))).filter((item) => item !== undefined);
};

const removeAll = async (client: DynamoDBDocumentClient, name: string, keys: Key[]): Promise<void> => {
  const send = async (asked: Key[]): Promise<Key[]> => {
    const rows = asked.map((Key) => ({ DeleteRequest: { Key } }));
    const answer = await client.send(new BatchWriteCommand({ RequestItems: { [name]: rows } }));
    const left = answer.UnprocessedItems?.[name] ?? [];
    return left.map(({ DeleteRequest }) => ({
      pk: String(DeleteRequest?.Key?.['pk']),
      sk: String(DeleteRequest?.Key?.['sk']),
    }));
  };
  const all = distinct(keys);
  for (let start = 0; start < all.length; start += REMOVE_BATCH)
    await untilDone(all.slice(start, start + REMOVE_BATCH), send);
};

/** After every character that a key of ours holds, as UTF-8 orders them. */
const LAST = '\u{10ffff}';

/** The bounds of a range, both inclusive; undefined when they cross, which DynamoDB refuses. */
const boundsOf = (range: Range): { low: string; high: string } | undefined => {
  const low = range.after === undefined ? range.prefix : `${range.after}\u0000`;
  const high = range.before ?? `${range.prefix}${LAST}`;
  if (Buffer.compare(Buffer.from(low), Buffer.from(high)) > 0) return undefined;
  return { low: low === '' ? ' ' : low, high };
};

async function* pages(client: DynamoDBDocumentClient, name: string, range: Range): AsyncGenerator<Item[]> {
  const bounds = boundsOf(range);
  if (bounds === undefined) return;
  const { limit = Infinity, rowsAPage = Infinity } = range;
  let count = 0;
  let start: QueryCommandInput['ExclusiveStartKey'];
  do {
    // One more for the bound itself, which is left out.
    const most = Math.min(limit - count, rowsAPage) + (range.before === undefined ? 0 : 1);
    const command = new QueryCommand({
      TableName: name,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :low AND :high',
      ExpressionAttributeValues: { ':pk': range.pk, ':low': bounds.low, ':high': bounds.high },
      ScanIndexForward: range.newestFirst !== true,
      ConsistentRead: true,
      ...projection(range.only && withKey(range.only)),
      Limit: most === Infinity ? undefined : most,
      ExclusiveStartKey: start,
    });
    const answer = await patiently(() => client.send(command));
    const page = (answer.Items ?? [])
      .filter((item) => item['sk'] !== range.before)
      .slice(0, limit - count)
      .map((item) => shaped(item, range.only));
    yield page;
    count += page.length;
    start = answer.LastEvaluatedKey;
  } while (start !== undefined && count < limit);
}

/** The sort key is needed to leave out the bound. */
const withKey = (only: string[]): string[] => [...new Set([...only, 'sk'])];

/** Some attributes of an item cannot be upgraded: who asks for them asks for what means the same in every version. */
const shaped = (item: Item, only: string[] | undefined): Item =>
  only === undefined
    ? upgraded(item)
    : Object.fromEntries(Object.entries(item).filter(([attribute]) => only.includes(attribute)));

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
  const command = new QueryCommand({
    TableName: name,
    IndexName: 'due',
    KeyConditionExpression: 'due = :partition AND dueAt <= :until',
    ExpressionAttributeValues: { ':partition': asked.partition, ':until': asked.until },
    Limit: asked.limit,
  });
  const answer = await patiently(() => client.send(command));
  return (answer.Items ?? []).map((item) => ({ pk: String(item['pk']), sk: String(item['sk']) }));
};
