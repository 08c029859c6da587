import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import {
  EMULATOR_REQUIREMENTS,
  ensureVenv,
  findFreePort,
  startEmulator,
} from '../../../infra/local/emulator/index.ts';
import { type Item, openTable, type Table } from '../../../shared/store/table.ts';

const clientSettings = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

const string = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
const keyOf = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  { AttributeName: range, KeyType: 'RANGE' as const },
];

/** The two tables as infra/stacks/state-stack.ts describes them. */
const core: CreateTableCommandInput = {
  TableName: 'core',
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: keyOf('pk', 'sk'),
  AttributeDefinitions: ['pk', 'sk', 'due', 'dueAt'].map(string),
  GlobalSecondaryIndexes: [
    { IndexName: 'due', KeySchema: keyOf('due', 'dueAt'), Projection: { ProjectionType: 'KEYS_ONLY' } },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
};
const traffic: CreateTableCommandInput = {
  TableName: 'traffic',
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: keyOf('pk', 'sk'),
  AttributeDefinitions: ['pk', 'sk'].map(string),
};

export type Emulated = {
  core: Table;
  traffic: Table;
  settings: ReturnType<typeof clientSettings>;
  /** Every row of a table: for what no key of ours leads to. */
  scan: (table: 'core' | 'traffic') => Promise<Item[]>;
  stop: () => Promise<void>;
};

/** An emulator of its own with both tables, empty. */
export const startTables = async (): Promise<Emulated> => {
  const root = await mkdtemp(join(tmpdir(), 'goldsmith-store-'));
  const { dir: venvDir } = await ensureVenv({ name: 'emulator', requirementsFile: EMULATOR_REQUIREMENTS });
  const port = await findFreePort();
  const emulator = await startEmulator({ port, stateDir: join(root, 'state'), tmpDir: root, venvDir });
  const settings = clientSettings(emulator.endpoint);
  const client = new DynamoDBClient(settings);
  await client.send(new CreateTableCommand(core));
  await client.send(new CreateTableCommand(traffic));
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const stop = async () => {
    client.destroy();
    await emulator.stop();
    await rm(root, { recursive: true, force: true });
  };
  return {
    core: openTable('core', documents),
    traffic: openTable('traffic', documents),
    settings,
    scan: (TableName) => scan(documents, TableName),
    stop,
  };
};

const scan = async (documents: DynamoDBDocumentClient, TableName: string): Promise<Item[]> => {
  const items: Item[] = [];
  let ExclusiveStartKey: Item | undefined;
  do {
    const answer = await documents.send(new ScanCommand({ TableName, ExclusiveStartKey }));
    items.push(...(answer.Items ?? []));
    ExclusiveStartKey = answer.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
};
