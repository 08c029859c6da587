/**
 * What Goldsmith is measured against: a handler without a framework, a contract, a token or a rule. It answers at once,
 * or reads or writes with the same client of the SDK, and nothing else.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** Where the rows lie: the very ones that Goldsmith reads. */
const { CORE_TABLE: TableName, PK: pk, READ_SK: sk, LIST_PREFIX: prefix = '' } = process.env;
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));

const query = {
  TableName,
  KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
  ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
  ConsistentRead: true,
  ScanIndexForward: false,
  Limit: 50,
};

const work = {
  '/nothing': async () => ({}),
  '/read': async () =>
    (await client.send(new GetCommand({ TableName, Key: { pk, sk }, ConsistentRead: true }))).Item,
  '/list': async () => ({ items: (await client.send(new QueryCommand(query))).Items }),
  '/create': async ({ body = '{}' }: APIGatewayProxyEventV2) => {
    const sent: unknown = JSON.parse(body);
    const Item = { pk, sk: `BENCH#${crypto.randomUUID()}`, row: 'bench', schemaVersion: 1, sent };
    await client.send(new TransactWriteCommand({ TransactItems: [{ Put: { TableName, Item } }] }));
    return sent;
  },
};
const isKnown = (path: string): path is keyof typeof work => Object.hasOwn(work, path);

export const handler = async (event: APIGatewayProxyEventV2) => {
  const path = event.rawPath;
  if (!isKnown(path)) return { statusCode: 404 };
  const body = JSON.stringify(await work[path](event));
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body };
};
