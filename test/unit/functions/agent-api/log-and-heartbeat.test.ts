import { describe, expect, test } from 'vitest';
import { standingSchema } from '../../../../shared/contracts/agent-protocol.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { changeRun } from '../../../../shared/actions/change-run.ts';
import { finish } from '../../../../shared/domain/run/lifecycle.ts';
import { logStore } from '../../../../shared/store/log-store.ts';
import { at, logLine, logLines } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { COMPLETION, PACKER_STARTS, runners } from './runners.ts';

describe('a chunk of the log', () => {
  test('is stored once, however often it is sent (F40)', async () => {
    const { hold, log } = await runners();
    const { say } = await hold();
    for (let each = 0; each < 3; each += 1) {
      const reply = await say('log', { lines: logLines(1, 3) });
      expect([reply.status, standingSchema.parse(reply.body).nextSeq]).toEqual([200, 4]);
    }
    expect(await log()).toEqual(logLines(1, 3));
  });

  test('that is sent again with more lines adds those', async () => {
    const { hold, log } = await runners();
    const { say } = await hold();
    await say('log', { lines: logLines(1, 3) });
    expect((await say('log', { lines: logLines(2, 5) })).status).toBe(200);
    expect(await log()).toEqual(logLines(1, 5));
  });

  test('with another text under a number that is taken is refused, and changes nothing', async () => {
    const { hold, log } = await runners();
    const { say } = await hold();
    await say('log', { lines: logLines(1, 3) });
    const other = await say('log', { lines: [logLine(3, 'another text'), logLine(4)] });
    expect(other).toMatchObject({ status: 409, code: 'out-of-order', body: { expectedSeq: 4 } });
    expect(await log()).toEqual(logLines(1, 3));
  });

  test('that leaves a hole, before or in it, is refused with the number to go on at', async () => {
    const { hold, log } = await runners();
    const { say } = await hold();
    await say('log', { lines: logLines(1, 2) });
    for (const lines of [logLines(4, 5), [logLine(3), logLine(5)]])
      expect(await say('log', { lines })).toMatchObject({ code: 'out-of-order', body: { expectedSeq: 3 } });
    expect(await log()).toHaveLength(2);
  });

  test('that comes several times at the same moment is stored once, and each is answered so (F40)', async () => {
    const { hold, log } = await runners();
    const { say } = await hold();
    const replies = await Promise.all([1, 2, 3].map(() => say('log', { lines: logLines(1, 2) })));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await log()).toEqual(logLines(1, 2));
  });

  test('of a run that has ended is refused, and the log stays closed', async () => {
    const { engine, run, hold, log } = await runners();
    const { say } = await hold();
    await say('log', { lines: logLines(1, 1) });
    await logStore(engine.traffic, scope, run.id).close();
    expect((await say('log', { lines: logLines(2, 2) })).code).toBe('lease-lost');
    expect((await say('log', { lines: logLines(1, 1) })).status).toBe(200);
    await changeRun(engine.core, scope, run.id, (current) => ({
      changes: finish(current, { outcome: 'stopped' }, at(300)),
    }));
    expect((await say('log', { lines: logLines(1, 1) })).code).toBe('lease-lost');
    expect(await log()).toHaveLength(1);
  });
});

describe('a heartbeat', () => {
  test('is answered with how the run stands; stop, deadline and the time are in every answer', async () => {
    const { engine, run, hold } = await runners();
    const { say, standing } = await hold();
    expect(await standing()).toEqual({ stop: false, nextSeq: 1, deadlineAt: at(3700), now: at(100) });
    await changeRun(engine.core, scope, run.id, () => ({
      changes: { stopRequestedAt: at(150), deadlineAt: at(9000) },
    }));
    const expected = { stop: true, deadlineAt: at(9000), now: at(100) };
    expect(await standing()).toMatchObject(expected);
    expect(standingSchema.parse((await say('log', { lines: logLines(1, 1) })).body)).toMatchObject(expected);
  });

  test('carries progress: steps and the build VM are known while they happen (S76, S83)', async () => {
    const { hold, after } = await runners();
    const { say } = await hold();
    const steps = [{ index: 1, status: 'running', at: at(120) }];
    await say('heartbeat', { progress: { steps, buildVm: { kind: 'ec2-instance', locator: 'i-1' } } });
    expect(await after()).toMatchObject({
      buildVm: { locator: 'i-1' },
      steps: [{ status: 'running', startedAt: at(120) }, { status: 'pending' }],
    });
  });

  test('is written down every ten seconds, not each time', async () => {
    let second = 100;
    const { engine, hold, after } = await runners({}, { now: () => at(second) });
    const { say } = await hold();
    let writes = 0;
    engine.core.beforeWrite = () => void (writes += 1);
    for (second = 101; second <= 130; second += 1) await say('heartbeat');
    expect(writes).toBe(3);
    expect((await after()).lease?.lastHeardAt).toBe(at(130));
  });

  test('with a wrong token or none of the lease is refused', async () => {
    const { call, hold } = await runners();
    expect((await call('heartbeat', 'claim-token-0123456789')).code).toBe('lease-lost');
    await hold();
    expect((await call('heartbeat', 'claim-token-0123456789')).code).toBe('lease-lost');
  });
});

describe('the word that Packer is about to start (F14, F15)', () => {
  test('is written down once; saying it again, after a lost answer, changes nothing', async () => {
    let second = 100;
    const { hold, after } = await runners({}, { now: () => at(second) });
    const { say, standing } = await hold();
    expect((await standing(PACKER_STARTS)).stop).toBe(false);
    second = 105;
    expect((await say('heartbeat', PACKER_STARTS)).status).toBe(200);
    expect((await after()).packerStartedAt).toBe(at(100));
  });

  test('of a run that is to stop is answered with the stop, and Packer counts as never started', async () => {
    const { hold, after } = await runners({ stopRequestedAt: at(50) });
    const { standing } = await hold();
    expect((await standing(PACKER_STARTS)).stop).toBe(true);
    expect((await after()).packerStartedAt).toBeUndefined();
  });

  test.each<[string, Partial<StoredRun>]>([
    ['was given up', { verdict: { outcome: 'stopped' } }],
    ['has handed over its end', { completion: COMPLETION }],
  ])('of a run that %s meanwhile is refused', async (_, changes) => {
    const { engine, run, hold, after } = await runners();
    const { say } = await hold();
    await changeRun(engine.core, scope, run.id, () => ({ changes }));
    expect((await say('heartbeat', PACKER_STARTS)).code).toBe('lease-lost');
    expect((await after()).packerStartedAt).toBeUndefined();
  });

  test('is refused when the lease goes to another build at that very moment', async () => {
    const { engine, run, hold, after } = await runners();
    const { say } = await hold();
    const { beforeWrite } = engine.core;
    engine.core.beforeWrite = async () => {
      engine.core.beforeWrite = beforeWrite;
      await changeRun(engine.core, scope, run.id, () => ({
        changes: { attempt: 2 },
        options: { remove: ['lease'] },
      }));
    };
    expect((await say('heartbeat', PACKER_STARTS)).code).toBe('lease-lost');
    expect((await after()).packerStartedAt).toBeUndefined();
  });
});
