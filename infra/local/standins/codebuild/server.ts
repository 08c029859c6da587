/**
 * The stand-in's process: AWS CodeBuild's JSON 1.1 protocol over HTTP on loopback.
 * Started by index.ts; ends all builds and itself on SIGTERM and when its parent is gone.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { BuildHost } from './build-host.ts';
import { InvalidInputError, NotFoundError } from './errors.ts';
import { FAULTS } from './faults.ts';
import { projectReader } from './project.ts';
import { reapBuilds } from './reap-builds.ts';
import { parseBatchGetBuilds, parseListBuilds, parseStartBuild, parseStopBuild } from './requests.ts';
import { SETTINGS_VARIABLE, settingsSchema } from './settings.ts';

const TARGET_PREFIX = 'CodeBuild_20161006.';

type Operation = (host: BuildHost, body: unknown) => Promise<unknown>;

const OPERATIONS = new Map<string, Operation>([
  ['StartBuild', async (host, body) => ({ build: await host.start(parseStartBuild(body)) })],
  ['StopBuild', async (host, body) => ({ build: await host.stop(parseStopBuild(body).id) })],
  ['BatchGetBuilds', async (host, body) => host.get(parseBatchGetBuilds(body).ids)],
  ['ListBuildsForProject', (host, body) => host.list(parseListBuilds(body))],
]);

async function main(): Promise<void> {
  const settings = settingsSchema.parse(JSON.parse(process.env[SETTINGS_VARIABLE] ?? ''));
  const records = await reapBuilds(settings);
  const readProject = projectReader(settings.emulatorEndpoint, settings.region);
  const host = new BuildHost(settings, readProject, records);
  const server = createServer((request, response) => {
    void answer(host, request, response);
  });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= host.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', close);
  // The parent holds standard input open; its end means that the parent is gone.
  process.stdin.on('close', close).resume();
  server.listen(settings.port, settings.host);
}

async function answer(host: BuildHost, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') {
    reply(response, 200, { status: 'healthy' });
    return;
  }
  try {
    const target = String(request.headers['x-amz-target'] ?? '');
    const operation = FAULTS.get(request.url ?? '') ?? OPERATIONS.get(target.replace(TARGET_PREFIX, ''));
    if (operation === undefined) {
      reply(response, 400, { __type: 'UnknownOperationException', message: `not served: ${target}` });
      return;
    }
    reply(response, 200, (await operation(host, parseBody(await text(request)))) ?? {});
  } catch (error) {
    replyError(response, error);
  }
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new InvalidInputError('The body is no JSON', { cause: error });
  }
}

function replyError(response: ServerResponse, error: unknown): void {
  if (error instanceof InvalidInputError || error instanceof NotFoundError) {
    reply(response, 400, { __type: error.name, message: error.message });
    return;
  }
  console.error(error);
  reply(response, 500, { __type: 'InternalFailure', message: String(error) });
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': randomUUID(),
  });
  response.end(JSON.stringify(body));
}

await main();
