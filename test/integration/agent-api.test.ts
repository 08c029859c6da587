import { beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  claimAnswerSchema,
  type completionSchema,
  standingSchema,
} from '../../shared/contracts/agent-protocol.ts';
import { logPageSchema } from '../../shared/contracts/entities/log.ts';
import { runSchema } from '../../shared/contracts/entities/run.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import { finish } from '../../shared/domain/run/lifecycle.ts';
import type { Table } from '../../shared/store/table.ts';
import { logLine, logLines, ulid } from '../support/builders.ts';
import { call, problem } from './client.ts';
import { openTables, storeOf } from './inside.ts';
import { CLAIM_TOKEN, makeRunning, type Running } from './running.ts';

let core: Table;
beforeAll(async () => {
  ({ core } = await openTables());
});

const runner = (name: string) => ({
  runnerId: `runner-${name}-0123456789`,
  runnerVersion: '1.0.0',
  packerVersion: '1.15.1',
  hostname: 'builder',
});
const agent = ({ workspace, run }: Running) => {
  const base = `/v1/agent/workspaces/${workspace.id}/runs/${run.id}`;
  const post = (verb: string, token: string | undefined, body: unknown) =>
    call('POST', `${base}/${verb}`, { token, body });
  return {
    post,
    claim: (name = 'one', token = CLAIM_TOKEN) => post('claim', token, runner(name)),
    get: (verb: string, token: string) => call('GET', `${base}/${verb}`, { token }),
  };
};
const claimed = async (running: Running) => {
  const { post, claim } = agent(running);
  const { leaseToken } = claimAnswerSchema.parse((await claim()).body);
  return { leaseToken, send: (verb: string, body: unknown) => post(verb, leaseToken, body), claim };
};
const completion: z.input<typeof completionSchema> = {
  outcome: 'failed',
  exitCode: 1,
  artifacts: [],
  errors: [{ seq: 2, step: 1, text: 'Script exited with non-zero exit status: 3.' }],
  temporaries: [],
  lastSeq: 2,
};
const read = async ({ workspace, run }: Running) =>
  runSchema.parse((await workspace.at('GET', `/runs/${run.id}`)).body);

describe('a claim', () => {
  test('gives the job to one runner, and to the same one again', async () => {
    const running = await makeRunning(core);
    const { claim } = agent(running);
    const first = claimAnswerSchema.parse((await claim()).body);
    expect(first).toMatchObject({ nextSeq: 1, stop: false, bundle: { sha256: 'f'.repeat(64) } });
    expect(first.silence).toEqual({ warnAfterSeconds: 900, endAfterSeconds: 21_600 });
    expect(Math.abs(Date.parse(first.now ?? '') - Date.now())).toBeLessThan(60_000);
    expect(first.variables).toEqual({ [Object.keys(first.variables)[0] ?? '']: 'planted-licence-key' });
    const again = claimAnswerSchema.parse((await claim()).body);
    expect(again.leaseToken).not.toBe(first.leaseToken);
    const second = await claim('two');
    expect([second.status, problem(second).code]).toEqual([409, 'lease-lost']);
  });

  test('by five runners at once is won by one', async () => {
    const { claim } = agent(await makeRunning(core));
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => claim(name)));
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([
      200, 409, 409, 409, 409,
    ]);
  });

  test('with a wrong token, a late one or none is refused', async () => {
    const late: Partial<StoredRun> = {
      claim: { tokenSha256: 'f'.repeat(64), until: '2020-01-01T00:00:00.000Z' },
    };
    const wrong = await agent(await makeRunning(core)).claim('one', 'wrong-token');
    const tooLate = await agent(await makeRunning(core, late)).claim();
    const none = await agent(await makeRunning(core)).post('claim', undefined, runner('one'));
    expect([wrong, tooLate, none].map((answer) => [answer.status, problem(answer).code])).toEqual([
      [401, 'bad-token'],
      [401, 'bad-token'],
      [401, 'no-token'],
    ]);
  });

  test('of a run in another workspace, or of none, reveals nothing', async () => {
    const running = await makeRunning(core);
    const other = await makeRunning(core);
    const elsewhere = { ...running, workspace: other.workspace };
    const nowhere = { ...running, run: { ...running.run, id: `run_${ulid('NONE')}` } };
    for (const place of [elsewhere, nowhere]) {
      const answer = await agent(place).claim();
      expect([answer.status, problem(answer).code]).toEqual([401, 'bad-token']);
    }
  });

  test('by a person’s or a program’s token is refused', async () => {
    const running = await makeRunning(core);
    const token = await running.workspace.token('owner');
    expect((await agent(running).claim('one', token)).status).toBe(401);
  });
});

describe('log chunks', () => {
  test('are stored once, in order, and can be read at once (S45, S74)', async () => {
    const running = await makeRunning(core);
    const { send } = await claimed(running);
    const first = await send('log', { lines: logLines(1, 3) });
    expect([first.status, standingSchema.parse(first.body)]).toEqual([
      200,
      expect.objectContaining({ nextSeq: 4, stop: false }),
    ]);
    const again = await send('log', { lines: logLines(1, 3) });
    expect([again.status, standingSchema.parse(again.body).nextSeq]).toEqual([200, 4]);
    const hole = await send('log', { lines: logLines(5, 6) });
    expect(problem(hole)).toMatchObject({ status: 409, code: 'out-of-order', expectedSeq: 4 });
    await send('log', { lines: logLines(3, 5) });
    const page = await running.workspace.at('GET', `/runs/${running.run.id}/log?order=oldest`);
    expect(logPageSchema.parse(page.body)).toMatchObject({
      lines: logLines(1, 5),
      lastSeq: 5,
      complete: false,
    });
  });

  test('with another text under a number that is taken are refused, and change nothing', async () => {
    const running = await makeRunning(core);
    const { send } = await claimed(running);
    await send('log', { lines: logLines(1, 3) });
    const other = await send('log', { lines: [logLine(3, 'another text'), logLine(4)] });
    expect(problem(other)).toMatchObject({ status: 409, code: 'out-of-order', expectedSeq: 4 });
    const page = await running.workspace.at('GET', `/runs/${running.run.id}/log?order=oldest`);
    expect(logPageSchema.parse(page.body).lines).toEqual(logLines(1, 3));
  });

  test('of a runner that has lost its lease are refused', async () => {
    const running = await makeRunning(core);
    const { send, claim } = await claimed(running);
    await claim();
    for (const [verb, body] of [
      ['log', { lines: logLines(1, 1) }],
      ['heartbeat', {}],
      ['complete', completion],
    ] as const) {
      const answer = await send(verb, body);
      expect([verb, answer.status, problem(answer).code]).toEqual([verb, 409, 'lease-lost']);
    }
  });

  test.each([
    ['/lines/0/text', { lines: [logLine(1, 'x'.repeat(8193))] }],
    ['/lines/0/text', { lines: [logLine(1, '\u001b[31m')] }],
    ['/lines/0/seq', { lines: [logLine(0)] }],
    ['/lines', { lines: [] }],
  ])('that are wrong at %s are refused with 422', async (pointer, body) => {
    const { send } = await claimed(await makeRunning(core));
    expect(problem(await send('log', body)).errors?.map((error) => error.pointer)).toContain(pointer);
  });

  test('carry progress: steps and the build VM are seen while they happen (S76, S83)', async () => {
    const running = await makeRunning(core);
    const { send } = await claimed(running);
    const at = new Date().toISOString();
    const buildVm = { kind: 'ec2-instance', locator: 'us-east-1/i-1', address: '10.0.0.7' };
    await send('log', {
      lines: logLines(1, 1),
      progress: { steps: [{ index: 1, status: 'running', at }], buildVm },
    });
    expect(await read(running)).toMatchObject({ currentStep: { index: 1, startedAt: at }, buildVm });
  });
});

describe('the word that Packer is about to start', () => {
  test('is written down once, however often it is said (F14, F15)', async () => {
    const running = await makeRunning(core);
    const { send } = await claimed(running);
    const word = { progress: { packerStarts: true } };
    const stored = () => storeOf(core, running.workspace.id).get(running.run.id);
    expect(standingSchema.parse((await send('heartbeat', word)).body).stop).toBe(false);
    const { packerStartedAt } = (await stored()) ?? {};
    expect(packerStartedAt).toBeDefined();
    expect((await send('heartbeat', word)).status).toBe(200);
    expect((await stored())?.packerStartedAt).toBe(packerStartedAt);
  });

  test('of a run that is to stop is answered with the stop', async () => {
    const running = await makeRunning(core);
    const { send } = await claimed(running);
    await running.workspace.at('POST', `/runs/${running.run.id}/stop`);
    const answer = await send('heartbeat', { progress: { packerStarts: true } });
    expect(standingSchema.parse(answer.body).stop).toBe(true);
    const stored = await storeOf(core, running.workspace.id).get(running.run.id);
    expect(stored?.packerStartedAt).toBeUndefined();
  });
});

describe('a stop of a running run', () => {
  test('is told by every answer, and is Stopped only when it was carried out (S62)', async () => {
    const running = await makeRunning(core);
    const { send } = await claimed(running);
    const stop = () => running.workspace.at('POST', `/runs/${running.run.id}/stop`);
    expect((await stop()).body).toMatchObject({ status: 'Running', phase: 'stopping' });
    expect((await stop()).status).toBe(202);
    expect(standingSchema.parse((await send('log', { lines: logLines(1, 1) })).body).stop).toBe(true);
    expect(standingSchema.parse((await send('heartbeat', {})).body).stop).toBe(true);
    expect((await read(running)).status).toBe('Running');
  });

  test('has no effect once the build is complete', async () => {
    const running = await makeRunning(core);
    const { send } = await claimed(running);
    await send('complete', completion);
    const answer = await running.workspace.at('POST', `/runs/${running.run.id}/stop`);
    expect([answer.status, runSchema.parse(answer.body).stopRequestedAt]).toEqual([202, undefined]);
  });
});

describe('a completion', () => {
  test('is taken once, however often it is sent', async () => {
    const running = await makeRunning(core);
    const { send } = await claimed(running);
    const other = { ...completion, outcome: 'succeeded', errors: [] };
    const statuses = [];
    for (const body of [completion, completion, other]) statuses.push((await send('complete', body)).status);
    expect(statuses).toEqual([200, 200, 200]);
    const stored = await storeOf(core, running.workspace.id).get(running.run.id);
    expect(stored?.completion?.outcome).toBe('failed');
  });

  test('of a run that has ended without one comes too late', async () => {
    const running = await makeRunning(core);
    const { send } = await claimed(running);
    const runs = storeOf(core, running.workspace.id);
    const current = await runs.get(running.run.id);
    const end = current && finish(current, { outcome: 'stopped' }, new Date().toISOString());
    if (current !== undefined && end !== undefined) await runs.change(current, end);
    const answer = await send('complete', completion);
    expect([answer.status, problem(answer).code]).toEqual([409, 'lease-lost']);
    expect((await send('heartbeat', {})).status).toBe(409);
  });
});
