import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runSchema } from '../../../../../shared/contracts/entities/run.ts';
import { type StoredRun, storedRunSchema, type Verdict } from '../../../../../shared/contracts/stored-run.ts';
import {
  admit,
  applyProgress,
  askToStop,
  finish,
  hasEnded,
  present,
} from '../../../../../shared/domain/run/lifecycle.ts';
import { nextLook } from '../../../../../shared/domain/run/next-look.ts';
import { at, failure, queuedRun, runningRun } from '../../../../support/builders.ts';

const failed: Verdict = { outcome: 'failed', failure: failure() };
const verdicts: Verdict[] = [{ outcome: 'succeeded' }, { outcome: 'stopped' }, failed];

describe('a queued run', () => {
  test('is Running from its admission, with its clock and deadline set (S58, S66)', () => {
    const changes = admit(queuedRun({ timeoutSeconds: 600 }), { workspace: 2, pool: 3 }, at(100));
    expect(changes).toEqual({
      status: 'Running',
      phase: 'starting',
      startedAt: at(100),
      deadlineAt: at(700),
      slots: { workspace: 2, pool: 3 },
    });
  });

  test('is Stopped at once by a stop, and says why (S61, S64)', () => {
    expect(askToStop(queuedRun(), 'user-2', at(5))).toEqual({
      status: 'Stopped',
      phase: 'finished',
      endedAt: at(5),
      statusReason: 'stopped while queued',
      stopRequestedAt: at(5),
      stopRequestedBy: 'user-2',
      steps: [
        { index: 1, name: 'install packages', status: 'skipped' },
        { index: 2, name: 'harden', status: 'skipped' },
      ],
    });
  });
});

describe('a stop of a running run', () => {
  test('is a wish first: the status changes when it was carried out (S62)', () => {
    const changes = askToStop(runningRun(), 'user-2', at(20));
    expect(changes).toEqual({ stopRequestedAt: at(20), stopRequestedBy: 'user-2', phase: 'stopping' });
  });

  test('asked twice is asked once', () => {
    expect(askToStop(runningRun({ stopRequestedAt: at(20) }), 'user-3', at(30))).toBeUndefined();
  });

  test('comes too late once the build has completed or is judged', () => {
    const completion = {
      outcome: 'succeeded' as const,
      exitCode: 0,
      artifacts: [],
      errors: [],
      temporaries: [],
      lastSeq: 9,
    };
    expect(askToStop(runningRun({ completion }), 'user-2', at(20))).toBeUndefined();
    expect(askToStop(runningRun({ verdict: { outcome: 'succeeded' } }), 'user-2', at(20))).toBeUndefined();
  });

  test.each(['Succeeded', 'Failed', 'Stopped'] as const)(
    'changes nothing of a run that is %s (S63)',
    (status) => {
      expect(askToStop(runningRun({ status }), 'user-2', at(20))).toBeUndefined();
    },
  );
});

describe('the end', () => {
  test.each([
    [{ outcome: 'succeeded' } as const, 'Succeeded'],
    [{ outcome: 'stopped' } as const, 'Stopped'],
    [failed, 'Failed'],
  ])('of a run that is %o is %s (S59, S60, S61)', (verdict, status) => {
    expect(finish(runningRun(), verdict, at(60))).toMatchObject({
      status,
      phase: 'finished',
      endedAt: at(60),
    });
  });

  test('only a failed run carries a failure', () => {
    expect(finish(runningRun(), failed, at(60)).failure).toEqual(failure());
    expect(finish(runningRun(), { outcome: 'succeeded' }, at(60)).failure).toBeUndefined();
  });

  test.each([
    [failed, 'failed'],
    [{ outcome: 'stopped' } as const, 'skipped'],
    [{ outcome: 'succeeded' } as const, 'skipped'],
  ])('closes a step that was under way: %o makes it %s; what had not begun is skipped', (verdict, status) => {
    const run = runningRun({
      steps: [
        { index: 1, name: 'one', status: 'succeeded', startedAt: at(11), durationSeconds: 4 },
        { index: 2, name: 'two', status: 'running', startedAt: at(15) },
        { index: 3, name: 'three', status: 'pending' },
      ],
    });
    expect(finish(run, verdict, at(60)).steps).toEqual([
      { index: 1, name: 'one', status: 'succeeded', startedAt: at(11), durationSeconds: 4 },
      { index: 2, name: 'two', status, startedAt: at(15), durationSeconds: 45 },
      { index: 3, name: 'three', status: 'skipped' },
    ]);
  });
});

describe('progress', () => {
  const step = (status: 'running' | 'succeeded' | 'failed' | 'skipped', seconds: number, index = 1) => ({
    index,
    status,
    at: at(seconds),
  });
  const after = (run: StoredRun, ...steps: ReturnType<typeof step>[]) =>
    ({ ...run, ...applyProgress(run, { steps }) }).steps;

  test('shows the begin and the end of each step (S76, S77)', () => {
    const [one] = after(runningRun(), step('running', 20));
    expect(one).toMatchObject({ status: 'running', startedAt: at(20) });
    const [done] = after(runningRun(), step('running', 20), step('succeeded', 32));
    expect(done).toMatchObject({ status: 'succeeded', startedAt: at(20), durationSeconds: 12 });
  });

  test('that comes late or twice changes nothing', () => {
    const steps = after(runningRun(), step('running', 20), step('succeeded', 32));
    expect(after(runningRun({ steps }), step('running', 40))).toEqual(steps);
    expect(after(runningRun({ steps }), step('failed', 50))).toEqual(steps);
    expect(after(runningRun({ steps }), step('succeeded', 50))).toEqual(steps);
  });

  test('of an end whose begin was lost still ends the step', () => {
    const [one] = after(runningRun(), step('failed', 32));
    expect(one).toEqual({ index: 1, name: 'install packages', status: 'failed' });
  });

  test('of a step that the run does not have is left out', () => {
    expect(after(runningRun(), step('running', 20, 99))).toEqual(runningRun().steps);
  });

  test('keeps what is known of the build VM (S83)', () => {
    const run = runningRun({ buildSite: { user: 'ubuntu' } });
    const first = applyProgress(run, { buildVm: { kind: 'ec2-instance', locator: 'eu-west-1/i-1' } });
    const later = applyProgress(
      { ...run, ...first },
      { buildVm: { kind: 'ec2-instance', locator: 'eu-west-1/i-1', address: '10.0.0.7' } },
    );
    expect(later.buildVm).toEqual({
      kind: 'ec2-instance',
      locator: 'eu-west-1/i-1',
      address: '10.0.0.7',
      user: 'ubuntu',
    });
  });

  test('names each temporary resource once', () => {
    const known = [{ kind: 'ec2-key-pair', id: 'k' }];
    const run = runningRun({ temporaries: known });
    const temporaries = [...known, { kind: 'ec2-security-group', id: 'g' }];
    expect(applyProgress(run, { temporaries }).temporaries).toEqual(temporaries);
  });

  test('never lets the list of temporary resources outgrow the row, whatever a script prints', () => {
    let run = runningRun();
    for (let round = 0; round < 50; round += 1) {
      const temporaries = Array.from({ length: 100 }, (_, n) => ({
        kind: 'ec2-key-pair',
        id: `k-${round}-${n}`,
      }));
      run = { ...run, ...applyProgress(run, { temporaries }) };
    }
    expect(run.temporaries?.length).toBeLessThanOrEqual(500);
    expect(run.temporaries?.[0]).toEqual({ kind: 'ec2-key-pair', id: 'k-0-0' });
  });
});

describe('durations', () => {
  test('are whole seconds, of the run and of its steps', () => {
    const late = '2026-01-02T03:04:47.678Z';
    const run = runningRun({ startedAt: at(10), endedAt: late, status: 'Succeeded' });
    expect(present(run).durationSeconds).toBe(33);
    const [step] =
      finish(
        runningRun({ steps: [{ index: 1, name: 'one', status: 'running', startedAt: at(10) }] }),
        failed,
        late,
      ).steps ?? [];
    expect(step?.durationSeconds).toBe(33);
  });

  test('are never negative, also when the clock of the runner goes ahead', () => {
    const run = runningRun({ steps: [{ index: 1, name: 'one', status: 'running', startedAt: at(90) }] });
    expect(finish(run, failed, at(60)).steps?.[0]?.durationSeconds).toBe(0);
    const progress = applyProgress(run, { steps: [{ index: 1, status: 'succeeded', at: at(80) }] });
    expect(progress.steps?.[0]?.durationSeconds).toBe(0);
  });
});

describe('a run as clients read it', () => {
  test('carries name, number, counts and the step under way (S66, S126)', () => {
    const run = runningRun({
      number: 7,
      steps: [{ index: 1, name: 'one', status: 'running', startedAt: at(11) }],
      leftoverCount: 3,
    });
    expect(runSchema.parse(present(run))).toMatchObject({
      imageName: 'Web-Base-v7',
      number: 7,
      provisionerCount: 1,
      currentStep: { name: 'one' },
      leftovers: { count: 3 },
    });
  });

  test('shows its place in the queue only while it is Queued', () => {
    const queue = { position: 2, reason: 'the runner pool runs 1 of at most 1' };
    expect(present(queuedRun(), queue).queue).toEqual(queue);
    expect(present(runningRun(), queue).queue).toBeUndefined();
  });

  test('holds nothing that only the engine needs', () => {
    const secretive = runningRun({
      taskToken: 'task-token',
      claim: { tokenSha256: 'claim-digest', until: at(99) },
      snapshotSha256: 'snapshot-digest',
      executionArn: 'execution-arn',
    });
    expect(JSON.stringify(present(secretive))).not.toMatch(/task-token|digest|execution-arn/);
  });

  test('names its image once it has one (S21, S129)', () => {
    const locators = [
      {
        role: 'primary' as const,
        region: 'eu-west-1',
        accountId: '1',
        amiId: 'ami-1',
        amiName: 'Web-Base-v1',
      },
    ];
    const run = runningRun({ status: 'Succeeded', imageVersionId: 'ver_1', locators });
    expect(present(run).image).toEqual({ versionId: 'ver_1', name: 'Web-Base-v1', locators });
  });
});

/** What may happen to a run, in any order and as often as it likes. */
const happenings = fc.oneof(
  fc.constant((run: StoredRun, now: string) =>
    run.status === 'Queued' ? admit(run, { workspace: 1, pool: 1 }, now) : undefined,
  ),
  fc.constant((run: StoredRun, now: string) => askToStop(run, 'user-2', now)),
  fc
    .constantFrom(...verdicts)
    .map(
      (verdict) => (run: StoredRun, now: string) =>
        run.status === 'Running' ? finish(run, verdict, now) : undefined,
    ),
  fc
    .record({
      index: fc.integer({ min: 1, max: 3 }),
      status: fc.constantFrom('running', 'succeeded', 'failed'),
    })
    .map(({ index, status }) => (run: StoredRun, now: string) => {
      const known = (['running', 'succeeded', 'failed'] as const).find((one) => one === status) ?? 'running';
      return run.status === 'Running'
        ? applyProgress(run, { steps: [{ index, status: known, at: now }] })
        : undefined;
    }),
);

test('whatever happens: the status only moves forward, steps too, and what has ended never changes nor has a step to come (S63, S64)', () => {
  const order = { Queued: 0, Running: 1, Succeeded: 2, Failed: 2, Stopped: 2 };
  const stepOrder = { pending: 0, running: 1, succeeded: 2, failed: 2, skipped: 2 };
  fc.assert(
    fc.property(fc.array(happenings, { maxLength: 30 }), (list) => {
      let run = queuedRun();
      for (const [place, happen] of list.entries()) {
        const changes = happen(run, at(place));
        expect(hasEnded(run) && changes !== undefined).toBe(false);
        const next = storedRunSchema.parse({ ...run, ...changes });
        expect(order[next.status]).toBeGreaterThanOrEqual(order[run.status]);
        for (const [nth, step] of next.steps.entries()) {
          const before = run.steps[nth]?.status ?? 'pending';
          expect(stepOrder[step.status]).toBeGreaterThanOrEqual(stepOrder[before]);
        }
        expect(next.endedAt !== undefined).toBe(hasEnded(next));
        const isOpen = next.steps.some(({ status }) => status === 'pending' || status === 'running');
        expect(hasEnded(next) && isOpen).toBe(false);
        run = next;
      }
    }),
  );
});

describe('the next look of the reconciler', () => {
  const now = at(1000);
  const after = (seconds: number) => at(1000 + seconds);

  test('comes when a runner that was just heard of has been silent for a while', () => {
    expect(nextLook(runningRun({ deadlineAt: at(9000) }), now)).toBe(after(30));
  });

  test('is not put off by heartbeats of a runner that does not stop', () => {
    expect(nextLook(runningRun({ deadlineAt: at(9000), stopRequestedAt: at(955) }), now)).toBe(after(15));
    expect(nextLook(runningRun({ deadlineAt: at(9000), stopRequestedAt: at(100) }), now)).toBe(after(1));
  });

  test('is not put off by a build that overstays its deadline', () => {
    expect(nextLook(runningRun({ deadlineAt: at(-195) }), now)).toBe(after(5));
  });

  test('is for a failed run as long as nobody has swept it', () => {
    const failed = runningRun({ status: 'Failed', endedAt: at(900), bundle: { key: 'jobs/x', sha256: 'y' } });
    expect(nextLook(failed, now)).toBe(after(120));
    expect(nextLook({ ...failed, sweptAt: at(950), lookedAgainAt: at(950) }, now)).toBeUndefined();
    expect(nextLook({ ...failed, sweepGivenUpAt: at(950) }, now)).toBeUndefined();
    expect(nextLook({ ...failed, bundle: undefined }, now)).toBeUndefined();
  });

  test('is never for a run that waits, succeeded or was stopped', () => {
    for (const status of ['Queued', 'Succeeded', 'Stopped'] as const) {
      expect(nextLook(runningRun({ status, endedAt: at(900) }), now)).toBeUndefined();
    }
  });
});
