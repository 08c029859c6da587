import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { claimRun, createAgentClient } from '../../../../functions/runner/agent-client.ts';
import {
  LeaseLostError,
  OutOfOrderError,
  RefusedError,
  UnreachableError,
} from '../../../../functions/runner/agent-errors.ts';
import { callAgentApi, type Send } from '../../../../functions/runner/http-call.ts';
import { type AgentApi, bundleOf, type Fault, startAgentApi, type Verb } from '../../../support/agent-api.ts';
import { createFastClock } from './fake-time.ts';

let api: AgentApi | undefined;
afterEach(() => api?.close());

const start = async (fault?: (verb: Verb, count: number) => Fault | undefined) => {
  api = await startAgentApi({ bundle: bundleOf({}), ...(fault && { fault }) });
  const clock = createFastClock();
  const tools = { send: fetch, clock, random: () => 0.5 };
  const address = {
    apiUrl: api.url,
    workspaceId: api.environment['GOLDSMITH_WORKSPACE_ID'] ?? '',
    runId: api.environment['GOLDSMITH_RUN_ID'] ?? '',
  };
  const { leaseToken } = api;
  return {
    api,
    clock,
    tools,
    address,
    client: createAgentClient(tools, address, (call) => call(leaseToken)),
  };
};
const later = (clock: { now: () => number }, minutes = 10) => {
  const until = clock.now() + minutes * 60_000;
  return { until: () => until };
};
const request = { runnerId: 'r'.repeat(16), runnerVersion: '1', packerVersion: '1.6.6', hostname: 'h' };

describe('a call to the agent API', () => {
  const faults: [string, Fault][] = [
    ['500', { kind: 'status', status: 500 }],
    ['503 although it was carried out', { kind: 'status', status: 503, applied: true }],
    ['429', { kind: 'status', status: 429 }],
    ['408', { kind: 'status', status: 408 }],
    ['a dropped connection', { kind: 'drop', applied: false }],
    ['a connection dropped after the work', { kind: 'drop', applied: true }],
    ['a page instead of JSON', { kind: 'garbage' }],
    ['401 of something in between', { kind: 'garbage', status: 401 }],
    ['403 of something in between', { kind: 'garbage', status: 403 }],
    ['404 of something in between', { kind: 'garbage', status: 404 }],
  ];
  it.each(faults)('gets its answer in the end after %s, twice', async (_name, fault) => {
    const { api, clock, tools, address } = await start((_verb, count) => (count <= 2 ? fault : undefined));

    const claim = await claimRun(tools, address, api.claimToken, request, later(clock));

    expect(claim.leaseToken).toBe(api.leaseTokenOf(api.state.claims.length));
    expect(api.state.counts.claim).toBe(3);
    expect(new Set(api.state.claims.map(({ runnerId }) => runnerId)).size).toBe(1);
  });

  it('waits twice as long each time up to a bound, with full jitter', async () => {
    const { clock, client } = await start(() => ({ kind: 'status', status: 500 }));
    await expect(client.sendHeartbeat({}, later(clock))).rejects.toThrow(UnreachableError);
    expect(clock.sleeps.slice(0, 8)).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  it('goes on for as long as it may, over ten minutes of absence', async () => {
    const { api, clock, client } = await start();
    api.goAway();
    const begun = clock.now();
    const sleep = clock.sleep;
    clock.sleep = async (milliseconds) => {
      await sleep(milliseconds);
      if (clock.now() - begun > 11 * 60_000) api.comeBack();
    };
    await expect(client.sendHeartbeat({}, later(clock, 15))).resolves.toMatchObject({ stop: false });
  });

  it('gives up when the time is over', async () => {
    const { api, clock, client } = await start();
    api.goAway();
    const begun = clock.now();
    await expect(client.sendHeartbeat({}, later(clock, 3))).rejects.toThrow(UnreachableError);
    expect(clock.now() - begun).toBeLessThanOrEqual(3 * 60_000);
  });

  it('asks only once when it may not wait', async () => {
    const { api, client } = await start(() => ({ kind: 'status', status: 500 }));
    await expect(client.sendHeartbeat({}, { until: () => 0 })).rejects.toThrow(UnreachableError);
    expect(api.state.counts.heartbeat).toBe(1);
  });

  it('ends at once when it is aborted, also while it waits for an answer', async () => {
    const { api, clock, client } = await start(() => ({ kind: 'delay', milliseconds: 5000 }));
    const controller = new AbortController();
    const call = client.sendHeartbeat({}, { ...later(clock), signal: controller.signal });
    const failure = call.catch((error: unknown) => error);
    await expect.poll(() => api.state.counts.heartbeat).toBe(1);
    controller.abort();
    await expect(failure).resolves.toBeInstanceOf(UnreachableError);
  });

  it('knows a lost lease', async () => {
    const { api, clock, client } = await start();
    api.state.isLeaseLost = true;
    await expect(client.sendHeartbeat({}, later(clock))).rejects.toThrow(LeaseLostError);
    expect(api.state.counts.heartbeat).toBe(1);
  });

  it('takes 413 for a refusal whoever says so: a gateway has limits of its own', async () => {
    const { clock, client } = await start(() => ({ kind: 'garbage', status: 413 }));
    await expect(client.sendHeartbeat({}, later(clock))).rejects.toThrow(RefusedError);
  });

  it.each([400, 401, 403, 404, 413, 422])('takes %i for a refusal and does not ask again', async (status) => {
    const { api, clock, client } = await start(() => ({ kind: 'status', status, code: 'some-code' }));
    await expect(client.sendHeartbeat({}, later(clock))).rejects.toMatchObject({
      name: 'RefusedError',
      status,
    });
    expect(api.state.counts.heartbeat).toBe(1);
  });

  it('says whether a chunk that is out of order may have arrived before', async () => {
    const { api, clock, client } = await start((_verb, count) =>
      count === 1 ? { kind: 'status', status: 500 } : undefined,
    );
    api.writeForeignLines(4);
    const lines = [
      { seq: 1, ts: '2026-01-01T00:00:00.000Z', step: null, stream: 'packer', level: 'info', text: '' },
    ] as const;
    const first = client.sendLog({ lines: [...lines] }, later(clock));
    await expect(first).rejects.toEqual(new OutOfOrderError(5, true));
    const second = client.sendLog({ lines: [...lines] }, later(clock));
    await expect(second).rejects.toMatchObject({ expectedSeq: 5, wasUncertain: false });
  });

  it('is content with any answer to a completion', async () => {
    const { clock, tools } = await start();
    const send: Send = async () => new Response(null, { status: 204 });
    const client = createAgentClient(
      { ...tools, send },
      { apiUrl: 'http://x', workspaceId: 'w', runId: 'r' },
      (call) => call('t'),
    );
    const completion = {
      outcome: 'failed',
      exitCode: 1,
      artifacts: [],
      errors: [],
      temporaries: [],
      lastSeq: 0,
    } as const;
    await expect(
      client.complete({ ...completion, artifacts: [], errors: [], temporaries: [] }, later(clock)),
    ).resolves.toBeUndefined();
  });

  it('never follows a redirect with its token', async () => {
    const { clock, tools } = await start();
    const seen: RequestInit[] = [];
    const send: Send = async (_url, init) => {
      seen.push(init);
      return new Response('{}');
    };
    const call = { method: 'GET', url: 'http://x', token: 't', ...later(clock) } as const;
    await callAgentApi({ ...tools, send }, call, z.object({}));
    expect(seen[0]?.redirect).toBe('error');
    expect(seen[0]?.body).toBeUndefined();
  });

  it('keeps the text of a refusal to its status and code', async () => {
    const { clock, client } = await start(() => ({ kind: 'status', status: 403, code: 'role-too-small' }));
    await expect(client.sendHeartbeat({}, later(clock))).rejects.toEqual(
      new RefusedError(403, 'refused with 403 role-too-small'),
    );
  });
});
