import { describe, expect, test } from 'vitest';
import { sayInLog } from '../../../../shared/actions/append-log.ts';
import { finishRun } from '../../../../shared/actions/finish-run.ts';
import type { StoredRun, Verdict } from '../../../../shared/contracts/stored-run.ts';
import { imageVersionStore } from '../../../../shared/store/image-version-store.ts';
import { leftoverStore } from '../../../../shared/store/leftover-store.ts';
import { logStore } from '../../../../shared/store/log-store.ts';
import { at, failure, runningRun, ulid } from '../../../support/builders.ts';
import { memoryEngine, putRun, readLog, readRun, scope } from '../../../support/engine.ts';
import { containing } from '../../../support/matchers.ts';

const lost: Verdict = {
  outcome: 'failed',
  failure: failure({ errorId: 'workflow-lost', message: 'It is gone.' }),
};
const locators = [
  { role: 'primary' as const, region: 'eu-west-1', accountId: '1', amiId: 'ami-1', amiName: 'Web-Base-v1' },
];
const succeeded = runningRun({ verdict: { outcome: 'succeeded' }, locators });

const lease = {
  tokenSha256: 'x',
  runnerId: 'runner-1',
  runnerVersion: '0.1.0',
  packerVersion: '1.16.0',
  claimedAt: at(20),
  lastHeardAt: at(30),
};

describe('the end of a run', () => {
  test('is told in the log, which is complete then', async () => {
    const { engine, core, traffic } = memoryEngine();
    const run = await putRun(core, runningRun({ verdict: { outcome: 'failed', failure: failure() } }));
    const ended = await finishRun(engine, scope, run, lost);
    expect(ended).toMatchObject({ status: 'Failed', failure: failure() });
    const [line] = await readLog(traffic, run.id);
    expect(line).toMatchObject({ seq: 1, level: 'error', text: containing(failure().remedy) });
    expect(await logStore(traffic, scope, run.id).head()).toEqual({ lastSeq: 1, complete: true });
  });

  test('frees slots and lease, and takes the run out of the active ones (S72)', async () => {
    const { engine, core } = memoryEngine();
    const run = await putRun(core, succeeded);
    await finishRun(engine, scope, run, lost);
    expect([...core.rows.keys()].filter((key) => /SLOT|LEASE|ACTIVE/.test(key))).toEqual([]);
  });

  test('of a failure that no line told of points to the line that tells it (S153)', async () => {
    const { engine, core, traffic } = memoryEngine();
    const run = await putRun(core, runningRun());
    await sayInLog(engine, scope, run.id, [{ text: 'one' }, { text: 'two' }]);
    const untold: Verdict = { outcome: 'failed', failure: failure({ logSeq: null, message: 'Gone.' }) };
    const ended = await finishRun(engine, scope, run, untold);
    expect(ended.failure?.logSeq).toBe(3);
    expect(ended.verdict).toMatchObject({ failure: { logSeq: 3 } });
    expect((await readLog(traffic, run.id))[2]?.text).toContain('Gone.');
  });

  test('of a success is an image version that says what it was made from (S12, S125, S129)', async () => {
    const { engine, core } = memoryEngine();
    const run = await putRun(core, { ...succeeded, number: 7, baseImage: { id: 'ami-0', name: 'base' } });
    const ended = await finishRun(engine, scope, run, lost);
    const version = await imageVersionStore(core, scope).get(ended.imageVersionId ?? '');
    expect(version).toMatchObject({
      number: 7,
      name: 'Web-Base-v7',
      runId: run.id,
      state: 'available',
      locators,
      baseImage: { id: 'ami-0' },
    });
  });

  test.each<[string, Partial<StoredRun>, object]>([
    [
      'modern Packer',
      { plugins: { amazon: '1.8.1' }, lease },
      { packer: '1.16.0', runner: '0.1.0', plugins: { amazon: '1.8.1' } },
    ],
    // It has them built in.
    ['Packer 1.6', { plugins: {}, lease }, { packer: '1.16.0', runner: '0.1.0' }],
    ['a run that the release before prepared', {}, {}],
  ])('of %s tells the tools and the connection that it was made with', async (_, fields, toolchain) => {
    const { engine, core } = memoryEngine();
    const connectionId = `con_${ulid('C')}`;
    const run = await putRun(core, { ...succeeded, ...fields, connectionId });
    const ended = await finishRun(engine, scope, run, lost);
    const version = await imageVersionStore(core, scope).get(ended.imageVersionId ?? '');
    expect(version?.toolchain).toEqual(toolchain);
    expect(version?.connectionId).toBe(connectionId);
  });

  test('of a failure is no image version (S128)', async () => {
    const { engine, core } = memoryEngine();
    const run = await putRun(
      core,
      runningRun({ verdict: { outcome: 'failed', failure: failure() }, locators }),
    );
    expect((await finishRun(engine, scope, run, lost)).imageVersionId).toBeUndefined();
    expect([...core.rows.keys()].filter((key) => key.includes('VERSION'))).toEqual([]);
  });

  test('without a verdict is the failure that the caller gives', async () => {
    const { engine, core } = memoryEngine();
    const run = await putRun(core, runningRun());
    expect(await finishRun(engine, scope, run, lost)).toMatchObject({
      status: 'Failed',
      failure: { errorId: 'workflow-lost' },
    });
  });

  test('without a verdict is Stopped when a stop was asked for before the build completed (S61)', async () => {
    const { engine, core } = memoryEngine();
    const run = await putRun(core, runningRun({ stopRequestedAt: at(50), stopRequestedBy: 'user-2' }));
    expect(await finishRun(engine, scope, run, lost)).toMatchObject({ status: 'Stopped', leftoverCount: 0 });
  });

  test('removes what only a running run may hold', async () => {
    const { engine, core } = memoryEngine();
    const claim = { tokenSha256: 'x', until: at(900) };
    const run = await putRun(core, runningRun({ taskToken: 'token', claim }));
    await finishRun(engine, scope, run, lost);
    const ended = await readRun(core, run.id);
    expect(ended).not.toHaveProperty('taskToken');
    expect(ended).not.toHaveProperty('claim');
  });
});

describe('an end that comes twice', () => {
  test('one after the other changes nothing and says nothing (S63)', async () => {
    const { engine, core, traffic } = memoryEngine();
    const run = await putRun(core, succeeded);
    const first = await finishRun(engine, scope, run, lost);
    const rows = structuredClone([...core.rows]);
    expect(await finishRun(engine, scope, first, lost)).toEqual(first);
    expect(await finishRun(engine, scope, run, lost)).toEqual(first);
    expect([...core.rows]).toEqual(rows);
    expect(await readLog(traffic, run.id)).toHaveLength(1);
  });

  test('at the same moment is one end, one image version and one release', async () => {
    const { engine, core } = memoryEngine();
    const run = await putRun(core, succeeded);
    const ends = await Promise.all([1, 2, 3].map(() => finishRun(engine, scope, run, lost)));
    expect(new Set(ends.map((one) => JSON.stringify(one))).size).toBe(1);
    expect([...core.rows.values()].filter((row) => row['row'] === 'image-version')).toHaveLength(1);
    expect((await readRun(core, run.id)).rev).toBe(run.rev + 1);
  });

  test('after a crash between the log and the row is carried out, and not said again', async () => {
    const { engine, core, traffic } = memoryEngine();
    const run = await putRun(core, succeeded);
    core.beforeWrite = () => {
      throw new Error('the function was killed here');
    };
    await expect(finishRun(engine, scope, run, lost)).rejects.toThrow('killed');
    core.beforeWrite = () => {};
    expect((await finishRun(engine, scope, run, lost)).status).toBe('Succeeded');
    expect(await readLog(traffic, run.id)).toHaveLength(1);
  });
});

describe('a failure whose cause nobody knows (N4)', () => {
  const unknown: Verdict = { outcome: 'failed', failure: failure({ errorId: 'unclassified' }) };
  const counting = () => {
    const memory = memoryEngine();
    const counted: string[] = [];
    return { ...memory, counted, engine: { ...memory.engine, count: (name: string) => counted.push(name) } };
  };

  test('is counted once, however often and at the same moment the run is finished', async () => {
    const { engine, core, counted } = counting();
    const run = await putRun(core, runningRun({ verdict: unknown }));
    const ends = await Promise.all([1, 2, 3].map(() => finishRun(engine, scope, run, lost)));
    await finishRun(engine, scope, run, lost);
    for (const end of ends) await finishRun(engine, scope, end, lost);
    expect(counted).toEqual(['UnclassifiedFailures']);
  });

  test('is not counted before the run has ended: a function that dies in between counts nothing', async () => {
    const { engine, core, counted } = counting();
    const run = await putRun(core, runningRun({ verdict: unknown }));
    core.beforeWrite = () => {
      throw new Error('the function was killed here');
    };
    await expect(finishRun(engine, scope, run, lost)).rejects.toThrow('killed');
    expect(counted).toEqual([]);
    core.beforeWrite = () => {};
    await finishRun(engine, scope, run, lost);
    expect(counted).toEqual(['UnclassifiedFailures']);
  });

  test.each<[string, Verdict]>([
    ['a known failure', lost],
    ['a success', { outcome: 'succeeded' }],
  ])('%s is none', async (_, verdict) => {
    const { engine, core, counted } = counting();
    await finishRun(engine, scope, await putRun(core, runningRun({ verdict, locators })), lost);
    expect(counted).toEqual([]);
  });
});

test('a stopped run whose platform cannot be asked keeps what its runner reported, and says so (S47, S82)', async () => {
  const { engine, core, traffic } = memoryEngine();
  const temporaries = Array.from({ length: 300 }, (_, n) => ({ kind: 'ec2-volume', id: `vol-${n}` }));
  const run = await putRun(
    core,
    runningRun({
      stopRequestedAt: at(50),
      bundle: { key: 'k', sha256: 'x' },
      buildVm: { kind: 'ec2-instance', locator: 'eu-west-1/i-1' },
      temporaries,
    }),
  );
  await sayInLog(engine, scope, run.id, [{ text: 'before' }]);
  const ended = await finishRun(engine, scope, run, lost);
  expect(ended).toMatchObject({
    status: 'Stopped',
    buildVm: { locator: 'eu-west-1/i-1' },
    leftoverCount: 80,
  });
  const [first, second] = await leftoverStore(core, scope).list(run.id);
  // The machine above all, whatever else there is no room for.
  expect(first).toMatchObject({ kind: 'ec2-instance', locator: 'eu-west-1/i-1', state: 'kept' });
  expect(second).toMatchObject({ kind: 'ec2-volume', locator: 'vol-0' });
  // All of one moment, the end of the run: since then it is kept.
  const times = [first, second].flatMap((one) => [one?.createdAt, one?.stateAt]);
  expect(new Set(times)).toEqual(new Set([ended.endedAt]));
  const levels = (await readLog(traffic, run.id)).map((line) => line.level);
  expect(levels).toEqual(['info', 'warn', 'info']);
});
