import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { LeaseLostError, UnreachableError } from '../../../../functions/runner/agent-errors.ts';
import { createLease } from '../../../../functions/runner/lease.ts';
import { createServerClock } from '../../../../functions/runner/server-clock.ts';
import { type ClaimAnswer, DEFAULT_SILENCE } from '../../../../shared/contracts/agent-protocol.ts';
import { PRINT_ARTIFACT } from './fake-packer.ts';
import { createFastClock, createJumpingClock } from './fake-time.ts';
import { begin, callsOf, ENDLESS, leftBehind, packerOf, textsOf } from './run-harness.ts';

/** What the machine of a runner may do to it: its clock may be wrong, and it may be told to end. */

const HOUR = 3_600_000;

describe('the time as the API sees it (F39)', () => {
  const create = () => {
    const machine = createFastClock(Date.parse('2026-01-01T00:00:00Z'));
    return { machine, clock: createServerClock(machine) };
  };

  it('is that of the machine as long as both agree, or nobody tells', () => {
    const { machine, clock } = create();
    clock.follow(undefined);
    clock.follow('2026-01-01T00:00:29.000Z');
    clock.follow('2025-12-31T23:59:31.000Z');
    expect(clock.now()).toBe(machine.now());
  });

  it.each(['2026-01-01T05:00:00.000Z', '2025-12-31T20:00:00.000Z'])(
    'is %s where the machine is wrong',
    (time) => {
      const { machine, clock } = create();
      clock.follow(time);
      machine.pass(1000);
      expect(clock.now()).toBe(Date.parse(time) + 1000);
    },
  );

  it('stays right when the machine’s clock is put right meanwhile', () => {
    const { machine, clock } = create();
    clock.follow('2026-01-01T05:00:00.000Z');
    machine.pass(5 * HOUR);
    clock.follow('2026-01-01T05:00:10.000Z');
    expect(clock.now()).toBe(Date.parse('2026-01-01T05:00:10.000Z'));
  });
});

describe('a machine whose clock is wrong (F39)', () => {
  it.each([-6, 6])(
    'by %i hours neither ends a build before its time nor tells wrong times',
    async (hours) => {
      const machine = createJumpingClock();
      machine.jump(hours * HOUR);
      const begunAt = Date.now();
      const now = () => new Date().toISOString();
      const { api, ended } = await begin({ build: PRINT_ARTIFACT }, { now }, { clock: machine });
      expect(await ended).toBe('succeeded');
      const times = api.state.lines.map((line) => Date.parse(line?.ts ?? ''));
      expect(Math.min(...times)).toBeGreaterThan(begunAt - 60_000);
      expect(Math.max(...times)).toBeLessThan(Date.now() + 60_000);
    },
  );
});

describe('a lease that is claimed again', () => {
  const answer = (leaseToken: string): ClaimAnswer => ({
    leaseToken,
    nextSeq: 1,
    heartbeatSeconds: 5,
    chunkIntervalMilliseconds: 250,
    stop: false,
    deadlineAt: '2026-01-01T00:00:00.000Z',
    silence: DEFAULT_SILENCE,
    bundle: { url: 'http://store', sha256: '' },
    downloads: {},
    variables: {},
    redact: [],
    credentials: 'none',
  });
  const patience = { until: () => 0 };
  const lost = new LeaseLostError('lost');

  it('lets a call that was made with the old token be made with the new one', async () => {
    const claims = Promise.withResolvers<ClaimAnswer>();
    const lease = createLease(answer('old'), () => claims.promise);
    const tokens: string[] = [];
    const renewed = lease.renew(patience);
    const held = lease.hold(async (token) => {
      tokens.push(token);
      if (token === 'old') throw lost;
      return 'heard';
    });
    claims.resolve(answer('new'));
    await renewed;
    expect(await held).toBe('heard');
    expect(tokens).toEqual(['old', 'new']);
    expect(lease.claim().leaseToken).toBe('new');
  });

  it('is lost for every call when the claim is refused', async () => {
    const lease = createLease(answer('old'), () => Promise.reject(lost));
    const renewed = lease.renew(patience);
    await expect(lease.hold(() => Promise.reject(lost))).rejects.toBe(lost);
    await expect(renewed).rejects.toBe(lost);
    expect(lease.claim().leaseToken).toBe('old');
  });

  it('passes on every other failure of a call as it is', async () => {
    const lease = createLease(answer('old'), async () => answer('new'));
    const away = new UnreachableError('away');
    await lease.renew(patience);
    await expect(lease.hold(() => Promise.reject(away))).rejects.toBe(away);
    await expect(lease.hold(() => Promise.reject(lost))).rejects.toBe(lost);
  });
});

describe('a machine that is told to end (F23)', () => {
  const beginWorking = async (options: Parameters<typeof begin>[1] = {}) => {
    const terminate = new AbortController();
    const clock = createJumpingClock();
    const build = `trap 'touch $FAKE/cleaned' TERM INT HUP EXIT; ${ENDLESS}`;
    const begun = await begin({ build }, options, { terminate: terminate.signal, clock });
    await begun.api.until(({ lines }) => lines.some((line) => line?.text === 'working'));
    return { ...begun, terminate, clock };
  };

  it('kills Packer without its clean-up and hands over what is known (S82)', async () => {
    const { api, fake, terminate, ended } = await beginWorking();
    terminate.abort();
    expect(await ended).toBe('stopped');
    expect(api.state.completions).toMatchObject([{ outcome: 'stopped', lastSeq: api.state.lines.length }]);
    expect(textsOf(api)).toContain('Packer was stopped without its clean-up: what it had made stays.');
    expect(await readdir(fake.folder)).not.toContain('cleaned');
    expect(await leftBehind(fake)).toEqual([]);
  });

  it('does not wait for an API that is away longer than it is let, and leaves no Packer', async () => {
    const { api, fake, clock, terminate, ended } = await beginWorking();
    api.goAway();
    const begunAt = clock.now();
    const passing = setInterval(() => clock.jump(1000), 10);
    terminate.abort();
    await expect(ended).rejects.toThrow(UnreachableError);
    clearInterval(passing);
    expect(clock.now() - begunAt).toBeLessThan(5 * 60_000);
    expect(await packerOf(fake)).toEqual([]);
    expect(await readdir(fake.folder)).not.toContain('cleaned');
    expect(await leftBehind(fake)).toEqual([]);
  });

  it('before it has claimed claims nothing', async () => {
    const terminate = new AbortController();
    terminate.abort();
    const { api, fake, ended } = await begin({ build: PRINT_ARTIFACT }, {}, { terminate: terminate.signal });
    await expect(ended).rejects.toThrow(UnreachableError);
    expect(api.state.claims).toEqual([]);
    await expect(callsOf(fake)).rejects.toThrow('ENOENT');
  });
});
