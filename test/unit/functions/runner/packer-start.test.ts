import { describe, expect, it } from 'vitest';
import { LeaseLostError } from '../../../../functions/runner/agent-errors.ts';
import { type AgentApi, type AgentApiOptions, bundleOf } from '../../../support/agent-api.ts';
import { buildAgain, startBuild } from '../../../../shared/actions/start-build.ts';
import { startAgentServer } from '../../../support/agent-server.ts';
import { at } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { createFakePacker, type FakePacker, PRINT_ARTIFACT, runWith } from './fake-packer.ts';
import { createSwiftClock } from './fake-time.ts';
import { begin, callsOf, closeLater, leftBehind, run, textsOf } from './run-harness.ts';

/** Between the job's files and Packer lies one message, and no Packer without its answer (F14, F15). */

const saysStart = (body: string | undefined): boolean => body?.includes('"packerStarts":true') === true;
/** How often the runner has said that Packer is about to start. */
const announced = ({ state }: AgentApi): number => state.bodies.filter(saysStart).length;

/** The first `times` announcements go wrong; every other message arrives. */
const atTheStart = (fault: NonNullable<AgentApiOptions['fault']>, times = 1): AgentApiOptions['fault'] => {
  let seen = 0;
  return (verb, count, body) => {
    if (!saysStart(body)) return undefined;
    seen += 1;
    return seen <= times ? fault(verb, count, body) : undefined;
  };
};

describe('before Packer starts', () => {
  it('the API has heard of it', async () => {
    const { api, fake, outcome } = await run({ build: PRINT_ARTIFACT });
    expect(outcome).toBe('succeeded');
    expect(announced(api)).toBe(1);
    expect(await callsOf(fake)).toHaveLength(1);
  });

  it('a lease that is lost by then ends it: Packer never starts, and nothing is handed over (F15)', async () => {
    const lost = { kind: 'status', status: 409, code: 'lease-lost' } as const;
    const { api, fake, ended } = await begin(
      { build: PRINT_ARTIFACT },
      {
        fault: (_verb, _count, body) => {
          if (saysStart(body)) api.state.isLeaseLost = true;
          return saysStart(body) ? lost : undefined;
        },
      },
    );
    await expect(ended).rejects.toThrow(LeaseLostError);
    await expect(callsOf(fake)).rejects.toThrow('ENOENT');
    expect(api.state.completions).toEqual([]);
    expect(await leftBehind(fake)).toEqual([]);
  });

  it('a stop in that answer ends it: Packer never starts, nothing was made, the run is stopped (S46)', async () => {
    const { api, fake, ended } = await begin(
      { build: PRINT_ARTIFACT },
      {
        fault: (_verb, _count, body) => {
          api.state.stop ||= saysStart(body);
          return undefined;
        },
      },
    );
    expect(await ended).toBe('stopped');
    await expect(callsOf(fake)).rejects.toThrow('ENOENT');
    expect(api.state.completions).toMatchObject([{ outcome: 'stopped', artifacts: [], temporaries: [] }]);
    expect(textsOf(api)).toContain('The run was stopped before Packer had made anything.');
  });

  it('an answer that is lost is asked for again, which is harmless', async () => {
    const { api, fake, outcome } = await run(
      { build: PRINT_ARTIFACT },
      { fault: atTheStart(() => ({ kind: 'drop', applied: true }), 3) },
      { clock: createSwiftClock(4) },
    );
    expect(outcome).toBe('succeeded');
    expect(announced(api)).toBe(4);
    expect(await callsOf(fake)).toHaveLength(1);
  });

  it('an API that is away is waited for', async () => {
    const { fake, outcome, completion } = await run(
      { build: PRINT_ARTIFACT },
      { fault: atTheStart(() => ({ kind: 'status', status: 503 }), 4) },
      { clock: createSwiftClock(4) },
    );
    expect(outcome).toBe('succeeded');
    expect(completion?.errors).toEqual([]);
    expect(await callsOf(fake)).toHaveLength(1);
  });

  it('an API that stays away until the time is up makes the run time out: Packer never starts', async () => {
    const clock = createSwiftClock(1800);
    const deadlineAt = new Date(clock.now() + 600_000).toISOString();
    const { api, fake, ended } = await begin(
      { build: PRINT_ARTIFACT },
      {
        claim: { deadlineAt, heartbeatSeconds: 60, chunkIntervalMilliseconds: 1000 },
        fault: atTheStart(() => ({ kind: 'drop', applied: false }), Number.POSITIVE_INFINITY),
      },
      { clock },
    );
    expect(await ended).toBe('timed-out');
    await expect(callsOf(fake)).rejects.toThrow('ENOENT');
    const [completion] = api.state.completions;
    expect(completion).toMatchObject({ outcome: 'timed-out', exitCode: null, artifacts: [] });
    expect(completion?.errors[0]?.text).toContain('could not be reached until the time of the run was up');
  });

  it('an API that refuses for good is taken for a lost lease', async () => {
    const { fake, api, ended } = await begin(
      { build: PRINT_ARTIFACT },
      { fault: atTheStart(() => ({ kind: 'status', status: 422, code: 'invalid-body' })) },
    );
    await expect(ended).rejects.toThrow(LeaseLostError);
    await expect(callsOf(fake)).rejects.toThrow('ENOENT');
    expect(api.state.completions).toEqual([]);
  });
});

describe('of two runners of one run', () => {
  const job = bundleOf({ 'image.pkr.json': '{}' });
  const startRunner = async (environment: Record<string, string>) => {
    const fake = await createFakePacker({ build: PRINT_ARTIFACT });
    closeLater(fake.remove);
    return { fake, ended: runWith(fake, { environment }) };
  };
  const calls = async (...fakes: FakePacker[]) =>
    (await Promise.all(fakes.map((fake) => callsOf(fake).catch(() => [])))).flat();

  it('that have the same claim one gets the run, and one Packer starts (F14)', async () => {
    const api = await startAgentServer({ bundle: job });
    closeLater(api.close);
    const runners = await Promise.all([1, 2].map(() => startRunner(api.environment())));
    const ends = await Promise.allSettled(runners.map(({ ended }) => ended));
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await calls(...runners.map(({ fake }) => fake))).toHaveLength(1);
    expect((await api.after()).completion?.outcome).toBe('succeeded');
  });

  it('of which the first was given up while it prepared, only the second starts Packer (F15)', async () => {
    const held = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    let isFirst = true;
    const before = async (verb: string) => {
      if (verb !== 'bundle' || !isFirst) return;
      isFirst = false;
      asked.resolve();
      await held.promise;
    };
    const api = await startAgentServer({ bundle: job, before }, { buildId: 'build-1' });
    closeLater(api.close);
    const first = await startRunner(api.environment());
    await asked.promise;
    const starter = {
      core: api.engine.core,
      now: () => at(200),
      newSecret: () => 'second-token-0123456789',
      startCloudBuild: async () => ({ buildId: 'build-2' }),
    };
    expect(await buildAgain(starter, scope, await api.after(), 'The build ended (FAULT)')).toBe(true);
    expect(await startBuild(starter, scope, api.run.id)).toBe('started');
    const second = await startRunner(api.environment('second-token-0123456789'));
    expect(await second.ended).toBe('succeeded');
    held.resolve();
    await expect(first.ended).rejects.toThrow(LeaseLostError);
    expect(await calls(first.fake)).toEqual([]);
    expect(await calls(second.fake)).toHaveLength(1);
    expect(await api.after()).toMatchObject({ attempt: 2, completion: { outcome: 'succeeded' } });
  });
});
