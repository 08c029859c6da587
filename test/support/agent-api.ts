import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { z } from 'zod';
import {
  type ClaimAnswer,
  type ClaimRequest,
  type Completion,
  chunkRequestSchema,
  claimRequestSchema,
  completionSchema,
  DEFAULT_SILENCE,
  heartbeatRequestSchema,
  type Progress,
  type Standing,
  type VendedCredentials,
} from '../../shared/contracts/agent-protocol.ts';
import type { JobBundle } from '../../shared/contracts/bundle.ts';
import type { LogLine } from '../../shared/contracts/entities/log.ts';

/**
 * The agent API at the network's edge: a real HTTP server that keeps the protocol's rules in memory and misbehaves
 * on demand. It knows one run.
 */

export type Verb = 'claim' | 'bundle' | 'file' | 'log' | 'heartbeat' | 'credentials' | 'complete';

/** What goes wrong with one request. `applied`: it is carried out all the same, only its answer is lost. */
export type Fault =
  | { kind: 'status'; status: number; code?: string; expectedSeq?: number; applied?: boolean }
  | { kind: 'drop'; applied: boolean }
  | { kind: 'delay'; milliseconds: number }
  /** Hangs until then. */
  | { kind: 'hang'; until: Promise<unknown> }
  /** Carried out twice, as if a proxy had repeated it. */
  | { kind: 'twice' }
  /** A page that is not the API's, with status 200 unless another is given. */
  | { kind: 'garbage'; status?: number };

export type AgentApiOptions = {
  bundle: JobBundle;
  claim?: Partial<ClaimAnswer>;
  credentials?: () => VendedCredentials;
  /** Uploaded files by their download keys. */
  files?: Record<string, string>;
  /** What the server's clock shows; by default it is not told. */
  now?: () => string;
  /** Decides for each request, counted from 1 per verb, what goes wrong. */
  fault?: (verb: Verb, count: number, body: string) => Fault | undefined;
};

const CLAIM_TOKEN = 'claim-token-0123456789';
/** The lease token that the n-th claim brings, from 1; only the last one is in force. */
const leaseTokenOf = (claim: number): string => `lease-token-0123456789${claim < 2 ? '' : `-${claim}`}`;
const WORKSPACE = 'ws_01HZZZZZZZZZZZZZZZZZZZZZZZ';
const RUN = 'run_01HZZZZZZZZZZZZZZZZZZZZZZZ';

type Answer = { status: number; body: unknown };
const ok = (body: unknown): Answer => ({ status: 200, body });
const problem = (status: number, code: string, more: object = {}): Answer => ({
  status,
  body: {
    type: `urn:goldsmith:problem:${code}`,
    code,
    title: code,
    status,
    detail: '',
    instance: '',
    ...more,
  },
});

/** What the API holds about its run, to be looked at by tests. */
const createState = (options: AgentApiOptions) => ({
  /** The whole log; `null` for a line that somebody else wrote. */
  lines: [] as (LogLine | null)[],
  chunks: [] as LogLine[][],
  progress: [] as Progress[],
  claims: [] as ClaimRequest[],
  completions: [] as Completion[],
  /** Every body that arrived, also of requests that failed. */
  bodies: [] as string[],
  counts: { claim: 0, bundle: 0, file: 0, log: 0, heartbeat: 0, credentials: 0, complete: 0 },
  /** Links that the first so many claims brought have expired. */
  expiredLinks: 0,
  /** Chunks that were being handled at the same time, at most. */
  chunksInFlight: { now: 0, most: 0 },
  stop: options.claim?.stop ?? false,
  isLeaseLost: false,
  deadlineAt: options.claim?.deadlineAt ?? new Date(Date.now() + 3_600_000).toISOString(),
  nextSeq: options.claim?.nextSeq ?? 1,
});
type State = ReturnType<typeof createState>;

export type AgentApi = {
  state: State;
  environment: Record<string, string>;
  url: string;
  claimToken: string;
  leaseToken: string;
  leaseTokenOf: typeof leaseTokenOf;
  /** Somebody else writes `count` lines to the run's log. */
  writeForeignLines: (count: number) => void;
  /** Resolves as soon as `holds`; looked at after each request. */
  until: (holds: (state: State) => boolean) => Promise<void>;
  /** Refuses all connections until `comeBack`. */
  goAway: () => void;
  comeBack: () => void;
  close: () => Promise<void>;
};

/** Starts the API on a port of its own. */
export const startAgentApi = async (options: AgentApiOptions): Promise<AgentApi> => {
  const state = createState(options);
  const changes = new EventEmitter().setMaxListeners(0);
  const bundleBytes = JSON.stringify(options.bundle);
  let isAway = false;
  let url = '';

  const answerTo = (verb: Verb, request: IncomingMessage, body: string): Answer => {
    if (verb === 'bundle' || verb === 'file') return fileOf(request);
    const token = request.headers.authorization?.replace('Bearer ', '');
    if (verb === 'claim' && token !== CLAIM_TOKEN) return problem(401, 'bad-token');
    const isInForce = verb === 'claim' || token === leaseTokenOf(state.claims.length);
    if (state.isLeaseLost || !isInForce) return problem(409, 'lease-lost');
    return handlers[verb](state, body, options, linksOf(url, state.claims.length + 1, bundleBytes, options));
  };
  const fileOf = (request: IncomingMessage): Answer => {
    const { pathname, searchParams } = new URL(request.url ?? '', url);
    if (Number(searchParams.get('claim')) <= state.expiredLinks) return { status: 403, body: '<Error/>' };
    return ok(pathname === '/bundle' ? bundleBytes : options.files?.[decodeURIComponent(pathname.slice(6))]);
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const verb = verbOf(request);
    if (isAway || verb === undefined) return void request.socket.destroy();
    const body = await readBody(request);
    state.bodies.push(body);
    state.counts[verb] += 1;
    if (verb === 'log') enter(state);
    try {
      const fault = options.fault?.(verb, state.counts[verb], body);
      await misbehave(fault, response, () => answerTo(verb, request, body));
    } finally {
      if (verb === 'log') state.chunksInFlight.now -= 1;
      changes.emit('change');
    }
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  return {
    state,
    url,
    claimToken: CLAIM_TOKEN,
    leaseToken: leaseTokenOf(1),
    leaseTokenOf,
    environment: {
      GOLDSMITH_API_URL: url,
      GOLDSMITH_WORKSPACE_ID: WORKSPACE,
      GOLDSMITH_RUN_ID: RUN,
      GOLDSMITH_CLAIM_TOKEN: CLAIM_TOKEN,
    },
    writeForeignLines: (count) => {
      for (let each = 0; each < count; each += 1) state.lines.push(null);
    },
    until: async (holds) => {
      while (!holds(state)) await once(changes, 'change');
    },
    goAway: () => {
      isAway = true;
      server.closeAllConnections();
    },
    comeBack: () => {
      isAway = false;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** What the n-th claim says about where the job's files are. */
const linksOf = (url: string, claim: number, bundle: string, { files = {} }: AgentApiOptions): Links => ({
  bundle: { url: `${url}/bundle?claim=${claim}`, sha256: sha256(bundle) },
  downloads: Object.fromEntries(
    Object.keys(files).map((key) => [key, `${url}/file/${encodeURIComponent(key)}?claim=${claim}`]),
  ),
});
type Links = Pick<ClaimAnswer, 'bundle' | 'downloads'>;

/** A bundle with the right checksums. */
export const bundleOf = (files: Record<string, string>, more: Partial<JobBundle> = {}): JobBundle => ({
  schemaVersion: 1,
  generation: '1.6',
  platform: 'aws',
  files: Object.entries(files).map(([path, content]) => ({ path, content, sha256: sha256(content) })),
  downloads: [],
  plugins: {},
  variables: [],
  steps: [],
  ...more,
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const enter = (state: State): void => {
  state.chunksInFlight.now += 1;
  state.chunksInFlight.most = Math.max(state.chunksInFlight.most, state.chunksInFlight.now);
};

const verbOf = ({ url = '' }: IncomingMessage): Verb | undefined => {
  if (url.startsWith('/bundle')) return 'bundle';
  if (url.startsWith('/file/')) return 'file';
  const prefix = `/v1/agent/workspaces/${WORKSPACE}/runs/${RUN}/`;
  const name = url.startsWith(prefix) ? url.slice(prefix.length) : '';
  return (['claim', 'log', 'heartbeat', 'credentials', 'complete'] as const).find((verb) => verb === name);
};

const readBody = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) if (part instanceof Buffer) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
};

const reply = (response: ServerResponse, { status, body }: Answer): void => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json' }).end(text);
};

const misbehave = async (
  fault: Fault | undefined,
  response: ServerResponse,
  carryOut: () => Answer,
): Promise<void> => {
  switch (fault?.kind) {
    case undefined:
      return reply(response, carryOut());
    case 'delay':
      await new Promise((resolve) => setTimeout(resolve, fault.milliseconds));
      return reply(response, carryOut());
    case 'hang':
      await fault.until;
      return reply(response, carryOut());
    case 'twice':
      carryOut();
      return reply(response, carryOut());
    case 'garbage':
      return reply(response, { status: fault.status ?? 200, body: '<html>Please log in</html>' });
    case 'drop':
      if (fault.applied) carryOut();
      return void response.destroy();
    case 'status':
      if (fault.applied === true) carryOut();
      return reply(
        response,
        problem(fault.status, fault.code ?? 'internal', { expectedSeq: fault.expectedSeq }),
      );
  }
};

type Handler = (state: State, body: string, options: AgentApiOptions, links: Links) => Answer;

const parse = <T extends z.ZodType>(schema: T, body: string) => schema.safeParse(JSON.parse(body));
const standing = (state: State, { now }: AgentApiOptions): Standing => ({
  stop: state.stop,
  nextSeq: state.nextSeq + state.lines.length,
  deadlineAt: state.deadlineAt,
  ...(now && { now: now() }),
});

const claim: Handler = (state, body, options, links) => {
  const { data } = parse(claimRequestSchema, body);
  if (data === undefined) return problem(422, 'invalid-body');
  const first = state.claims[0];
  if (first !== undefined && first.runnerId !== data.runnerId) return problem(409, 'lease-lost');
  state.claims.push(data);
  return ok({
    leaseToken: leaseTokenOf(state.claims.length),
    heartbeatSeconds: 0.2,
    chunkIntervalMilliseconds: 10,
    silence: DEFAULT_SILENCE,
    variables: {},
    redact: [],
    credentials: 'none',
    ...links,
    ...options.claim,
    ...standing(state, options),
  } satisfies ClaimAnswer);
};

const log: Handler = (state, body, options) => {
  const { data } = parse(chunkRequestSchema, body);
  const first = data?.lines[0]?.seq;
  if (data === undefined || first === undefined) return problem(422, 'invalid-body');
  if (data.lines.some(({ seq }, at) => seq !== first + at)) return problem(422, 'invalid-body');
  const offset = first - state.nextSeq;
  const held = state.lines.slice(Math.max(0, offset), offset + data.lines.length);
  const isRepeated = offset >= 0 && JSON.stringify(held) === JSON.stringify(data.lines);
  if (isRepeated) return ok(standing(state, options));
  if (offset !== state.lines.length) {
    return problem(409, 'out-of-order', { expectedSeq: state.nextSeq + state.lines.length });
  }
  state.lines.push(...data.lines);
  state.chunks.push(data.lines);
  if (data.progress !== undefined) state.progress.push(data.progress);
  return ok(standing(state, options));
};

const heartbeat: Handler = (state, body, options) => {
  const { data } = parse(heartbeatRequestSchema, body);
  if (data === undefined) return problem(422, 'invalid-body');
  if (data.progress !== undefined) state.progress.push(data.progress);
  return ok(standing(state, options));
};

const credentials: Handler = (_state, _body, options) =>
  options.credentials === undefined ? problem(404, 'not-found') : ok(options.credentials());

const complete: Handler = (state, body) => {
  const { data } = parse(completionSchema, body);
  if (data === undefined) return problem(422, 'invalid-body');
  if (data.progress !== undefined) state.progress.push(data.progress);
  state.completions.push(data);
  return ok({});
};

const handlers = { claim, log, heartbeat, credentials, complete } satisfies Record<string, Handler>;
