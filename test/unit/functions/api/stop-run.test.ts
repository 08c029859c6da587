import { describe, expect, test } from 'vitest';
import { stopRun } from '../../../../functions/api/runs/stop-run.ts';
import { endRun } from '../../../../functions/workflow/finish/end-run.ts';
import { beginBuild } from '../../../../functions/workflow/start-build/begin-build.ts';
import { admitRuns } from '../../../../shared/actions/admit-runs.ts';
import { startBuild } from '../../../../shared/actions/start-build.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { joinQueue } from '../../../../shared/store/queue-store.ts';
import { at, failure, queuedRun } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { fakeClient } from '../../../support/fake-platform.ts';
import { COMPLETION, PACKER_STARTS, runners } from '../agent-api/runners.ts';

const principal = { kind: 'user' as const, id: 'user-2', name: 'grace' };
const buildVm = { kind: 'ec2-instance', locator: 'i-1', region: 'eu-west-1' };
const STOPPED = { ...COMPLETION, outcome: 'stopped' as const, exitCode: null };

/** A run with its runners, a person who stops it, and the last task of its workflow. */
const world = async (fields: Partial<StoredRun> = {}) => {
  const api = await runners({ executionArn: 'arn:execution', ...fields });
  const { engine, run, woken } = api;
  const stoppedBuilds: string[] = [];
  const wake = async (token: string) => void woken.push(token);
  const stopper = { ...engine, wake };
  const stop = () => stopRun(stopper, { scope, params: { runId: run.id }, principal });
  const client = fakeClient({
    findLeftovers: async () => [{ kind: 'ec2-instance', locator: 'eu-west-1/i-1' }],
    describeBuildVm: async () => buildVm,
  });
  const ending = {
    ...engine,
    connect: async () => client,
    pause: async () => undefined,
    stopBuild: async (id: string) => void stoppedBuilds.push(id),
  };
  const end = async () => {
    await endRun(ending, { workspaceId: run.workspaceId, runId: run.id, broken: null });
    return api.after();
  };
  const audits = () => [...engine.core.rows.values()].filter((row) => row['row'] === 'audit-event');
  /** Lets something happen just before the next write, as if somebody else were faster. */
  const beforeNextWrite = (happen: () => Promise<unknown>): void => {
    const { beforeWrite } = engine.core;
    engine.core.beforeWrite = async () => {
      engine.core.beforeWrite = beforeWrite;
      await happen();
    };
  };
  const starter = (buildId = 'build-1') => ({
    core: engine.core,
    now: () => at(150),
    newSecret: () => 'another-token-0123456789',
    startCloudBuild: async () => ({ buildId }),
  });
  return { ...api, stop, stopper, ending, end, audits, beforeNextWrite, starter, stoppedBuilds };
};

const late = { code: 'already-finished' };

describe('a stop of a run that no runner has', () => {
  test('takes its claim away, wakes its workflow and ends the build that nobody needs (S46, S62)', async () => {
    const { stop, claim, woken, after, end, stoppedBuilds } = await world({ buildId: 'build-1' });
    const answer = await stop();
    expect(answer.body).toMatchObject({ status: 'Running', phase: 'stopping' });
    expect(woken).toEqual(['task-token']);
    expect((await after()).claim).toBeUndefined();
    expect((await claim()).status).toBe(401);
    const ended = await end();
    expect(ended).toMatchObject({ status: 'Stopped', leftoverCount: 0 });
    expect([ended.lease, ended.buildVm]).toEqual([undefined, undefined]);
    expect(stoppedBuilds).toEqual(['build-1']);
    expect(ended.buildStoppedAt).toBeDefined();
    // The workflow's last task may be repeated.
    await end();
    expect(stoppedBuilds).toHaveLength(1);
  });

  test('while it waits for room starts no build any more, and says nothing of room', async () => {
    const { stop, starter, run, after, woken } = await world({
      claim: undefined,
      startAgainAt: at(140),
      startTries: 3,
      statusReason: 'CodeBuild has no room for the build; it is tried again at …',
    });
    await stop();
    const asked = await after();
    expect([asked.startAgainAt, asked.startTries, asked.statusReason]).toEqual(Array(3).fill(undefined));
    expect(woken).toEqual(['task-token']);
    expect(await startBuild(starter(), scope, run.id)).toBe('over');
  });

  test('while it is prepared ends with its workflow: StartBuild builds nothing and answers the token', async () => {
    const { stop, starter, run, woken } = await world({ claim: undefined, taskToken: undefined });
    await stop();
    expect(woken).toEqual([]);
    const started: string[] = [];
    const input = { workspaceId: run.workspaceId, runId: run.id, taskToken: 'late-token' };
    await beginBuild(
      { ...starter(), startCloudBuild: async () => ({ buildId: String(started.push('x')) }) },
      async (token) => void woken.push(token),
      input,
    );
    expect([started, woken]).toEqual([[], ['late-token']]);
  });

  test('is a stop all the same when the workflow cannot be woken; asking again wakes it', async () => {
    const { stopper, run, stop, woken, after } = await world();
    const call = { scope, params: { runId: run.id }, principal };
    const lost = { ...stopper, wake: () => Promise.reject(new Error('TaskTimedOut')) };
    expect((await stopRun(lost, call)).body).toMatchObject({ phase: 'stopping' });
    const { rev } = await after();
    await stop();
    expect(woken).toEqual(['task-token']);
    expect((await after()).rev).toBe(rev);
  });

  test('that comes while the build is being started leaves a build that nobody can claim, and that is told to end', async () => {
    const { stop, starter, run, after, end, claim, stoppedBuilds } = await world({ claim: undefined });
    const slow = {
      ...starter(),
      startCloudBuild: async () => {
        await stop();
        return { buildId: 'build-9' };
      },
    };
    await startBuild(slow, scope, run.id);
    expect((await after()).claim).toBeUndefined();
    expect((await claim('one', 'another-token-0123456789')).status).toBe(401);
    expect((await end()).status).toBe('Stopped');
    expect(stoppedBuilds).toEqual(['build-9']);
  });

  test('whose build is known only after its end is told to end by the reconciler', async () => {
    const { stop, starter, run, after, end, stoppedBuilds } = await world({ claim: undefined });
    const slow = {
      ...starter(),
      startCloudBuild: async () => {
        await stop();
        await end();
        return { buildId: 'build-9' };
      },
    };
    await startBuild(slow, scope, run.id);
    expect(stoppedBuilds).toEqual([]);
    expect(await after()).toMatchObject({ status: 'Stopped', buildId: 'build-9' });
  });
});

describe('a stop and a claim at the same moment', () => {
  test('the stop first: the runner is refused, and nothing is left', async () => {
    const { stop, claim, beforeNextWrite, after, end } = await world();
    beforeNextWrite(stop);
    expect((await claim()).status).toBe(409);
    expect((await after()).lease).toBeUndefined();
    expect(await end()).toMatchObject({ status: 'Stopped', leftoverCount: 0 });
  });

  test('the claim first: the runner has the run and is told to stop (S62)', async () => {
    const { stop, claim, hold, beforeNextWrite, after, woken } = await world();
    beforeNextWrite(() => claim());
    await stop();
    expect((await after()).lease).toBeDefined();
    expect(woken).toEqual([]);
    // The same runner asks again: it keeps its claim as long as it has the run.
    expect((await hold()).answer.stop).toBe(true);
  });
});

describe('a stop of a run that a runner has', () => {
  test('before Packer starts: Packer never does, and the run ends when its runner says so', async () => {
    const { hold, stop, after, end, woken } = await world();
    const { standing, say } = await hold();
    await stop();
    expect((await standing(PACKER_STARTS)).stop).toBe(true);
    expect((await after()).packerStartedAt).toBeUndefined();
    expect(woken).toEqual([]);
    await say('complete', STOPPED);
    expect(woken).toEqual(['task-token']);
    expect((await end()).status).toBe('Stopped');
  });

  test('right after Packer was let go: the next answer tells, what is left is described and recorded (S47, S82, S83)', async () => {
    const { hold, stop, after, end, stoppedBuilds } = await world({ buildId: 'build-1' });
    const { standing, say } = await hold();
    expect((await standing(PACKER_STARTS)).stop).toBe(false);
    await stop();
    expect((await standing()).stop).toBe(true);
    expect(await after()).toMatchObject({ status: 'Running', phase: 'stopping' });
    await say('complete', STOPPED);
    expect(await end()).toMatchObject({ status: 'Stopped', buildVm, leftoverCount: 1 });
    // Its runner ends it by itself.
    expect(stoppedBuilds).toEqual([]);
  });

  test('is heard by a progress that is written at the same moment', async () => {
    const { hold, stop, beforeNextWrite } = await world();
    const { standing } = await hold();
    beforeNextWrite(stop);
    expect((await standing(PACKER_STARTS)).stop).toBe(true);
  });
});

describe('a stop that is asked for more than once (F22)', () => {
  test.each([
    ['one after the other', false],
    ['at the same moment', true],
  ])('%s is one stop, with one entry in the audit log', async (_case, together) => {
    const { stop, hold, audits, after } = await world();
    await hold();
    const answers = together
      ? await Promise.all([stop(), stop(), stop()])
      : [await stop(), await stop(), await stop()];
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(audits()).toMatchObject([{ action: 'stop', actor: { id: 'user-2' } }]);
    expect((await after()).stopRequestedBy).toBe('user-2');
  });

  test('of a queued run at the same moment: both are told that it is Stopped', async () => {
    const { stop, engine, run, audits } = await world();
    const waiting = queuedRun();
    await engine.core.write([
      { put: { ...keys.run(scope, run.id), row: 'run', ...waiting } },
      joinQueue(waiting),
    ]);
    const answers = await Promise.all([stop(), stop()]);
    expect(answers.map(({ body }) => body)).toMatchObject([{ status: 'Stopped' }, { status: 'Stopped' }]);
    expect(audits()).toHaveLength(1);
    await expect(stop()).rejects.toMatchObject(late);
  });
});

describe('a stop at the finish line (F22)', () => {
  test('after the build is complete has no effect: the run ends as the build did', async () => {
    const { hold, stop, end, audits, after } = await world();
    const { say } = await hold();
    await say('complete', COMPLETION);
    expect((await stop()).body).toMatchObject({ status: 'Running', phase: 'verifying' });
    expect((await after()).stopRequestedAt).toBeUndefined();
    expect(audits()).toEqual([]);
    expect((await end()).status).toBe('Failed');
    await expect(stop()).rejects.toMatchObject(late);
  });

  test('that loses to the completion in its own write leaves the end to the build', async () => {
    const { hold, stop, end, beforeNextWrite, audits } = await world();
    const { say } = await hold();
    beforeNextWrite(() => say('complete', COMPLETION));
    await stop();
    expect(audits()).toEqual([]);
    expect(await end()).toMatchObject({ status: 'Failed' });
  });

  test('that wins against a build which failed by itself leaves the end to the build, too', async () => {
    const { hold, stop, end, beforeNextWrite } = await world();
    const { say } = await hold();
    beforeNextWrite(stop);
    await say('complete', COMPLETION);
    const ended = await end();
    expect(ended.stopRequestedAt).toBeDefined();
    expect(ended.status).toBe('Failed');
  });

  test.each(['Succeeded', 'Failed', 'Stopped'] as const)('after the end (%s) is refused', async (status) => {
    const { stop, after, audits } = await world({ status, endedAt: at(90), failure: failure() });
    const before = await after();
    await expect(stop()).rejects.toMatchObject(late);
    expect(await after()).toEqual(before);
    expect(audits()).toEqual([]);
  });
});

describe('a stop and an admission at the same moment (S64)', () => {
  const queued = async () => {
    const all = await world({ slots: undefined });
    const { engine, run } = all;
    const waiting = queuedRun({ executionArn: undefined });
    await engine.core.write([
      { put: { ...keys.run(scope, run.id), row: 'run', ...waiting } },
      joinQueue(waiting),
    ]);
    const started: string[] = [];
    const admit = () =>
      admitRuns(engine, { id: 'default', limit: 1, workspaceLimit: 1 }, async (admitted) => {
        started.push(admitted.id);
        return { executionArn: 'arn:execution' };
      });
    return { ...all, admit, started };
  };

  test('the stop first: the run never starts and takes no slot', async () => {
    const { stop, admit, started, beforeNextWrite, after, engine } = await queued();
    beforeNextWrite(stop);
    await admit();
    expect(started).toEqual([]);
    expect(await after()).toMatchObject({ status: 'Stopped', statusReason: 'stopped while queued' });
    expect([...engine.core.rows.values()].filter(({ row }) => row === 'slot' || row === 'queue')).toEqual([]);
  });

  test('the admission first: the run is Running, to be stopped, and its workflow ends it', async () => {
    const { stop, admit, started, beforeNextWrite, after, end } = await queued();
    beforeNextWrite(admit);
    await stop();
    expect(started).toHaveLength(1);
    expect(await after()).toMatchObject({ status: 'Running', phase: 'stopping' });
    expect(await end()).toMatchObject({ status: 'Stopped' });
  });
});
