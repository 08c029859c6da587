import { describe, expect, test } from 'vitest';
import { repairRun } from '../../../../functions/jobs/reconcile/repair-run.ts';
import { BuildRefused, NoRoom } from '../../../../shared/actions/start-build.ts';
import { queueStore } from '../../../../shared/store/queue-store.ts';
import { at, lease } from '../../../support/builders.ts';
import { building, completion, reconciler } from './reconciler.ts';

describe('a build that was lost before it reached Packer', () => {
  test.each([
    ['before its runner claimed the run', {}],
    ['after its runner claimed the run', { lease }],
  ])('%s is followed by another, under the same number (F15)', async (_, fields) => {
    const { repair, run, did, after } = await reconciler({ ...building, ...fields }, { build: 'FAULT' });
    expect(await repairRun(repair, run)).toMatch(/another build/);
    expect(did).toEqual([`build ${run.id} 2`]);
    const now = await after();
    expect(now).toMatchObject({
      attempt: 2,
      number: run.number,
      buildId: 'build-2',
      taskToken: 'task-token',
    });
    expect([now.lease, now.verdict]).toEqual([undefined, undefined]);
  });

  test('is not followed by another when its run is to stop: it is Stopped', async () => {
    const fields = { ...building, lease, stopRequestedAt: at(90) };
    const { repair, run, did, after } = await reconciler(fields, { build: 'FAULT' });
    await repairRun(repair, run);
    expect(did).toEqual(['wake task-token lost']);
    expect((await after()).verdict).toEqual({ outcome: 'stopped' });
  });

  test('for want of room is put off, is no attempt, and its pool rests (F17)', async () => {
    const { repair, run, core, did, after } = await reconciler(building, {
      build: 'TIMED_OUT',
      inQueue: true,
    });
    await repairRun(repair, run);
    expect(did).toEqual([]);
    const now = await after();
    expect(now).toMatchObject({ attempt: 1, status: 'Running', startAgainAt: at(130) });
    expect([now.buildId, now.claim]).toEqual([undefined, undefined]);
    // It was the only one: one build is what there is room for.
    expect(await queueStore(core, run.pool.id).room()).toEqual({
      until: at(130),
      allows: 1,
      refusedAt: at(100),
    });
  });
});

describe('a start that is due again', () => {
  const waiting = { executionArn: 'arn:execution', taskToken: 'task-token', startAgainAt: at(90) };

  test('is made: room was waited for, or nothing was heard of the first one (F12–F14)', async () => {
    const { repair, run, did, after } = await reconciler(waiting);
    await repairRun(repair, run);
    expect(did).toEqual([`build ${run.id} 1`]);
    expect(await after()).toMatchObject({ buildId: 'build-2', attempt: 1 });
  });

  test('is not made before its time', async () => {
    const { repair, run, did } = await reconciler({ ...waiting, startAgainAt: at(101) });
    await repairRun(repair, run);
    expect(did).toEqual([]);
  });

  test('is put off again while there is no room', async () => {
    const { repair, run, after } = await reconciler({ ...waiting, startTries: 1 });
    repair.startCloudBuild = () => Promise.reject(new NoRoom('still none'));
    await repairRun(repair, run);
    expect(await after()).toMatchObject({ startAgainAt: at(160), startTries: 2 });
  });

  test('and is refused for good ends the run, and its workflow hears of it', async () => {
    const { repair, run, did, after } = await reconciler(waiting);
    repair.startCloudBuild = () => Promise.reject(new BuildRefused('ResourceNotFoundException'));
    await repairRun(repair, run);
    expect(did).toEqual(['wake task-token lost']);
    expect((await after()).verdict).toMatchObject({ failure: { errorId: 'runner-not-started' } });
  });

  test('is not made for a run that is to stop: its workflow is woken', async () => {
    const { repair, run, did } = await reconciler({ ...waiting, stopRequestedAt: at(95) });
    await repairRun(repair, run);
    expect(did).toEqual(['wake task-token lost']);
  });

  test('is not made when the runner was heard of after all', async () => {
    const { repair, run, did } = await reconciler({ ...building, lease, startAgainAt: at(90) });
    await repairRun(repair, run);
    expect(did).toEqual([]);
  });
});

describe('a run whose verdict did not wake its workflow', () => {
  test('wakes it again', async () => {
    const { repair, run, did } = await reconciler({ ...building, verdict: { outcome: 'stopped' } });
    await repairRun(repair, run);
    expect(did).toEqual(['wake task-token lost']);
  });
});

describe('a build that outlives its run', () => {
  const ended = { ...building, status: 'Failed' as const, endedAt: at(80) };

  test('is told to end, once', async () => {
    const { repair, run, did, after } = await reconciler(ended);
    expect(await repairRun(repair, run)).toBe('told its build to end');
    expect(did).toEqual(['stop build-1']);
    expect(await repairRun(repair, await after())).toMatch(/nothing/);
    expect(did).toEqual(['stop build-1']);
  });

  test('is told so again when CodeBuild did not hear it, and that holds up no sweep', async () => {
    const bundle = { key: 'k', sha256: 'f' };
    const { repair, run, did, after } = await reconciler({ ...ended, bundle });
    const deaf = { ...repair, builds: { ...repair.builds, stop: () => Promise.reject(new Error('503')) } };
    expect(await repairRun(deaf, run)).toMatch(/could not be told/);
    expect((await after()).buildStoppedAt).toBeUndefined();
    expect(did).toEqual([`sweep ${run.id}`]);
  });

  test.each([
    ['has ended by itself', ended, 'FAILED'],
    ['has handed over its end', { ...ended, completion }, undefined],
  ])('is left alone when it %s', async (_, fields, build) => {
    const { repair, run, did } = await reconciler(fields, build === undefined ? {} : { build });
    await repairRun(repair, run);
    expect(did).toEqual([]);
  });
});

describe('silence', () => {
  test('of ten minutes ends no run whose build goes on (S65)', async () => {
    const { repair, run, did } = await reconciler({ ...building, lease }, { now: 700 });
    expect(await repairRun(repair, run)).toMatch(/goes on/);
    expect(did).toEqual([]);
  });
});
