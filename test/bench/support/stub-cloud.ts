/** The network's edge for a cold start: DynamoDB with one row a key, and the keys of people's tokens. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { marshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { base, queuedRun, ulid, workspaceId } from '../../support/builders.ts';
import { roleConnectionBody } from '../../support/bodies.ts';

const KEY_ID = 'bench';
const CLIENT_ID = 'bench-client';
export const connectionId = `con_${ulid('C')}`;
/** What leads the bare handler to the connection's row. */
export const bareEnvironment = {
  CORE_TABLE: 'core',
  PK: `WS#${workspaceId}`,
  READ_SK: `ENTITY#connection#${connectionId}`,
};
export const runId = `run_${ulid('1')}`;

const workspaceRow = { ...base(workspaceId, 'Web'), schemaVersion: 1, maxConcurrentRuns: 4 };
const connectionRow = {
  ...base(connectionId, 'Web account'),
  schemaVersion: 1,
  ...roleConnectionBody(),
  imageTags: {},
  externalId: 'external-id-of-a-test',
};

/** The rows that the first requests ask for, by the beginning of `pk sk`. */
const rows: [string, object][] = [
  ['USER#', { schemaVersion: 1, row: 'member', workspaceId, userId: 'user-1', role: 'owner' }],
  [`WS#${workspaceId} META`, workspaceRow],
  [`WS#${workspaceId} MEMBER#`, { schemaVersion: 1, workspaceId, userId: 'user-1', role: 'owner' }],
  [`WS#${workspaceId} ENTITY#connection#`, connectionRow],
  [`WS#${workspaceId} RUN#`, queuedRun()],
];

const text = z.object({ S: z.string() });
const keySchema = z.object({ pk: text, sk: text });
const getSchema = z.object({ Key: keySchema });
const batchSchema = z.object({ RequestItems: z.record(z.string(), z.object({ Keys: z.array(keySchema) })) });

const found = ({ pk, sk }: z.infer<typeof keySchema>) => {
  const row = rows.find(([begin]) => `${pk.S} ${sk.S}`.startsWith(begin))?.[1];
  return row && marshall({ ...row, pk: pk.S, sk: sk.S }, { removeUndefinedValues: true });
};

const answerTo = (action: string, asked: unknown): object => {
  if (action === 'GetItem') return { Item: found(getSchema.parse(asked).Key) };
  if (action !== 'BatchGetItem') return { Items: [], Count: 0 };
  const { RequestItems } = batchSchema.parse(asked);
  const answers = Object.entries(RequestItems).map(([name, { Keys }]): [string, object[]] => [
    name,
    Keys.map(found).filter((item) => item !== undefined),
  ]);
  return { Responses: Object.fromEntries(answers), UnprocessedKeys: {} };
};

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Starts it; `environment` leads a function to it, `token` is one of a person's. */
export const startStubCloud = async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }] };
  const server = createServer((request, response) => {
    const [, action = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
    const answer = async () => (request.method === 'GET' ? jwks : answerTo(action, await json(request)));
    answer().then(
      (body) => response.end(JSON.stringify(body)),
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  const seconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: url,
    sub: 'user-1',
    username: 'user-1',
    token_use: 'access',
    client_id: CLIENT_ID,
    iat: seconds,
    exp: seconds + 3600,
  };
  const signed = `${part({ alg: 'RS256', kid: KEY_ID })}.${part(claims)}`;
  return {
    token: `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`,
    environment: {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
      TOKEN_ISSUER: url,
      TOKEN_CLIENT_ID: CLIENT_ID,
      JWKS_URI: `${url}/jwks.json`,
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
export type StubCloud = Awaited<ReturnType<typeof startStubCloud>>;
