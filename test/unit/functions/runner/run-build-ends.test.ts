import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { LeaseLostError, RefusedError } from '../../../../functions/runner/agent-errors.ts';
import type { AgentApiOptions } from '../../../support/agent-api.ts';
import { PRINT_ARTIFACT, printMarker } from './fake-packer.ts';
import { begin, callsOf, ENDLESS, leftBehind, packerOf, run, soon, stepsOf } from './run-harness.ts';

describe('a stop', () => {
  it('ends Packer within a second of being heard, without clean-up (S46, S61, S62)', async () => {
    const build = `trap 'touch $FAKE/cleaned' TERM INT HUP EXIT; ${printMarker(1, 2, 'begin')}; ${ENDLESS}`;
    const { api, fake, ended } = await begin({ build });
    await api.until(({ lines }) => lines.some((line) => line?.text === 'working'));
    api.state.stop = true;
    const before = api.state.counts.heartbeat + api.state.counts.log;
    await api.until(({ counts }) => counts.heartbeat + counts.log > before);
    const heardAt = performance.now();

    expect(await ended).toBe('stopped');

    expect(performance.now() - heardAt).toBeLessThan(1000);
    expect(await readdir(fake.folder)).not.toContain('cleaned');
    expect(await packerOf(fake)).toEqual([]);
    expect(stepsOf(api)).toEqual(['1 running', '1 failed', '2 skipped']);
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
    const fault: AgentApiOptions['fault'] = (verb, count) =>
      verb === 'log' && count === 2 ? { kind: 'delay', milliseconds: 1500 } : undefined;
    const { api, fake, ended } = await begin({ build: ENDLESS }, { fault });
    await api.until(({ counts }) => counts.heartbeat > 0);
    api.state.stop = true;
    await expect.poll(() => packerOf(fake), { timeout: 1000 }).toEqual([]);
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
  it('makes Packer clean up, and the run is timed out, not stopped (S48)', async () => {
    const build = `trap 'say say "==> null.image: cleaning"; exit 1' TERM; ${printMarker(1, 2, 'begin')}; ${ENDLESS}`;
    const { api, outcome, completion, texts } = await run({ build }, { claim: { deadlineAt: soon(1500) } });
    expect(outcome).toBe('timed-out');
    expect(completion).toMatchObject({ exitCode: 1 });
    expect(texts).toContain('cleaning');
    expect(stepsOf(api)).toEqual(['1 running', '1 failed', '2 skipped']);
  });

  it('kills a Packer that does not end its clean-up', async () => {
    const { outcome, completion } = await run(
      { build: `trap : TERM; ${ENDLESS}` },
      { claim: { deadlineAt: soon(1500) } },
    );
    expect(outcome).toBe('timed-out');
    expect(completion?.exitCode).toBeNull();
    expect(completion?.errors.at(-1)?.text).toContain('had not cleaned up in time');
  });

  it('can be moved while the build runs (S65)', async () => {
    const { api, ended } = await begin(
      { build: `say say started; sleep 1.5; ${PRINT_ARTIFACT}` },
      { claim: { deadlineAt: soon(1000) } },
    );
    await api.until(({ lines }) => lines.some((line) => line?.text === 'started'));
    api.state.deadlineAt = soon(60_000);
    expect(await ended).toBe('succeeded');
  });

  it('that has passed before the claim makes nothing', async () => {
    const { outcome, completion } = await run({ validate: ENDLESS }, { claim: { deadlineAt: soon(-1000) } });
    expect(outcome).toBe('timed-out');
    expect(completion?.artifacts).toEqual([]);
  });

  it('gives way to a stop that comes while Packer cleans up', async () => {
    const { api, ended } = await begin(
      { build: `trap 'say say cleaning; sleep 30' TERM; ${ENDLESS}` },
      { claim: { deadlineAt: soon(20_000) } },
    );
    await api.until(({ lines }) => lines.some((line) => line?.text === 'working'));
    api.state.deadlineAt = soon(1500);
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
