import { readdir, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { LeaseLostError, UnreachableError } from '../../../../functions/runner/agent-errors.ts';
import { downloadKey } from '../../../../shared/contracts/bundle.ts';
import { sha256 } from '../../../../shared/domain/sha256.ts';
import { type AgentApi, type AgentApiOptions, bundleOf, type Fault } from '../../../support/agent-api.ts';
import { PRINT_ARTIFACT } from './fake-packer.ts';
import { createJumpingClock, createSwiftClock } from './fake-time.ts';
import { appears, begin, callsOf, closeLater, run, textsOf } from './run-harness.ts';

/** The API is away for more than ten minutes, at every place of a run. */

const MINUTES = 11;

/** Lets time pass in steps of ten seconds, so that everything that is tried again in it is. */
const pass = async (clock: ReturnType<typeof createJumpingClock>, minutes = MINUTES): Promise<void> => {
  for (let each = 0; each < minutes * 6; each += 1) {
    clock.jump(10_000);
    await new Promise(setImmediate);
  }
};

/** Files that this process holds open although they have no name any more. */
const unnamedFiles = async (): Promise<string[]> => {
  const open = await readdir('/proc/self/fd');
  const targets = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.includes('goldsmith-lines-'));
};

/** From now on time runs in steps, a hundred times as fast or more: what is tried again is tried soon. */
const hurry = (clock: ReturnType<typeof createJumpingClock>, step = 1000): void => {
  const timer = setInterval(() => clock.jump(step), 10);
  closeLater(async () => clearInterval(timer));
};

/** More than the runner holds in memory: 2000 at each end of its queue. */
const MANY = 5000;
/** Prints its lines when it is let, notes that it has, and ends when it is let. */
const chatty = (lines: number) =>
  [
    'say say begun',
    'while [ ! -e $FAKE/go ]; do sleep 0.01; done',
    `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "1,,ui,message,    null.image: line $i"; done`,
    'touch $FAKE/said',
    'while [ ! -e $FAKE/end ]; do sleep 0.01; done',
    PRINT_ARTIFACT,
  ].join('\n');
const LONG_RUN = { deadlineAt: new Date(Date.now() + 86_400_000).toISOString() };

const linesOf = (api: AgentApi) => textsOf(api).filter((text) => text.startsWith('line '));
const numbered = (lines: number) => Array.from({ length: lines }, (_, at) => `line ${at + 1}`);

/** A build that says all its lines in the absence of the API. */
const speakInAbsence = async (lines: number, options: Partial<AgentApiOptions> = {}) => {
  const clock = createJumpingClock();
  const begun = await begin({ build: chatty(lines) }, { claim: LONG_RUN, ...options }, { clock });
  const { api, fake } = begun;
  await api.until((state) => state.lines.some((line) => line?.text === 'begun'));
  api.goAway();
  await writeFile(path.join(fake.folder, 'go'), '');
  await appears(path.join(fake.folder, 'said'));
  await pass(clock);
  return { ...begun, clock, letEnd: () => writeFile(path.join(fake.folder, 'end'), '') };
};

describe('an API that is away for eleven minutes', () => {
  it('loses no line of a build that goes on: they wait on disk, and come without a hole (S65, S70)', async () => {
    const { api, clock, ended, letEnd } = await speakInAbsence(MANY);
    const spilled = await unnamedFiles();
    const heard = api.state.lines.length;
    api.comeBack();
    hurry(clock);
    await letEnd();
    expect(await ended).toBe('succeeded');
    expect(spilled).toHaveLength(1);
    expect(heard).toBeLessThan(MANY);
    expect(linesOf(api)).toEqual(numbered(MANY));
    expect(api.state.lines.map((line) => line?.seq)).toEqual(api.state.lines.map((_, at) => at + 1));
    expect(await unnamedFiles()).toEqual([]);
  });

  const comebacks: [string, Fault[]][] = [
    ['server errors', [500, 502, 503, 504].map((status) => ({ kind: 'status', status }) as const)],
    ['throttling', Array.from({ length: 4 }, () => ({ kind: 'status', status: 429 }) as const)],
    ['pages of a proxy', [200, 403, 404, 502].map((status) => ({ kind: 'garbage', status }) as const)],
    ['answers that are lost', Array.from({ length: 3 }, () => ({ kind: 'drop', applied: true }) as const)],
  ];
  it.each(comebacks)('may come back with %s', async (_, faults) => {
    const left: Fault[] = [];
    const { api, clock, ended, letEnd } = await speakInAbsence(40, { fault: () => left.shift() });
    left.push(...faults);
    api.comeBack();
    hurry(clock);
    await letEnd();
    expect(await ended).toBe('succeeded');
    expect(left).toEqual([]);
    expect(linesOf(api)).toEqual(numbered(40));
  });

  it.each([false, true])(
    'is waited for by the hand-over, also beyond the deadline (carried out: %s)',
    async (applied) => {
      const clock = createJumpingClock();
      const deadlineAt = new Date(Date.now() + 300_000).toISOString();
      const { api, ended } = await begin(
        { build: PRINT_ARTIFACT },
        {
          claim: { deadlineAt },
          fault: (verb, count) => {
            if (verb !== 'complete' || count > 1) return undefined;
            api.goAway();
            return { kind: 'drop', applied };
          },
        },
        { clock },
      );
      await api.until(({ counts }) => counts.complete === 1);
      await pass(clock);
      api.comeBack();
      hurry(clock);
      expect(await ended).toBe('succeeded');
      expect(new Set(api.state.completions.map((one) => JSON.stringify(one))).size).toBe(1);
      expect(api.state.completions[0]?.lastSeq).toBe(api.state.lines.length);
    },
  );

  it.each([false, true])('is waited for by the claim (carried out: %s)', async (applied) => {
    const clock = createJumpingClock();
    const { api, ended } = await begin(
      { build: PRINT_ARTIFACT },
      {
        claim: LONG_RUN,
        fault: (verb, count) => {
          if (verb !== 'claim' || count > 1) return undefined;
          api.goAway();
          return { kind: 'drop', applied };
        },
      },
      { clock },
    );
    await api.until(({ counts }) => counts.claim === 1);
    await pass(clock);
    api.comeBack();
    hurry(clock);
    expect(await ended).toBe('succeeded');
    expect(new Set(api.state.claims.map(({ runnerId }) => runnerId)).size).toBe(1);
  });

  it('and longer ends a runner that has no claim: the run is started again by others', async () => {
    const clock = createJumpingClock();
    const { api, ended } = await begin({ build: PRINT_ARTIFACT }, {}, { clock });
    api.goAway();
    hurry(clock, 60_000);
    await expect(ended).rejects.toThrow(UnreachableError);
    expect(api.state.completions).toEqual([]);
  });
});

describe('links to the job’s files', () => {
  const content = 'echo uploaded\n';
  const file = { path: 'steps/001.sh', resourceId: 'res_1', version: 2 };
  const sized = { sizeBytes: content.length, sha256: sha256(content) };
  const job: Partial<AgentApiOptions> = {
    bundle: bundleOf({ 'image.pkr.json': '{}' }, { downloads: [{ ...file, ...sized }] }),
    files: { [downloadKey(file)]: content },
  };
  const build = ['say say "$(cat steps/001.sh)"', PRINT_ARTIFACT].join('\n');

  it.each(['bundle', 'file'] as const)(
    'that have expired (%s) are claimed again by the runner that has the run (S65)',
    async (which) => {
      const { api, ended } = await begin(
        { build },
        {
          ...job,
          fault: (verb, count) => {
            if (verb === which && count === 1) api.state.expiredLinks = 1;
            return undefined;
          },
        },
      );
      expect(await ended).toBe('succeeded');
      expect(textsOf(api)).toContain('echo uploaded');
      expect(api.state.claims).toHaveLength(2);
      expect(new Set(api.state.claims.map(({ runnerId }) => runnerId)).size).toBe(1);
    },
  );

  it('are claimed again although heartbeats go on and the answer is lost: the lease is not', async () => {
    let beats = 0;
    const { api, ended } = await begin(
      { build },
      {
        ...job,
        claim: { heartbeatSeconds: 0.005 },
        fault: (verb, count) => {
          if (verb === 'file' && count === 1) api.state.expiredLinks = 1;
          if (verb === 'heartbeat' && api.state.claims.length === 2) beats += 1;
          // Carried out: the lease has another token, which the runner does not know yet.
          return verb === 'claim' && count < 4 && count > 1 ? { kind: 'drop', applied: true } : undefined;
        },
      },
      // Long enough between two tries for heartbeats.
      { random: () => 0.9 },
    );
    expect(await ended).toBe('succeeded');
    expect(beats).toBeGreaterThan(0);
    expect(api.state.claims.length).toBeGreaterThan(2);
    expect(api.state.completions).toHaveLength(1);
  });

  it('are refused to a runner that was replaced: it ends, and Packer never starts (F15)', async () => {
    const { api, fake, ended } = await begin(
      { build },
      {
        ...job,
        fault: (verb) => {
          if (verb !== 'file') return undefined;
          api.state.isLeaseLost = true;
          return { kind: 'status', status: 403 };
        },
      },
    );
    await expect(ended).rejects.toThrow(LeaseLostError);
    await expect(callsOf(fake)).rejects.toThrow('ENOENT');
    expect(api.state.completions).toEqual([]);
  });

  it('that stay refused fail the run with the name of the file, not with the refused claim (S153)', async () => {
    const { completion } = await run(
      { build },
      {
        ...job,
        fault: (verb, count) => {
          if (verb === 'file') return { kind: 'status', status: 403 };
          return verb === 'claim' && count > 1
            ? { kind: 'status', status: 401, code: 'bad-token' }
            : undefined;
        },
      },
      { clock: createSwiftClock(50) },
    );
    expect(completion?.errors[0]?.text).toBe(
      'The file steps/001.sh could not be fetched: refused with status 403.',
    );
  });
});
