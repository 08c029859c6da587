import { claim, type Rhythm } from '../../functions/agent-api/claim.ts';
import { complete } from '../../functions/agent-api/complete.ts';
import { takeChunk, takeHeartbeat } from '../../functions/agent-api/log-and-heartbeat.ts';
import type { SendToSocket } from '../../shared/actions/engine.ts';
import {
  chunkRequestSchema,
  claimRequestSchema,
  completionSchema,
  heartbeatRequestSchema,
} from '../../shared/contracts/agent-protocol.ts';
import type { RunSnapshot } from '../../shared/contracts/snapshot.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import { ApiProblem, problemOf } from '../../shared/runtime/api/problem.ts';
import type { Clock } from '../../shared/store/clock.ts';
import { snapshot as anySnapshot } from '../unit/shared/packer/fixtures.ts';
import { at, runningRun } from './builders.ts';
import { memoryEngine, putRun, readLog, readRun } from './engine.ts';
import { memoryFiles } from './memory-files.ts';
import { memoryTable } from './memory-table.ts';

/** The agent API's own functions over tables in memory: without the gateway, S3, KMS and the workflow. */

export const CLAIM_TOKEN = 'claim-token-0123456789';

export type AgentWorld = {
  /** What the API's clock shows; by default second 100. */
  now?: () => string;
  clock?: Clock;
  snapshot?: RunSnapshot;
  bundle?: { url: () => string; sha256: string };
  rhythm?: Rhythm;
  send?: SendToSocket;
};

export type AgentVerb = 'claim' | 'log' | 'heartbeat' | 'complete';
export type AgentReply = { status: number; code: string | undefined; body: unknown };

/** A run that waits for its runner, and what runners may say about it. `woken`: task tokens that were answered. */
export const agentEngine = async (fields: Partial<StoredRun> = {}, world: AgentWorld = {}) => {
  const memory = memoryEngine();
  const tables = world.clock === undefined ? {} : { clock: world.clock };
  const { url = () => 'https://files.test/bundle', sha256: digest = 'f'.repeat(64) } = world.bundle ?? {};
  const engine = {
    ...memory.engine,
    core: memoryTable(tables),
    traffic: memoryTable(tables),
    now: world.now ?? (() => at(100)),
    send: world.send ?? memory.engine.send,
    files: {
      ...memory.engine.files,
      getSnapshot: async () => world.snapshot ?? anySnapshot(),
      bundleUrl: async () => url(),
    },
    secrets: { ...memory.engine.secrets, open: async (_place: unknown, ciphertext: string) => ciphertext },
    resources: memoryFiles().files,
  };
  const { rhythm = { heartbeatSeconds: 5, chunkIntervalMilliseconds: 250 } } = world;
  const run = await putRun(
    engine.core,
    runningRun({
      taskToken: 'task-token',
      claim: { tokenSha256: sha256(CLAIM_TOKEN), until: at(2710) },
      bundle: { key: 'jobs/1.json', sha256: digest },
      ...fields,
    }),
  );
  const woken: string[] = [];
  const wake = async (token: string) => woken.push(token);

  const answer = (verb: AgentVerb, token: string, body: unknown): Promise<unknown> => {
    const params = { workspaceId: run.workspaceId, runId: run.id };
    const call = { params, headers: { authorization: `Bearer ${token}` } };
    if (verb === 'claim') return claim(engine, rhythm, { ...call, body: claimRequestSchema.parse(body) });
    if (verb === 'log') return takeChunk(engine, { ...call, body: chunkRequestSchema.parse(body) });
    if (verb === 'heartbeat')
      return takeHeartbeat(engine, { ...call, body: heartbeatRequestSchema.parse(body) });
    return complete(engine, wake, { ...call, body: completionSchema.parse(body) });
  };
  return {
    engine,
    run,
    woken,
    call: (verb: AgentVerb, token: string, body: unknown = {}): Promise<AgentReply> =>
      answer(verb, token, body).then(
        (given) => ({ status: 200, code: undefined, body: given ?? {} }),
        asReply,
      ),
    after: () => readRun(engine.core, run.id),
    log: () => readLog(engine.traffic, run.id),
  };
};

/** A refusal as the gateway sends it; anything else is a fault of the test. */
const asReply = (error: unknown): AgentReply => {
  if (!(error instanceof ApiProblem)) throw error;
  const body = problemOf(error, 'request');
  return { status: body.status, code: error.code, body };
};
