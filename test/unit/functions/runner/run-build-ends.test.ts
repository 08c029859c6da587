import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../functions/runner/clock.ts';
import { LeaseLostError, RefusedError } from '../../../../functions/runner/agent-errors.ts';
import type { AgentApiOptions } from '../../../support/agent-api.ts';
import { PRINT_ARTIFACT, printMarker } from './fake-packer.ts';
import { createJumpingClock } from './fake-time.ts';
import {
  appears,
  begin,
  callsOf,
  ENDLESS,
  failureOf,
  leftBehind,
  packerOf,
  run,
  stepsOf,
  textsOf,
} from './run-harness.ts';

describe('a stop', () => {
  it('ends Packer as soon as it is heard, without clean-up (S46, S61, S62)', async () => {
    const build = `trap 'touch $FAKE/cleaned' TERM INT HUP EXIT; ${printMarker(1, 2, 'begin')}; ${ENDLESS}`;
    const { api, fake, ended } = await begin({ build });
    await api.until(({ lines }) => lines.some((line) => line?.text === 'working'));
    api.state.stop = true;
    const before = api.state.counts.heartbeat + api.state.counts.log;
    await api.until(({ counts }) => counts.heartbeat + counts.log > before);

    expect(await ended).toBe('stopped');

    expect(await readdir(fake.folder)).not.toContain('cleaned');
    expect(await packerOf(fake)).toEqual([]);
    expect(stepsOf(api)).toEqual(['1 running', '1 skipped', '2 skipped']);
    expect(api.state.completions).toMatchObject([{ outcome: 'stopped', artifacts: [] }]);
    expect(await leftBehind(fake)).toEqual([]);
  });

  it('that the claim brings starts nothing', async () => {
    const { outcome, fake } = await run({ build: PRINT_ARTIFACT }, { claim: { stop: true } });
    expect(outcome).toBe('stopped');
    await expect(callsOf(fake)).rejects.toThrow('ENOENT');
  });

  it('works while the store with the bundle is away', async () => {
    const { api, ended } = await begin(
      {},
      { fault: (verb) => (verb === 'bundle' ? { kind: 'status', status: 503 } : undefined) },
    );
    await api.until(({ counts }) => counts.bundle > 1);
    api.state.stop = true;
    expect(await ended).toBe('stopped');
  });

  it('is heard although a chunk hangs', async () => {
    const gate = Promise.withResolvers<void>();
    const fault: AgentApiOptions['fault'] = (verb, count) =>
      verb === 'log' && count === 2 ? { kind: 'hang', until: gate.promise } : undefined;
    const { api, fake, ended } = await begin({ build: ENDLESS }, { fault });
    await api.until(({ counts }) => counts.heartbeat > 0 && counts.log === 2);
    await appears(path.join(fake.folder, 'pid'));
    api.state.stop = true;
    while ((await packerOf(fake)).length > 0) await systemClock.sleep(5);
    gate.resolve();
    expect(await ended).toBe('stopped');
  });

  it('of the runner itself kills Packer, too: the VM must stay (S82)', async () => {
    const terminate = new AbortController();
    const build = `trap 'touch $FAKE/cleaned' TERM INT HUP EXIT; ${ENDLESS}`;
    const { api, fake, ended } = await begin({ build }, {}, { terminate: terminate.signal });
    await api.until(({ lines }) => lines.some((line) => line?.text === 'working'));
    terminate.abort();
    expect(await ended).toBe('stopped');
    expect(await readdir(fake.folder)).not.toContain('cleaned');
    expect(await packerOf(fake)).toEqual([]);
  });
});

describe('the deadline', () => {
  /** The claim gives an hour: after 54 minutes Packer is told to clean up, after 59.5 it is killed. */
  const beginWithAnHour = async (build: string) => {
    const clock = createJumpingClock();
    const begun = await begin({ build }, { claim: { heartbeatSeconds: 0.05 } }, { clock });
    await begun.api.until(({ lines }) => lines.some((line) => line?.text === 'working'));
    return { ...begun, clock };
  };
  const MINUTE = 60_000;

  it('makes Packer clean up, and the run is timed out, not stopped (S48)', async () => {
    const { api, clock, ended } = await beginWithAnHour(
      `trap 'say say "==> null.image: cleaning"; exit 1' TERM; ${printMarker(1, 2, 'begin')}; ${ENDLESS}`,
    );
    clock.jump(55 * MINUTE);
    expect(await ended).toBe('timed-out');
    expect(api.state.completions).toMatchObject([{ exitCode: 1 }]);
    expect(textsOf(api)).toContain('cleaning');
    expect(stepsOf(api)).toEqual(['1 running', '1 failed', '2 skipped']);
    const failure = failureOf(api);
    expect(failure).toMatchObject({ errorId: 'run-timed-out', category: 'timeout', step: 'install' });
    expect(textsOf(api)[(failure.logSeq ?? 0) - 1]).toBe(
      'The time of the run is up: Packer is told to clean up.',
    );
  });

  it('kills a Packer that does not end its clean-up', async () => {
    const { api, clock, fake, ended } = await beginWithAnHour(`trap 'say say cleaning' TERM; ${ENDLESS}`);
    clock.jump(55 * MINUTE);
    await api.until(({ lines }) => lines.some((line) => line?.text === 'cleaning'));
    clock.jump(4.8 * MINUTE);
    expect(await ended).toBe('timed-out');
    expect(api.state.completions[0]).toMatchObject({ exitCode: null });
    expect(api.state.completions[0]?.errors.at(-1)?.text).toContain('had not cleaned up in time');
    expect(failureOf(api)).toMatchObject({ errorId: 'run-timed-out', category: 'timeout' });
    expect(await packerOf(fake)).toEqual([]);
  });

  it('can be moved while the build runs (S65)', async () => {
    const { api, clock, ended, fake } = await beginWithAnHour(
      `say say "==> null.image: working"; while [ ! -e $FAKE/go ]; do sleep 0.02; done; ${PRINT_ARTIFACT}`,
    );
    api.state.deadlineAt = new Date(Date.now() + 180 * MINUTE).toISOString();
    const { heartbeat } = api.state.counts;
    await api.until(({ counts }) => counts.heartbeat > heartbeat + 1);
    clock.jump(100 * MINUTE);
    await api.until(({ counts }) => counts.heartbeat > heartbeat + 8);
    await writeFile(path.join(fake.folder, 'go'), '');
    expect(await ended).toBe('succeeded');
  });

  it('that has passed before the claim makes nothing', async () => {
    const deadlineAt = new Date(Date.now() - 1000).toISOString();
    const { outcome, completion } = await run({ build: ENDLESS }, { claim: { deadlineAt } });
    expect(outcome).toBe('timed-out');
    expect(completion?.artifacts).toEqual([]);
  });

  it('gives way to a stop that comes while Packer cleans up', async () => {
    const { api, clock, ended } = await beginWithAnHour(
      `trap 'say say cleaning; while :; do sleep 0.02; done' TERM; ${ENDLESS}`,
    );
    clock.jump(55 * MINUTE);
    await api.until(({ lines }) => lines.some((line) => line?.text === 'cleaning'));
    api.state.stop = true;
    expect(await ended).toBe('stopped');
  });
});

describe('a lease', () => {
  it('that is lost ends Packer, and nothing is handed over', async () => {
    const { api, fake, ended } = await begin({ build: ENDLESS });
    await api.until(({ lines }) => lines.some((line) => line?.text === 'working'));
    api.state.isLeaseLost = true;
    await expect(ended).rejects.toThrow(LeaseLostError);
    expect(await packerOf(fake)).toEqual([]);
    expect(api.state.completions).toEqual([]);
    expect(await leftBehind(fake)).toEqual([]);
  });

  it('of another runner refuses the claim', async () => {
    const { api, ended } = await begin(
      {},
      { fault: () => ({ kind: 'status', status: 409, code: 'lease-lost' }) },
    );
    await expect(ended).rejects.toThrow(LeaseLostError);
    expect(api.state.counts.claim).toBe(1);
  });

  it('needs the one-time token', async () => {
    const { ended } = await begin({}, { fault: () => ({ kind: 'status', status: 401, code: 'bad-token' }) });
    await expect(ended).rejects.toThrow(RefusedError);
  });
});
