import { describe, expect, test } from 'vitest';
import { claimAnswerSchema } from '../../../../shared/contracts/agent-protocol.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { sha256 } from '../../../../shared/domain/sha256.ts';
import { buildAgain, startBuild } from '../../../../shared/actions/start-build.ts';
import { at } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { snapshot } from '../../shared/packer/fixtures.ts';
import { COMPLETION, runners } from './runners.ts';

describe('a claim', () => {
  test('gives the run to one runner: its time begins, its build is known, and no start is due any more', async () => {
    const { hold, after } = await runners({
      phase: 'provisioning',
      deadlineAt: at(10),
      startAgainAt: at(120),
      startTries: 2,
      statusReason: 'no room',
    });
    const { answer } = await hold();
    expect(answer).toMatchObject({ nextSeq: 1, stop: false, heartbeatSeconds: 5, now: at(100) });
    expect(answer.deadlineAt).toBe(at(3700));
    const run = await after();
    expect(run).toMatchObject({ phase: 'building', deadlineAt: at(3700), lease: { claimedAt: at(100) } });
    expect([run.startAgainAt, run.startTries, run.statusReason]).toEqual([undefined, undefined, undefined]);
    expect(run.lease?.tokenSha256).toBe(sha256(answer.leaseToken));
  });

  test('tells which build the runner is in, when the answer to its start was lost (F14)', async () => {
    const lost = await runners();
    await lost.claim('one', undefined, { buildId: 'build-1' });
    expect((await lost.after()).buildId).toBe('build-1');
    const known = await runners({ buildId: 'build-7' });
    await known.claim('one', undefined, { buildId: 'build-1' });
    expect((await known.after()).buildId).toBe('build-7');
  });

  test('made again by the same runner brings another lease token and leaves the time of the run as it was', async () => {
    let second = 100;
    const { hold, after } = await runners({}, { now: () => at(second) });
    const first = await hold();
    second = 1000;
    const again = await hold();
    expect(again.answer.leaseToken).not.toBe(first.answer.leaseToken);
    expect(again.answer.deadlineAt).toBe(at(3700));
    expect((await after()).lease).toMatchObject({ claimedAt: at(100), lastHeardAt: at(1000) });
    expect((await first.say('heartbeat')).code).toBe('lease-lost');
    expect((await again.say('heartbeat')).status).toBe(200);
  });

  test('is late after its time, but never for the runner that has the run (S65)', async () => {
    let second = 100;
    const { claim, hold } = await runners({}, { now: () => at(second) });
    await hold();
    second = 2711;
    expect((await claim()).status).toBe(200);
    expect((await claim('two')).code).toBe('bad-token');
    const unclaimed = await runners({}, { now: () => at(2710) });
    expect((await unclaimed.claim()).code).toBe('bad-token');
  });

  test('of another runner is refused while one has the run (F14, F39)', async () => {
    const { claim, hold, after } = await runners();
    await hold('one');
    expect(await claim('two')).toMatchObject({ status: 409, code: 'lease-lost' });
    expect((await after()).lease?.runnerId).toContain('one');
  });

  test('of five runners at the same moment gives the run to one', async () => {
    const { claim } = await runners();
    const replies = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => claim(name)));
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
  });

  test('with a wrong token is refused and tells nothing', async () => {
    const { claim } = await runners();
    expect(await claim('one', 'wrong-token')).toMatchObject({ status: 401, code: 'bad-token' });
  });

  test.each<[string, Partial<StoredRun>]>([
    ['has ended', { status: 'Failed', endedAt: at(50) }],
    ['was given up', { verdict: { outcome: 'stopped' } }],
    ['has handed over its end', { completion: COMPLETION }],
    ['has no job', { bundle: undefined }],
  ])('of a run that %s is refused', async (_, fields) => {
    const { claim } = await runners(fields);
    expect(await claim()).toMatchObject({ status: 409, code: 'lease-lost' });
  });

  test('of a run that is to stop says so, and its phase stays so', async () => {
    const { hold, after } = await runners({ stopRequestedAt: at(50), phase: 'stopping' });
    expect((await hold()).answer.stop).toBe(true);
    expect((await after()).phase).toBe('stopping');
  });

  test('brings how long the build may say nothing, as its definition says (N8)', async () => {
    const { definition } = snapshot();
    const patient = snapshot({ definition: { ...definition, silenceTimeoutSeconds: 7200 } });
    const { hold } = await runners({}, { snapshot: patient });
    expect((await hold()).answer.silence).toEqual({ warnAfterSeconds: 900, endAfterSeconds: 7200 });
  });

  test('that another start has replaced is refused, also when that happens while it is being answered (F15)', async () => {
    const { engine, run, claim, after } = await runners({ buildId: 'build-1' });
    const { beforeWrite } = engine.core;
    engine.core.beforeWrite = async () => {
      engine.core.beforeWrite = beforeWrite;
      await secondAttempt(engine, run, 'second-token-0123456789');
    };
    expect(await claim('one')).toMatchObject({ status: 409, code: 'lease-lost' });
    expect((await after()).lease).toBeUndefined();
    expect((await claim('two', 'second-token-0123456789')).status).toBe(200);
  });
});

type Core = Parameters<typeof buildAgain>[0]['core'];

const secondAttempt = async (engine: { core: Core }, run: StoredRun, secret: string) => {
  const starter = {
    core: engine.core,
    now: () => at(200),
    newSecret: () => secret,
    startCloudBuild: async () => ({ buildId: 'build-2' }),
  };
  expect(await buildAgain(starter, scope, run, 'The build ended (FAULT)')).toBe(true);
  expect(await startBuild(starter, scope, run.id)).toBe('started');
};

describe('after a second attempt (F15)', () => {
  test('the first runner is refused everywhere, and the second has the run', async () => {
    const { engine, run, hold, claim, after, woken } = await runners({ buildId: 'build-1' });
    const first = await hold('one');
    await secondAttempt(engine, await after(), 'second-token-0123456789');
    const line = { seq: 1, ts: at(1), step: null, stream: 'stdout', level: 'info', text: 'late' };
    for (const [verb, body] of [
      ['heartbeat', {}],
      ['heartbeat', { progress: { packerStarts: true } }],
      ['log', { lines: [line] }],
      ['complete', COMPLETION],
    ] as const) {
      expect([verb, (await first.say(verb, body)).code]).toEqual([verb, 'lease-lost']);
    }
    expect((await claim('one')).code).toBe('bad-token');

    const second = await hold('two', 'second-token-0123456789');
    expect(claimAnswerSchema.parse(second.answer).nextSeq).toBe(1);
    expect((await second.say('heartbeat', { progress: { packerStarts: true } })).status).toBe(200);
    expect(await after()).toMatchObject({
      attempt: 2,
      number: run.number,
      buildId: 'build-2',
      packerStartedAt: at(100),
    });
    expect(woken).toEqual([]);
  });

  test('comes no third: once Packer was announced, a lost build is a lost run', async () => {
    const { engine, hold, after } = await runners({ buildId: 'build-1' });
    const { say } = await hold();
    await say('heartbeat', { progress: { packerStarts: true } });
    const starter = { core: engine.core, now: () => at(200) };
    expect(await buildAgain(starter, scope, await after(), 'lost')).toBe(false);
  });
});
