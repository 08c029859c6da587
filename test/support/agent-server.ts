import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { VendedCredentials } from '../../shared/contracts/agent-protocol.ts';
import type { JobBundle } from '../../shared/contracts/bundle.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import {
  agentEngine,
  type AgentReply,
  type AgentVerb,
  type AgentWorld,
  CLAIM_TOKEN,
} from './agent-engine.ts';

/** The agent API's own functions behind a real HTTP server, with the job's bundle beside them. */

export type ServerWorld = Omit<AgentWorld, 'bundle'> & {
  bundle: JobBundle;
  credentials?: () => VendedCredentials;
  /** Awaited before a request is answered. */
  before?: (verb: string) => Promise<unknown>;
};

const VERBS: readonly AgentVerb[] = ['claim', 'log', 'heartbeat', 'complete'];

const readBody = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) if (part instanceof Buffer) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
};

const reply = (response: ServerResponse, { status, body }: Pick<AgentReply, 'status' | 'body'>): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** Starts the API of one run on a port of its own. `counts`: requests by verb. */
export const startAgentServer = async (
  { bundle, credentials, before = async () => undefined, ...world }: ServerWorld,
  fields: Partial<StoredRun> = {},
) => {
  let base = '';
  const bytes = JSON.stringify(bundle);
  const api = await agentEngine(fields, {
    ...world,
    bundle: { url: () => `${base}/bundle`, sha256: sha256(bytes) },
  });
  const counts: Record<string, number> = {};

  const answer = async (verb: string, token: string, body: string) => {
    const known = VERBS.find((one) => one === verb);
    if (known !== undefined) return api.call(known, token, JSON.parse(body));
    return verb === 'credentials' && credentials !== undefined
      ? { status: 200, body: credentials() }
      : { status: 404, body: {} };
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const verb = (request.url ?? '').split('/').at(-1) ?? '';
    const body = await readBody(request);
    counts[verb] = (counts[verb] ?? 0) + 1;
    await before(verb);
    if (verb === 'bundle') return void response.end(bytes);
    reply(response, await answer(verb, request.headers.authorization?.replace('Bearer ', '') ?? '', body));
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  return {
    ...api,
    counts,
    /** What a runner with this claim token is started with. */
    environment: (claimToken = CLAIM_TOKEN) => ({
      GOLDSMITH_API_URL: base,
      GOLDSMITH_WORKSPACE_ID: api.run.workspaceId,
      GOLDSMITH_RUN_ID: api.run.id,
      GOLDSMITH_CLAIM_TOKEN: claimToken,
    }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
