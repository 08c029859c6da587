/**
 * What the local stage needs of the emulator beyond what MiniStack does by itself: the launcher's changes,
 * the saved state, and Lambda functions that are told nothing they should not know.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { strToU8, zipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import {
  EMULATOR_REQUIREMENTS,
  type Emulator,
  ensureVenv,
  findFreePort,
  startEmulator,
} from '../../../infra/local/emulator/index.ts';

const region = 'us-east-1';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Notes each call in a file, so that it can be seen from outside. */
const HANDLER = `
import { appendFileSync } from 'node:fs';
export const handler = async (event) => {
  appendFileSync(process.env.SINK, JSON.stringify({ event, pid: process.pid }) + '\\n');
  if (event.sleep) await new Promise((resolve) => setTimeout(resolve, event.sleep));
  return event.wantsEnvironment ? { ...process.env, node: process.version } : {};
};`;

let root: string;
let venvDir: string;
const running: Emulator[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'goldsmith-emulator-'));
  venvDir = (await ensureVenv({ name: 'emulator', requirementsFile: EMULATOR_REQUIREMENTS })).dir;
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const emulator of running.splice(0)) await emulator.stop();
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('Lambda functions', () => {
  test('run on Node 24 in an environment of chosen names', async () => {
    vi.stubEnv('SECRET_OF_THE_CALLER', 'leaked');
    const emulator = await start('clean', { AWS_ENDPOINT_URL_CODEBUILD: 'http://codebuild.test' });
    await createFunction(emulator, 'probe');
    const answer = await invoke(emulator, 'probe', { wantsEnvironment: true });
    const environment = z.record(z.string(), z.string()).parse(await answer.json());
    expect(environment).toMatchObject({
      AWS_ENDPOINT_URL: emulator.endpoint,
      AWS_ENDPOINT_URL_CODEBUILD: 'http://codebuild.test',
      AWS_REGION: region,
    });
    expect(environment['node']).toMatch(/^v24\./);
    expect(environment).not.toHaveProperty('SECRET_OF_THE_CALLER');
    expect(environment).not.toHaveProperty('LOG_LEVEL');
  });

  test('called in a burst all run, in no more processes than allowed', async () => {
    const emulator = await start('burst', { LAMBDA_ACCOUNT_CONCURRENCY: '3' });
    await createFunction(emulator, 'burst');
    for (let call = 0; call < 20; call += 1) await invoke(emulator, 'burst', { call, sleep: 50 }, 'Event');
    const calls = await readCalls('burst', 20);
    expect(new Set(calls.map(({ event }) => event['call'])).size).toBe(20);
    expect(new Set(calls.map(({ pid }) => pid)).size).toBeLessThanOrEqual(3);
  });

  test('called in a burst run in the order of the calls: none waits until its time is over', async () => {
    const emulator = await start('turns', { LAMBDA_ACCOUNT_CONCURRENCY: '1' });
    await createFunction(emulator, 'turns');
    for (let call = 0; call < 20; call += 1) await invoke(emulator, 'turns', { call, sleep: 50 }, 'Event');
    const calls = await readCalls('turns', 20);
    expect(calls.map(({ event }) => event['call'])).toEqual(Array.from({ length: 20 }, (_, call) => call));
  });
});

describe('the saved state', () => {
  test('survives a stop, streams included', async () => {
    const before = await start('kept');
    const dynamo = dynamoClient(before);
    await dynamo.send(
      new CreateTableCommand({
        TableName: 'table',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      }),
    );
    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: 'table' }));
    await createFunction(before, 'kept');
    await mapSource(before, 'kept', Table?.LatestStreamArn, { StartingPosition: 'LATEST' });
    for (const id of ['a', 'b', 'c']) await putItem(before, id);
    await readCalls('kept', 1);
    await before.stop();

    const after = await start('kept');
    await putItem(after, 'after');

    const keys = await waitFor(async () => {
      const text = JSON.stringify(await readCalls('kept', 1));
      return text.includes('"after"') ? text : undefined;
    });
    expect(keys).toContain('"after"');
  });

  test('can be copied and used on another port while the original runs', async () => {
    const original = await start('original');
    await sqsClient(original).send(new CreateQueueCommand({ QueueName: 'queue' }));
    await createFunction(original, 'copied');
    await mapSource(original, 'copied', `arn:aws:sqs:${region}:000000000000:queue`);
    await original.save();
    await cp(join(root, 'original'), join(root, 'copy'), { recursive: true });

    const copy = await start('copy');
    const sqs = sqsClient(copy);
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'queue' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'to the copy' }));

    expect(QueueUrl).toContain(new URL(copy.endpoint).host);
    const [call] = await readCalls('copied', 1);
    expect(JSON.stringify(call?.event)).toContain('to the copy');
  });

  test('is what was saved last when the emulator is killed', async () => {
    const killed = await start('killed');
    await sqsClient(killed).send(new CreateQueueCommand({ QueueName: 'saved' }));
    await killed.save();
    process.kill(killed.pid, 'SIGKILL');
    await killed.ended;
    const after = await start('killed');
    const { QueueUrl } = await sqsClient(after).send(new GetQueueUrlCommand({ QueueName: 'saved' }));
    expect(QueueUrl).toContain('saved');
  });
});

test('it goes, with its state saved, when the process that started it is killed', async () => {
  const port = await findFreePort();
  const index = join(import.meta.dirname, '../../../infra/local/emulator/index.ts');
  const options = { port, stateDir: join(root, 'left'), tmpDir: join(root, 'tmp'), venvDir };
  const script = `
    const { startEmulator } = await import(${JSON.stringify(index)});
    const { pid } = await startEmulator(${JSON.stringify(options)});
    console.log(pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(parent.stdout, 'data');
  const endpoint = `http://127.0.0.1:${port}`;
  await new SQSClient({ endpoint, region, credentials }).send(new CreateQueueCommand({ QueueName: 'left' }));

  parent.kill('SIGKILL');

  await waitFor(async () => {
    const answer = await fetch(endpoint).catch(() => undefined);
    return answer === undefined ? true : undefined;
  });
  const saved = await waitFor(() => readFile(join(root, 'left', 'sqs.json'), 'utf8').catch(() => undefined));
  expect(saved).toContain('left');
});

test('a port that is taken is named', async () => {
  const first = await start('first');
  const port = Number(new URL(first.endpoint).port);
  const second = startEmulator({ port, stateDir: join(root, 'second'), tmpDir: join(root, 'tmp'), venvDir });
  await expect(second).rejects.toThrow(`127.0.0.1:${port} is already in use`);
});

async function start(state: string, environment: Record<string, string> = {}): Promise<Emulator> {
  const emulator = await startEmulator({
    port: await findFreePort(),
    stateDir: join(root, state),
    tmpDir: join(root, 'tmp'),
    venvDir,
    environment,
  });
  running.push(emulator);
  return emulator;
}

async function createFunction(emulator: Emulator, name: string): Promise<void> {
  const code = zipSync({ 'index.mjs': strToU8(HANDLER) });
  await callLambda(emulator, '/2015-03-31/functions', {
    FunctionName: name,
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: 'arn:aws:iam::000000000000:role/function',
    Timeout: 10,
    Code: { ZipFile: Buffer.from(code).toString('base64') },
    Environment: { Variables: { SINK: sinkOf(name) } },
  });
}

async function mapSource(
  emulator: Emulator,
  name: string,
  arn: string | undefined,
  extra: object = {},
): Promise<void> {
  const mapping = { EventSourceArn: arn, FunctionName: name, BatchSize: 1, ...extra };
  await callLambda(emulator, '/2015-03-31/event-source-mappings', mapping);
}

async function invoke(emulator: Emulator, name: string, event: object, type = 'RequestResponse') {
  return callLambda(emulator, `/2015-03-31/functions/${name}/invocations`, event, {
    'x-amz-invocation-type': type,
  });
}

/** The SDK's Lambda client is no dependency of the project; the API is plain JSON. */
async function callLambda(emulator: Emulator, path: string, body: object, headers = {}): Promise<Response> {
  const answer = await fetch(`${emulator.endpoint}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

async function putItem(emulator: Emulator, id: string): Promise<void> {
  await dynamoClient(emulator).send(new PutItemCommand({ TableName: 'table', Item: { id: { S: id } } }));
}

function dynamoClient({ endpoint }: Emulator): DynamoDBClient {
  return new DynamoDBClient({ endpoint, region, credentials });
}

function sqsClient({ endpoint }: Emulator): SQSClient {
  return new SQSClient({ endpoint, region, credentials });
}

function sinkOf(name: string): string {
  return join(root, `${name}.jsonl`);
}

const callSchema = z.object({ event: z.record(z.string(), z.unknown()), pid: z.number() });
type Call = z.infer<typeof callSchema>;

/** The calls of a function, once there are so many. */
async function readCalls(name: string, count: number): Promise<Call[]> {
  return waitFor(async () => {
    const text = await readFile(sinkOf(name), 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.length >= count ? lines.map((line) => callSchema.parse(JSON.parse(line))) : undefined;
  });
}

/** Asks until there is an answer: nothing outside the emulator is told of a Lambda call. */
async function waitFor<T>(read: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    await delay(20);
  }
}
