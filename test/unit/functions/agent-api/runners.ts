import { expect } from 'vitest';
import { claimAnswerSchema, standingSchema } from '../../../../shared/contracts/agent-protocol.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { agentEngine, type AgentVerb, type AgentWorld, CLAIM_TOKEN } from '../../../support/agent-engine.ts';

export const COMPLETION = {
  outcome: 'failed' as const,
  exitCode: 1,
  artifacts: [],
  errors: [],
  temporaries: [],
  lastSeq: 0,
};

/** The claim of a runner process. */
export const claimOf = (name: string, fields: object = {}) => ({
  runnerId: `runner-${name}-0123456789`,
  runnerVersion: '1.0.0',
  packerVersion: '1.15.1',
  hostname: 'builder',
  ...fields,
});

/** A run and the runners that come for it. */
export const runners = async (fields: Partial<StoredRun> = {}, world: AgentWorld = {}) => {
  const api = await agentEngine(fields, world);
  const claim = async (name = 'one', token = CLAIM_TOKEN, more: object = {}) =>
    api.call('claim', token, claimOf(name, more));
  /** A runner that has the run. */
  const hold = async (name = 'one', token = CLAIM_TOKEN) => {
    const reply = await claim(name, token);
    expect(reply.status).toBe(200);
    const answer = claimAnswerSchema.parse(reply.body);
    const say = (verb: AgentVerb, body: unknown = {}) => api.call(verb, answer.leaseToken, body);
    return {
      answer,
      say,
      standing: async (body: unknown = {}) => standingSchema.parse((await say('heartbeat', body)).body),
    };
  };
  return { ...api, claim, hold };
};

export const PACKER_STARTS = { progress: { packerStarts: true } };
