import { describe, expect, it } from 'vitest';
import { LeaseLostError, UnreachableError } from '../../../../functions/runner/agent-errors.ts';
import { describeDuration, systemClock, toTimestamp } from '../../../../functions/runner/clock.ts';
import { createHeartbeat } from '../../../../functions/runner/heartbeat.ts';
import { createProgressOutbox } from '../../../../functions/runner/progress-outbox.ts';
import { createRunControl } from '../../../../functions/runner/run-control.ts';
import type { HeartbeatRequest, Standing } from '../../../../shared/contracts/agent-protocol.ts';
import { createFastClock } from './fake-time.ts';

const MINUTE = 60_000;
const standing: Standing = { stop: false, nextSeq: 1, deadlineAt: '2026-01-01T01:00:00.000Z' };
const step = (index: number) => ({ index, status: 'running' as const, at: '2026-01-01T00:00:00.000Z' });

describe('the heartbeat', () => {
  const start = (answer: (count: number) => Standing | Error, beats: number) => {
    const clock = createFastClock();
    const outbox = createProgressOutbox();
    const done = new AbortController();
    const sent: { at: number; request: HeartbeatRequest }[] = [];
    const failures: unknown[] = [];
    const begun = clock.now();
    const heartbeat = createHeartbeat({
      client: {
        sendHeartbeat: async (request) => {
          sent.push({ at: clock.now() - begun, request });
          if (sent.length >= beats) done.abort();
          const outcome = answer(sent.length);
          if (outcome instanceof Error) throw outcome;
          return outcome;
        },
      },
      outbox,
      clock,
      intervalMilliseconds: 5000,
      onStanding: () => heartbeat.heard(),
      onFailure: (error) => {
        failures.push(error);
        done.abort();
      },
    });
    return { clock, outbox, heartbeat, sent, failures, done };
  };

  it('beats once per interval while nothing else is said', async () => {
    const { heartbeat, sent, done } = start(() => standing, 3);
    await heartbeat.run(done.signal);
    expect(sent.map(({ at }) => at)).toEqual([5000, 10_000, 15_000]);
  });

  it('leaves out what a chunk has said already', async () => {
    const { heartbeat, sent, done, clock } = start(() => standing, 1);
    const sleep = clock.sleep;
    let chunks = 0;
    let heardAt = 0;
    const begun = clock.now();
    clock.sleep = async (milliseconds) => {
      await sleep(milliseconds / 2);
      chunks += 1;
      if (chunks < 4) {
        heartbeat.heard();
        heardAt = clock.now() - begun;
      }
      await sleep(milliseconds / 2);
    };
    await heartbeat.run(done.signal);
    expect(heardAt).toBeGreaterThan(7000);
    expect(sent[0]?.at).toBe(heardAt + 5000);
  });

  it('goes on at the same pace when the API is away, and keeps the progress for later', async () => {
    const { heartbeat, sent, outbox, done } = start(
      (count) => (count < 3 ? new UnreachableError('x') : standing),
      3,
    );
    outbox.addStep(step(1));
    await heartbeat.run(done.signal);
    expect(sent.map(({ at }) => at)).toEqual([5000, 10_000, 15_000]);
    expect(sent.map(({ request }) => request.progress?.steps?.length)).toEqual([1, 1, 1]);
    expect(outbox.take()).toBeUndefined();
  });

  it('says so when the lease is lost', async () => {
    const { heartbeat, failures, done } = start(() => new LeaseLostError('x'), 9);
    await heartbeat.run(done.signal);
    expect(failures).toEqual([new LeaseLostError('x')]);
  });
});

describe('what the API has said', () => {
  const create = (minutes: number) => {
    const clock = createFastClock();
    return { clock, control: createRunControl(clock, toTimestamp(clock.now() + minutes * MINUTE)) };
  };

  it.each([
    [60, 54, 59.5],
    [300, 290, 299.5],
    [10, 9, 9.9],
  ])('leaves Packer time to clean up before a deadline in %i minutes', (minutes, cleanUp, kill) => {
    const { clock, control } = create(minutes);
    expect((control.cleanUpAt() - clock.now()) / MINUTE).toBeCloseTo(cleanUp, 5);
    expect((control.killAt() - clock.now()) / MINUTE).toBeCloseTo(kill, 5);
  });

  it('ends at once when the deadline had passed before the claim', () => {
    const { clock, control } = create(-5);
    expect(control.cleanUpAt()).toBeLessThan(clock.now());
  });

  it('follows a deadline that is moved', () => {
    const { clock, control } = create(60);
    control.hear({ stop: false, deadlineAt: toTimestamp(clock.now() + 20 * MINUTE) });
    expect((control.cleanUpAt() - clock.now()) / MINUTE).toBeCloseTo(18, 5);
  });

  it('keeps the first reason to stop, but nothing outweighs a lost lease', () => {
    const { control } = create(60);
    expect(control.killReason()).toBeUndefined();
    expect(control.kill.aborted).toBe(false);
    control.hear({ stop: true, deadlineAt: standing.deadlineAt });
    control.end('terminated');
    expect(control.killReason()).toBe('stop');
    control.end('lease-lost');
    control.end('stop');
    expect(control.killReason()).toBe('lease-lost');
    expect(control.kill.aborted).toBe(true);
  });
});

describe('the outbox of progress', () => {
  it('gives what is new, once', () => {
    const outbox = createProgressOutbox();
    expect(outbox.take()).toBeUndefined();
    outbox.addStep(step(1));
    outbox.setBuildVm({ kind: 'k', locator: 'l' });
    const taken = outbox.take();
    expect(taken).toEqual({ steps: [step(1)], buildVm: { kind: 'k', locator: 'l' } });
    outbox.confirm(taken);
    expect(outbox.take()).toBeUndefined();
  });

  it('lets no newer step event overtake an older one', () => {
    const outbox = createProgressOutbox();
    outbox.addStep(step(1));
    const taken = outbox.take();
    outbox.addStep(step(2));
    expect(outbox.take()).toBeUndefined();
    outbox.giveBack(taken);
    expect(outbox.take()?.steps?.map(({ index }) => index)).toEqual([1, 2]);
  });

  it('keeps the newest facts when older ones come back', () => {
    const outbox = createProgressOutbox();
    outbox.setTemporaries([{ kind: 'a', id: '1' }]);
    outbox.setBuildVm({ kind: 'k', locator: 'old' });
    const taken = outbox.take();
    outbox.setBuildVm({ kind: 'k', locator: 'new' });
    outbox.giveBack(taken);
    expect(outbox.take()).toEqual({
      temporaries: [{ kind: 'a', id: '1' }],
      buildVm: { kind: 'k', locator: 'new' },
    });
  });

  it('is not confused by an answer to a message without progress', () => {
    const outbox = createProgressOutbox();
    outbox.addStep(step(1));
    const taken = outbox.take();
    outbox.confirm(undefined);
    outbox.giveBack(undefined);
    outbox.addStep(step(2));
    expect(outbox.take()).toBeUndefined();
    outbox.confirm(taken);
    expect(outbox.take()?.steps).toHaveLength(1);
  });

  it('never sends more steps than a message may hold', () => {
    const outbox = createProgressOutbox();
    for (let index = 1; index <= 700; index += 1) outbox.addStep(step(index));
    const taken = outbox.take();
    expect(taken?.steps).toHaveLength(500);
    outbox.confirm(taken);
    expect(outbox.take()?.steps).toHaveLength(200);
  });
});

describe('the clock', () => {
  it.each([
    [49, '0.0 s'],
    [3100, '3.1 s'],
    [59_900, '59.9 s'],
    [247_000, '4 min 7 s'],
    [7_500_000, '2 h 5 min'],
    [-5, '0.0 s'],
  ])('says %i ms as %s', (milliseconds, text) => {
    expect(describeDuration(milliseconds)).toBe(text);
  });

  it('sleeps no longer than it is let, and never rejects', async () => {
    const controller = new AbortController();
    const sleeping = systemClock.sleep(2 ** 40, controller.signal);
    controller.abort();
    await expect(sleeping).resolves.toBeUndefined();
    await expect(systemClock.sleep(-1)).resolves.toBeUndefined();
  });
});
