import { describe, expect, test } from 'vitest';
import {
  buildAgain,
  BuildRefused,
  type BuildStarter,
  NoMoreBuilds,
  NoRoom,
  startBuild,
} from '../../../../shared/actions/start-build.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { sha256 } from '../../../../shared/domain/sha256.ts';
import { newId } from '../../../../shared/runtime/ids.ts';
import { globalKeys } from '../../../../shared/store/keys.ts';
import { markWaiting, queueStore } from '../../../../shared/store/queue-store.ts';
import { at, lease, runningRun } from '../../../support/builders.ts';
import { memoryEngine, putRun, readRun, scope } from '../../../support/engine.ts';

/** A starter at second 100; `answer` is CodeBuild's. */
const starting = async (
  fields: Partial<StoredRun> = {},
  answer: (started: string[]) => Promise<{ buildId: string | undefined }> = async (started) => ({
    buildId: `build-${started.length}`,
  }),
) => {
  const { core } = memoryEngine();
  const started: string[] = [];
  let secrets = 0;
  const starter: BuildStarter = {
    core,
    now: () => at(100),
    newSecret: () => `secret-${(secrets += 1)}`,
    startCloudBuild: (_, token) => {
      started.push(token);
      return answer(started);
    },
  };
  const run = await putRun(core, runningRun({ phase: 'starting', ...fields }));
  return { starter, core, started, run, after: () => readRun(core, run.id) };
};

describe('the start of a build', () => {
  test('leaves its claim, its id and the task token with the run', async () => {
    const { starter, started, run, after } = await starting();
    expect(await startBuild(starter, scope, run.id, 'task-1')).toBe('started');
    const now = await after();
    expect(now).toMatchObject({ buildId: 'build-1', taskToken: 'task-1', phase: 'provisioning', attempt: 1 });
    expect(now.claim?.tokenSha256).toBe(sha256(started[0] ?? ''));
    expect(now.startAgainAt).toBeUndefined();
  });

  test('that is called twice with one task token starts one build (F14)', async () => {
    const { starter, started, run } = await starting();
    const both = await Promise.all([1, 2].map(() => startBuild(starter, scope, run.id, 'task-1')));
    expect(both.toSorted()).toEqual(['started', 'waiting']);
    expect(started).toHaveLength(1);
  });

  test('of a state that is entered again hands the build that is under way to the new task token', async () => {
    const { starter, started, run, after } = await starting({
      claim: { tokenSha256: 'x', until: at(2000) },
      lease,
    });
    expect(await startBuild(starter, scope, run.id, 'task-2')).toBe('waiting');
    expect(started).toEqual([]);
    expect(await after()).toMatchObject({ taskToken: 'task-2', lease });
  });

  test('whose answer is lost is made again, with a claim that replaces the first (F14)', async () => {
    const lost = () => Promise.reject(new Error('socket hang up'));
    const { starter, run, after } = await starting({}, lost);
    await expect(startBuild(starter, scope, run.id, 'task-1')).rejects.toThrow('hang up');
    const first = await after();
    expect(first.startAgainAt).toBe(at(220));
    const later = { ...starter, now: () => at(220), startCloudBuild: async () => ({ buildId: 'build-2' }) };
    expect(await startBuild(later, scope, run.id)).toBe('started');
    const second = await after();
    expect(second).toMatchObject({ buildId: 'build-2', taskToken: 'task-1', attempt: 1 });
    expect(second.claim?.tokenSha256).not.toBe(first.claim?.tokenSha256);
  });

  test('that is answered after another start does not put its build in the place of the other’s', async () => {
    const answers = Promise.withResolvers<{ buildId: string }>();
    const { starter, run, after } = await starting({}, () => answers.promise);
    const slow = startBuild(starter, scope, run.id, 'task-1');
    const later = { ...starter, now: () => at(300), startCloudBuild: async () => ({ buildId: 'build-new' }) };
    await expect.poll(async () => (await after()).claim).toBeDefined();
    expect(await startBuild(later, scope, run.id)).toBe('started');
    answers.resolve({ buildId: 'build-old' });
    await slow;
    expect((await after()).buildId).toBe('build-new');
  });

  test('that finds no room keeps the run Running, says why, and lets the pool rest (F12, F13)', async () => {
    const { starter, core, run, after } = await starting({}, () => Promise.reject(new NoRoom('too many')));
    expect(await startBuild(starter, scope, run.id, 'task-1')).toBe('waiting');
    const now = await after();
    expect(now).toMatchObject({
      status: 'Running',
      startAgainAt: at(130),
      startTries: 1,
      taskToken: 'task-1',
    });
    expect(now.claim).toBeUndefined();
    expect(now.statusReason).toMatch(/no room/);
    // Calls were too many, not builds: that says nothing of the room for these.
    expect(await queueStore(core, run.pool.id).room()).toEqual({ until: at(130) });
  });

  test('of several that the account has no room for lowers the pool to those that it had (F13)', async () => {
    const { starter, core, run: first } = await starting();
    const counted: string[] = [];
    starter.count = (metric) => void counted.push(metric);
    let now = 100;
    starter.now = () => at(now);
    const runs = await Promise.all(
      [1, 2, 3, 4, 5].map((pool) =>
        putRun(core, runningRun({ id: newId('run'), phase: 'starting', slots: { workspace: pool, pool } })),
      ),
    );
    let free = 2;
    starter.startCloudBuild = () => {
      free -= 1;
      return free < 0 ? Promise.reject(new NoMoreBuilds('too many')) : Promise.resolve({ buildId: 'b' });
    };
    const room = async () => (await queueStore(core, first.pool.id).room())?.allows;
    for (const run of runs) await startBuild(starter, scope, run.id, 'task-1');
    expect(await room()).toBe(2);
    expect(counted).toEqual(Array(3).fill('BuildsRefused'));
    // One of them finds room: then three are under way when the next one is refused.
    [now, free] = [200, 1];
    for (const run of runs.slice(2, 4)) await startBuild(starter, scope, run.id);
    expect(await room()).toBe(3);
  });

  test('lowers no pool to nothing, and a throttled one leaves what is known of its room (F13)', async () => {
    const { starter, core, run } = await starting({}, () => Promise.reject(new NoMoreBuilds('too many')));
    await startBuild(starter, scope, run.id, 'task-1');
    expect(await queueStore(core, run.pool.id).room()).toMatchObject({ allows: 1, refusedAt: at(100) });
    starter.now = () => at(200);
    starter.startCloudBuild = () => Promise.reject(new NoRoom('too fast'));
    await startBuild(starter, scope, run.id);
    expect(await queueStore(core, run.pool.id).room()).toEqual({
      until: at(260),
      allows: 1,
      refusedAt: at(100),
    });
  });

  test('that finds room at last takes the reason and the tries back', async () => {
    const fields = { startAgainAt: at(90), startTries: 3, statusReason: 'no room', taskToken: 'task-1' };
    const { starter, core, run, after } = await starting(fields);
    await core.write(markWaiting(run, true));
    expect(await startBuild(starter, scope, run.id)).toBe('started');
    expect(await queueStore(core, run.pool.id).underWayBeside('run_other')).toBe(1);
    const now = await after();
    expect([now.statusReason, now.startTries, now.startAgainAt]).toEqual([undefined, undefined, undefined]);
  });

  test('that finds no room for two hours fails the run', async () => {
    const noRoom = () => Promise.reject(new NoRoom('too many'));
    const { starter, run, after } = await starting({ startTries: 27, startAgainAt: at(90) }, noRoom);
    expect(await startBuild(starter, scope, run.id, 'task-1')).toBe('refused');
    expect((await after()).verdict).toMatchObject({ failure: { errorId: 'runner-not-started' } });
  });

  test('that is refused for good fails the run and names the reason', async () => {
    const refusal = () => Promise.reject(new BuildRefused('ResourceNotFoundException'));
    const { starter, run, after } = await starting({}, refusal);
    expect(await startBuild(starter, scope, run.id, 'task-1')).toBe('refused');
    const { verdict } = await after();
    expect(verdict).toMatchObject({ failure: { errorId: 'runner-not-started' } });
    expect(JSON.stringify(verdict)).toContain('ResourceNotFoundException');
  });

  test.each<[string, Partial<StoredRun>]>([
    ['is to stop', { stopRequestedAt: at(50) }],
    ['has ended', { status: 'Stopped', endedAt: at(60) }],
    ['is judged', { verdict: { outcome: 'stopped' } }],
  ])('of a run that %s starts nothing', async (_, fields) => {
    const { starter, started, run } = await starting(fields);
    expect(await startBuild(starter, scope, run.id, 'task-1')).toBe('over');
    expect(started).toEqual([]);
  });
});

describe('a second attempt', () => {
  const first = { buildId: 'build-1', taskToken: 'task-1', claim: { tokenSha256: 'x', until: at(2000) } };

  test('has the same number, and whoever held the lease of the first is out (F15)', async () => {
    const { starter, run, after } = await starting({ ...first, lease });
    expect(await buildAgain(starter, scope, run, 'The build ended (FAULT)')).toBe(true);
    const between = await after();
    expect([between.lease, between.claim, between.buildId]).toEqual([undefined, undefined, undefined]);
    expect(await startBuild(starter, scope, run.id)).toBe('started');
    expect(await after()).toMatchObject({
      attempt: 2,
      number: run.number,
      buildId: 'build-1',
      taskToken: 'task-1',
    });
  });

  test('is made by one of two who see the loss, and there is no third', async () => {
    const { starter, started, run, after } = await starting(first);
    await Promise.all(
      [1, 2].map(async () => {
        if (await buildAgain(starter, scope, run, 'lost')) await startBuild(starter, scope, run.id);
      }),
    );
    expect(started).toHaveLength(1);
    expect(await buildAgain(starter, scope, await after(), 'lost again')).toBe(false);
  });

  test('is not for a build whose Packer began, nor for one that was replaced already', async () => {
    const { starter, run } = await starting({ ...first, packerStartedAt: at(40) });
    expect(await buildAgain(starter, scope, run, 'lost')).toBe(false);
    const other = await starting({ ...first, buildId: 'build-7' });
    expect(await buildAgain(other.starter, scope, { ...other.run, buildId: 'build-1' }, 'lost')).toBe(false);
  });
});

test('the rest of a pool is a row of its own', () => {
  expect(globalKeys.coolDown('p')).toEqual({ pk: 'POOL#p', sk: 'COOL-DOWN' });
});
