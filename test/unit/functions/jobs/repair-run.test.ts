import { describe, expect, test } from 'vitest';
import { repairRun } from '../../../../functions/jobs/reconcile/repair-run.ts';
import { finishRun } from '../../../../shared/actions/finish-run.ts';
import { PlatformError } from '../../../../shared/platforms/platform.ts';
import { DUE_RUN } from '../../../../shared/store/keys.ts';
import { at, failure, lease } from '../../../support/builders.ts';
import { putRun, readLog, scope } from '../../../support/engine.ts';
import { building, completion, executionArn, reconciler } from './reconciler.ts';

describe('a run that nobody heard of for a while', () => {
  test('whose workflow was never started is started', async () => {
    const { repair, run, did, after } = await reconciler({});
    expect(await repairRun(repair, run)).toBe('started its workflow');
    expect(did).toEqual([`start ${run.id}`]);
    expect((await after()).executionArn).toBe(executionArn);
  });

  test('whose workflow is dead is failed, its slots freed, and the log says why (S153)', async () => {
    const { repair, run, core, traffic, after } = await reconciler({ executionArn }, { workflow: 'gone' });
    await repairRun(repair, run);
    expect(await after()).toMatchObject({ status: 'Failed', failure: { errorId: 'workflow-lost' } });
    expect([...core.rows.keys()].filter((key) => /SLOT|LEASE|ACTIVE/.test(key))).toEqual([]);
    expect(await readLog(traffic, run.id)).toHaveLength(1);
  });

  test('whose workflow died after the build completed is judged by its completion', async () => {
    const { repair, run, after } = await reconciler({ ...building, lease, completion }, { workflow: 'gone' });
    await repairRun(repair, run);
    expect(await after()).toMatchObject({
      status: 'Failed',
      failure: { category: 'provisioner', logSeq: 3 },
    });
  });

  test('whose image the platform does not show is judged within the minute that the reconciler has (F20, F45)', async () => {
    const succeeded = { ...completion, outcome: 'succeeded' as const, exitCode: 0, errors: [] };
    const { repair, run, after } = await reconciler(
      { ...building, lease, completion: succeeded },
      { workflow: 'gone' },
    );
    let paused = 0;
    const pause = async (milliseconds: number) => {
      paused += milliseconds;
    };
    const getSnapshot = () => Promise.reject(new PlatformError('platform-unreachable', 'no answer'));
    await repairRun({ ...repair, pause, files: { ...repair.files, getSnapshot } }, run);
    expect(await after()).toMatchObject({ status: 'Failed', failure: { errorId: 'platform-unreachable' } });
    expect(paused).toBeLessThan(30_000);
  });

  test('whose image cannot be looked for because of trouble of our own is judged when that is over, or after an hour', async () => {
    const succeeded = { ...completion, outcome: 'succeeded' as const, exitCode: 0, errors: [] };
    const fields = { ...building, lease, completion: succeeded, deadlineAt: at(90_000) };
    const { repair, run, after } = await reconciler(fields, { workflow: 'gone' });
    await expect(repairRun(repair, run)).rejects.toThrow('no snapshot');
    const waiting = await after();
    expect([waiting.status, waiting.verdict]).toEqual(['Running', undefined]);
    await repairRun({ ...repair, now: () => at(30 + 3601) }, waiting);
    expect(await after()).toMatchObject({ status: 'Failed', failure: { errorId: 'platform-unreachable' } });
  });

  test('whose workflow died during a stop is Stopped', async () => {
    const { repair, run, after } = await reconciler(
      { ...building, stopRequestedAt: at(90) },
      { workflow: 'gone' },
    );
    await repairRun(repair, run);
    expect(await after()).toMatchObject({ status: 'Stopped' });
  });

  test.each([
    ['a runner has the build', { ...building, lease }],
    ['a runner is to have it', building],
    ['room is waited for', { executionArn, taskToken: 'task-token', startAgainAt: at(200) }],
  ])('whose workflow is dead goes on while %s (F20)', async (_, fields) => {
    const { repair, run, did, after } = await reconciler(fields, { workflow: 'gone' });
    expect(await repairRun(repair, run)).toMatch(/^nothing/);
    expect(did).toEqual([]);
    expect(await after()).toMatchObject({ status: 'Running' });
  });

  test('whose workflow is dead ends when its build is lost as well', async () => {
    const fields = { ...building, lease, packerStartedAt: at(60) };
    const { repair, run, after } = await reconciler(fields, { workflow: 'gone', build: 'FAULT' });
    await repairRun(repair, run);
    await repairRun(repair, await after());
    expect(await after()).toMatchObject({ status: 'Failed', failure: { errorId: 'runner-lost' } });
  });

  test.each([
    ['is told to stop, and Stopped once it has', { ...building, lease }, 'Running'],
    ['that has no runner yet is Stopped at once', building, 'Stopped'],
  ])('whose execution was stopped by hand %s (F21)', async (_, fields, status) => {
    const { repair, run, core, after } = await reconciler(fields, { workflow: 'aborted' });
    await repairRun(repair, run);
    const told = await after();
    expect(told).toMatchObject({ status, stopRequestedBy: 'operator' });
    if (told.status === 'Stopped') return;
    await putRun(core, { ...told, completion: { ...completion, outcome: 'stopped' } });
    await repairRun(repair, await after());
    expect((await after()).status).toBe('Stopped');
  });

  test('that ended while the reconciler looked at others is left alone, its log too', async () => {
    const { repair, run, traffic, after } = await reconciler({ executionArn }, { workflow: 'gone' });
    const verdict = { outcome: 'stopped' as const };
    await finishRun(repair, scope, { ...run, verdict }, verdict);
    const log = await readLog(traffic, run.id);
    const ended = await after();
    await repairRun(repair, run);
    expect(await after()).toEqual(ended);
    expect(await readLog(traffic, run.id)).toEqual(log);
  });

  test('that has ended already is left alone', async () => {
    const { repair, run, did } = await reconciler({
      ...building,
      completion,
      status: 'Succeeded',
      endedAt: at(60),
    });
    expect(await repairRun(repair, run)).toMatch(/nothing/);
    expect(did).toEqual([]);
  });

  test('that failed and was not swept is swept again, until somebody did (S48)', async () => {
    const bundle = { key: 'k', sha256: 'f' };
    const { repair, run, did } = await reconciler({ ...building, completion, bundle, status: 'Failed' });
    await repairRun(repair, run);
    expect(did).toEqual([`sweep ${run.id}`]);
    expect(await repairRun(repair, { ...run, sweptAt: at(90) })).toMatch(/nothing/);
  });
});

describe('a workflow that does not hear', () => {
  const told = { ...building, lease, completion };
  const deaf = { waking: 'deaf' as const, now: 1000 };

  test('may be verifying or finishing: it is noted, and waited for', async () => {
    const { repair, run, after } = await reconciler(told, deaf);
    await repairRun(repair, run);
    expect(await after()).toMatchObject({ status: 'Running', deafSince: at(1000) });
    const {
      repair: again,
      run: noted,
      after: then,
    } = await reconciler({ ...told, deafSince: at(200) }, deaf);
    await repairRun(again, noted);
    expect(await then()).toMatchObject({ status: 'Running', deafSince: at(200) });
  });

  test('for a quarter of an hour waits for another token: its run is finished in its place (F20)', async () => {
    const { repair, run, after, did } = await reconciler({ ...told, deafSince: at(90) }, deaf);
    await repairRun(repair, run);
    expect(await after()).toMatchObject({ status: 'Failed', failure: { category: 'provisioner' } });
    expect(did).toEqual(['wake task-token completed']);
  });

  test('because Step Functions could not be asked is asked again, however long that takes (F12)', async () => {
    const asked = { waking: 'unknown' as const, now: 9000 };
    const { repair, run, after } = await reconciler({ ...told, deafSince: at(90) }, asked);
    await repairRun(repair, run);
    expect(await after()).toMatchObject({ status: 'Running' });
  });
});

describe('a workflow that waits', () => {
  test('for a completion that is there is woken again', async () => {
    const { repair, run, did } = await reconciler({ ...building, lease, completion });
    await repairRun(repair, run);
    expect(did).toEqual(['wake task-token completed']);
  });

  test.each([
    ['a second time before its runner claimed the run', { attempt: 2 }, 'runner-not-started'],
    ['a second time after its runner claimed the run', { attempt: 2, lease }, 'runner-lost'],
    ['after Packer had begun (F16)', { lease, packerStartedAt: at(60) }, 'runner-lost'],
  ])('for a build that ended %s is told so', async (_case, fields, errorId) => {
    const { repair, run, did, after } = await reconciler({ ...building, ...fields }, { build: 'FAULT' });
    await repairRun(repair, run);
    expect(did).toEqual(['wake task-token lost']);
    expect((await after()).verdict).toMatchObject({ outcome: 'failed', failure: { errorId } });
  });

  test('for a lost runner names the step in which it was lost', async () => {
    const steps = [{ index: 1, name: 'install packages', status: 'running' as const, startedAt: at(40) }];
    const { repair, run, after } = await reconciler(
      { ...building, lease, packerStartedAt: at(39), steps },
      { build: 'gone' },
    );
    await repairRun(repair, run);
    expect((await after()).verdict).toMatchObject({ failure: { step: 'install packages' } });
  });

  test('for a build that ended during a stop is told that it is stopped', async () => {
    const fields = { ...building, lease, stopRequestedAt: at(90) };
    const { repair, run, after } = await reconciler(fields, { build: 'STOPPED' });
    await repairRun(repair, run);
    expect((await after()).verdict).toEqual({ outcome: 'stopped' });
  });

  test('for a runner that does not come within its time is given up', async () => {
    const { repair, run, did, after } = await reconciler(building, { now: 2001 });
    await repairRun(repair, run);
    expect(did).toEqual(['wake task-token lost']);
    expect((await after()).verdict).toMatchObject({ failure: { errorId: 'runner-not-started' } });
  });

  test('for a stop that the runner does not carry out ends the build itself', async () => {
    const fields = { ...building, lease, stopRequestedAt: at(100) };
    const early = await reconciler(fields, { now: 159 });
    await repairRun(early.repair, early.run);
    expect(early.did).toEqual([]);
    const late = await reconciler(fields, { now: 161 });
    await repairRun(late.repair, late.run);
    expect(late.did).toEqual(['wake task-token lost', 'stop build-1']);
    expect((await late.after()).verdict).toEqual({ outcome: 'stopped' });
  });

  test('for a stop waits for a runner that still hands over its lines, ten minutes at most', async () => {
    const fields = (heardAt: number) => ({
      ...building,
      lease: { ...lease, lastHeardAt: at(heardAt) },
      stopRequestedAt: at(100),
    });
    const busy = await reconciler(fields(690), { now: 700 });
    expect(await repairRun(busy.repair, busy.run)).toMatch(/goes on/);
    const endless = await reconciler(fields(700), { now: 701 });
    await repairRun(endless.repair, endless.run);
    expect(endless.did).toEqual(['wake task-token lost', 'stop build-1']);
  });

  test('for a build far beyond its deadline ends it as timed out, not before', async () => {
    const patient = await reconciler({ ...building, lease }, { now: 3610 + 1199 });
    await repairRun(patient.repair, patient.run);
    expect(patient.did).toEqual([]);
    const { repair, run, did, after } = await reconciler({ ...building, lease }, { now: 3610 + 1201 });
    await repairRun(repair, run);
    expect(did).toEqual(['wake task-token lost', 'stop build-1']);
    expect((await after()).verdict).toMatchObject({ failure: { errorId: 'run-timed-out' } });
  });

  test('for a build of hours that goes on is left to wait, and looked at again (S65)', async () => {
    const fields = { ...building, lease, timeoutSeconds: 86_400, deadlineAt: at(86_410) };
    const { repair, run, did, core } = await reconciler(fields, { now: 80_000 });
    expect(await repairRun(repair, run)).toMatch(/goes on/);
    expect(did).toEqual([]);
    expect(await core.due(DUE_RUN, '9999', 10)).toHaveLength(1);
  });

  test('does not lose a verdict that was reached meanwhile', async () => {
    const verdict = { outcome: 'failed' as const, failure: failure() };
    const fields = { ...building, lease, packerStartedAt: at(60) };
    const { repair, run, core, after } = await reconciler(fields, { build: 'FAULT' });
    await putRun(core, { ...run, verdict, rev: run.rev + 1 });
    await repairRun(repair, run);
    expect((await after()).verdict).toEqual(verdict);
  });
});
