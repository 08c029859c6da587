import { claim } from '../../../functions/agent-api/claim.ts';
import { complete } from '../../../functions/agent-api/complete.ts';
import { takeChunk, takeHeartbeat } from '../../../functions/agent-api/log-and-heartbeat.ts';
import type { Send } from '../../../functions/runner/http-call.ts';
import {
  chunkRequestSchema,
  claimRequestSchema,
  completionSchema,
  heartbeatRequestSchema,
} from '../../../shared/contracts/agent-protocol.ts';
import { ApiProblem, problemOf } from '../../../shared/runtime/api/problem.ts';
import type { ResourceFiles } from '../../../shared/store/resource-files.ts';
import type { SimulatedEngine } from './engine.ts';
import { type Invocation, invoke, type Simulation } from './invocation.ts';

/** Seconds between heartbeats: few, so that histories are short; the reconciler looks after 30 s of silence. */
const RHYTHM = { heartbeatSeconds: 20, chunkIntervalMilliseconds: 2000 };
const LIMIT_MS = 25_000;
/** A client that gets no answer gives up after this (functions/runner/http-call.ts). */
const CLIENT_PATIENCE_MS = 30_000;
const LONGEST_CUT_MS = 12 * 60_000;

type Parts = {
  engineOf: (self: Invocation) => SimulatedEngine;
  wake: (self: Invocation) => (taskToken: string) => Promise<unknown>;
  resources: ResourceFiles;
};

type Answer = { status: number; body: unknown };
type Call = {
  params: { workspaceId: string; runId: string };
  headers: Record<string, string>;
  body: unknown;
};

const PATH = /^https:\/\/api\.test\/v1\/agent\/workspaces\/([^/]+)\/runs\/([^/]+)\/([a-z]+)$/;

const answer = async ({ engineOf, wake, resources }: Parts, self: Invocation, verb: string, call: Call) => {
  const engine = engineOf(self);
  switch (verb) {
    case 'claim':
      return claim({ ...engine, resources }, RHYTHM, { ...call, body: claimRequestSchema.parse(call.body) });
    case 'log':
      return takeChunk(engine, { ...call, body: chunkRequestSchema.parse(call.body) });
    case 'heartbeat':
      return takeHeartbeat(engine, { ...call, body: heartbeatRequestSchema.parse(call.body) });
    case 'complete':
      await complete(engine, wake(self), { ...call, body: completionSchema.parse(call.body) });
      return {};
    default:
      throw new Error(`no verb ${verb}`);
  }
};

/** Its text is there at once: a body of `fetch` is a stream, which a million answers have no time for. */
class PlayedResponse extends Response {
  override readonly text: () => Promise<string>;
  constructor(status: number, text: string) {
    super(null, { status });
    this.text = () => Promise.resolve(text);
  }
}

const authorizationOf = (headers: RequestInit['headers'] = {}): string =>
  (headers instanceof Headers || Array.isArray(headers)
    ? new Headers(headers).get('authorization')
    : headers['authorization']) ?? '';

const handle = async (simulation: Simulation, parts: Parts, verb: string, call: Call): Promise<Answer> => {
  const name = `agent-api ${verb}`;
  try {
    const body = await invoke(simulation, { name, limitMs: LIMIT_MS }, (self) =>
      answer(parts, self, verb, call),
    );
    return { status: 200, body };
  } catch (error) {
    if (!(error instanceof ApiProblem)) return { status: 500, body: {} };
    const body = problemOf(error, 'request');
    return { status: body.status, body };
  }
};

/** The network between a runner and the agent API; it may be cut for a while, for one runner or for all. */
export const agentApi = (simulation: Simulation, parts: Parts) => {
  const { time, random, weather, tell } = simulation;
  const away = weather.strikes('apiAway') ? cut(simulation) : undefined;
  const isIn = (window: Cut | undefined): boolean =>
    window !== undefined && time.now() >= window.from && time.now() < window.to;

  const deliver = async (url: string, init: RequestInit): Promise<Answer> => {
    const [, workspaceId = '', runId = '', verb = ''] = PATH.exec(url) ?? [];
    const headers = { authorization: authorizationOf(init.headers) };
    const body: unknown = JSON.parse(typeof init.body === 'string' ? init.body : '{}');
    return handle(simulation, parts, verb, { params: { workspaceId, runId }, headers, body });
  };
  const lose = async (why: string): Promise<never> => {
    await time.sleep(random.between(50, CLIENT_PATIENCE_MS));
    throw new Error(why);
  };
  const pass = async (url: string, init: RequestInit): Promise<Answer> => {
    if (weather.strikes('apiRequestLost')) return lose('the request was lost');
    if (weather.strikes('apiLate')) {
      time.timer(random.between(31_000, 180_000), () => void deliver(url, init));
      return lose('the request is late');
    }
    if (weather.strikes('apiTwice'))
      time.timer(
        random.chance(0.5) ? random.between(0, 40) : random.between(1, 20_000),
        () => void deliver(url, init),
      );
    const answered = await deliver(url, init);
    return weather.strikes('apiAnswerLost') ? lose('the answer was lost') : answered;
  };
  /** How one runner reaches the API. */
  return (buildId: string): Send => {
    const own = weather.strikes('apiAway') ? cut(simulation) : undefined;
    return async (url, init) => {
      await time.sleep(random.between(2, 30));
      if (isIn(away) || isIn(own)) {
        tell(buildId, 'does not reach the API');
        return lose('no connection');
      }
      const { status, body } = await pass(url, init);
      return new PlayedResponse(status, JSON.stringify(body));
    };
  };
};

type Cut = { from: number; to: number };

const cut = ({ time, random }: Simulation): Cut => {
  const from = time.now() + random.between(0, 20 * 60_000);
  return { from, to: from + random.between(10_000, LONGEST_CUT_MS) };
};
