import { once } from 'node:events';
import { setImmediate as immediately } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Preparing, prepareRun } from '../../../../functions/workflow/prepare/prepare-run.ts';
import { requestStop } from '../../../../shared/actions/request-stop.ts';
import type { RunCheck } from '../../../../shared/actions/run-checks.ts';
import type { JobBundle } from '../../../../shared/contracts/bundle.ts';
import type { RunSnapshot } from '../../../../shared/contracts/snapshot.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { errorCatalogue } from '../../../../shared/domain/triage/catalogue.ts';
import { type PlatformClient, PlatformError } from '../../../../shared/platforms/platform.ts';
import { at, runningRun } from '../../../support/builders.ts';
import { memoryEngine, putRun, readLog, readRun, scope } from '../../../support/engine.ts';
import { fakeAccount, fakeClient, fakePreflight } from '../../../support/fake-platform.ts';
import { containing } from '../../../support/matchers.ts';
import { powershell, shell, snapshot, step } from '../../shared/packer/fixtures.ts';

type Setting = { client?: Partial<PlatformClient>; run?: Partial<StoredRun>; snapshot?: RunSnapshot };

/** A run that has just been admitted, and what its Prepare works with; files in memory. */
const admitted = async (setting: Setting = {}) => {
  const { engine, core, traffic } = memoryEngine();
  const { preflight } = fakePreflight(fakeClient(setting.client), fakeAccount());
  const bundles: JobBundle[] = [];
  const preparing: Preparing = {
    ...engine,
    ...preflight,
    core,
    untilGlance: (over) => once(over, 'abort'),
    files: {
      ...engine.files,
      getSnapshot: async () => setting.snapshot ?? snapshot(),
      putBundle: async (_, runId, bundle) => {
        bundles.push(bundle);
        return { key: `jobs/${runId}.json`, sha256: 'f'.repeat(64) };
      },
    },
  };
  const { id } = await putRun(core, runningRun({ phase: 'starting', number: 7, ...setting.run }));
  const prepare = () => prepareRun(preparing, scope, id);
  return { preparing, core, bundles, prepare, run: () => readRun(core, id), log: () => readLog(traffic, id) };
};

const refuse =
  (...told: ConstructorParameters<typeof PlatformError>) =>
  () =>
    Promise.reject(new PlatformError(...told));
const finding = (...checks: RunCheck[]) => ({ preflight: async () => checks });

describe('a run that would work', () => {
  test('goes on with its job, its exact base image, and what it was compiled for', async () => {
    const { prepare, run, bundles } = await admitted();
    expect(await prepare()).toEqual({ next: 'go-on' });
    const prepared = await run();
    expect(prepared).toMatchObject({
      baseImage: { id: 'ami-0123456789abcdef0' },
      buildSite: { user: 'ubuntu', region: 'eu-central-1' },
      bundle: { key: `jobs/${prepared.id}.json` },
      connectionId: snapshot().connection.id,
      plugins: {},
    });
    expect(prepared.verdict).toBeUndefined();
    expect(bundles).toHaveLength(1);
  });

  test('has each check as a line of its log, warnings as such with what to do (S153)', async () => {
    const warned: RunCheck = { id: 'quota', status: 'warn', detail: 'Nearly full.', remedy: 'Ask for more.' };
    const { prepare, log } = await admitted({ client: finding(warned) });
    await prepare();
    const lines = await log();
    expect(lines.map(({ text, level }) => `${level} ${text}`)).toEqual([
      'info Run 7 of Web-Base.',
      'info definition: A template can be made of its parts.',
      'info provisioner-os: Each of the 1 steps is for linux.',
      'info operating-system: Ubuntu 24.04 is supported.',
      'info image-name: The image will be called Web-Base-v7.',
      'info connector: The build needs no connector.',
      'info resources: The run uses no uploaded files.',
      'info base-image: Base image ubuntu-24.04 (ami-0123456789abcdef0).',
      'warn quota: Nearly full. Ask for more.',
    ]);
    expect(lines.every(({ stream }) => stream === 'goldsmith')).toBe(true);
  });

  test('is prepared once: a repetition finds its job and asks nobody', async () => {
    const { prepare, bundles, log } = await admitted();
    await prepare();
    const lines = await log();
    expect(await prepare()).toEqual({ next: 'go-on' });
    expect([bundles.length, await log()]).toEqual([1, lines]);
  });

  test('gets the same job again when Prepare broke before it was on record', async () => {
    const { prepare, bundles, core } = await admitted();
    core.beforeWrite = () => {
      throw new Error('the lights went out');
    };
    const broken = prepare();
    await expect(broken).rejects.toThrow('the lights went out');
    core.beforeWrite = () => {};
    expect(await prepare()).toEqual({ next: 'go-on' });
    expect(bundles).toHaveLength(2);
    expect(JSON.stringify(bundles[0])).toBe(JSON.stringify(bundles[1]));
  });

  test.each<[string, Partial<PlatformClient>]>([
    ['a check that breaks', { preflight: () => Promise.reject(new TypeError('oops')) }],
    ['a throttled account', { preflight: refuse('requests-throttled', 'Slow down.') }],
    ['a base image that nobody can tell about', { resolveBaseImage: refuse('unclassified', 'Odd.') }],
  ])('is not failed by %s: that is a warning', async (_, client) => {
    const { prepare, run, log } = await admitted({ client });
    expect(await prepare()).toEqual({ next: 'go-on' });
    expect((await run()).verdict).toBeUndefined();
    expect((await log()).filter(({ level }) => level === 'warn')).toHaveLength(1);
  });
});

describe('a run that cannot work fails before a machine is made', () => {
  test('with the first check that fails: its cause, its own remedy, and its line', async () => {
    const checks: RunCheck[] = [
      { id: 'region', status: 'pass', detail: 'eu-central-1.' },
      {
        id: 'network',
        status: 'fail',
        errorId: 'network-not-found',
        detail: 'The subnet subnet-0123456789abcdef0 is not there.',
        remedy: 'Name another subnet.',
      },
      { id: 'quota', status: 'fail', errorId: 'quota-exceeded', detail: 'No processor is free.' },
    ];
    const { prepare, run, log, bundles } = await admitted({ client: finding(...checks) });
    expect(await prepare()).toEqual({ next: 'finish' });
    const lines = await log();
    const logSeq = lines.find(({ text }) => text.startsWith('network:'))?.seq;
    expect((await run()).verdict).toEqual({
      outcome: 'failed',
      failure: {
        errorId: 'network-not-found',
        category: 'builder-configuration',
        step: null,
        message: 'The subnet subnet-0123456789abcdef0 is not there.',
        logSeq,
        exitCode: null,
        remedy: 'Name another subnet.',
      },
    });
    // S162; and the second cause is there to be read as well.
    expect(lines.filter(({ level }) => level === 'error').map(({ text }) => text)).toEqual([
      'network: The subnet subnet-0123456789abcdef0 is not there.',
      'quota: No processor is free.',
    ]);
    expect([bundles, (await run()).bundle]).toEqual([[], undefined]);
  });

  test('naming the step that is for the other family of systems (S158)', async () => {
    const steps = [step(1, shell()), step(2, powershell())];
    const { prepare, run } = await admitted({ snapshot: snapshot({ steps }) });
    expect(await prepare()).toEqual({ next: 'finish' });
    expect((await run()).verdict).toMatchObject({
      outcome: 'failed',
      failure: {
        errorId: 'provisioner-os-mismatch',
        category: 'provisioner',
        step: 'install roles',
        remedy: errorCatalogue['provisioner-os-mismatch'].remedy,
      },
    });
  });

  test('pointing to the line of the check, also where only a connector could build (S33, S153)', async () => {
    const run = snapshot();
    const builderConfiguration = { ...run.builderConfiguration, network: 'private' as const };
    const told = await admitted({ snapshot: { ...run, builderConfiguration } });
    await told.prepare();
    const { verdict } = await told.run();
    expect(verdict).toMatchObject({ failure: { errorId: 'connector-unavailable', category: 'connection' } });
    const logSeq = verdict?.outcome === 'failed' ? verdict.failure.logSeq : null;
    const lines = await told.log();
    expect(lines.find(({ seq }) => seq === logSeq)).toMatchObject({
      level: 'error',
      text: containing('private network'),
    });
  });

  test.each(['credentials-invalid', 'permission-denied', 'base-image-not-found'] as const)(
    'when the platform says %s (S149, S150)',
    async (errorId) => {
      const { prepare, run } = await admitted({
        client: { resolveBaseImage: refuse(errorId, `You may not ec2:DescribeImages.`) },
      });
      expect(await prepare()).toEqual({ next: 'finish' });
      expect((await run()).verdict).toMatchObject({
        failure: {
          errorId,
          category: errorCatalogue[errorId].category,
          message: 'You may not ec2:DescribeImages.',
        },
      });
    },
  );

  test('and a failure is told once, however often the task is repeated', async () => {
    const { prepare, run, log } = await admitted({
      client: { resolveBaseImage: refuse('base-image-not-found', 'Gone.') },
    });
    await prepare();
    const [verdict, lines] = [(await run()).verdict, await log()];
    expect(await prepare()).toEqual({ next: 'finish' });
    expect([(await run()).verdict, await log()]).toEqual([verdict, lines]);
  });

  test('as unclassified when something breaks on our side, whose text stays with us', async () => {
    const { preparing, prepare, run, log } = await admitted();
    preparing.files.getSnapshot = () => Promise.reject(new Error('bucket goldsmith-runs: NoSuchKey'));
    expect(await prepare()).toEqual({ next: 'finish' });
    expect((await run()).verdict).toMatchObject({ failure: { errorId: 'unclassified' } });
    expect(JSON.stringify([await run(), await log()])).not.toContain('NoSuchKey');
  });
});

describe('a run that shall not begin', () => {
  test.each<[string, Partial<StoredRun>]>([
    ['has ended', { status: 'Stopped', endedAt: at(20) }],
    ['was asked to stop', { stopRequestedAt: at(20), stopRequestedBy: 'user-1' }],
  ])('because it %s is not prepared', async (_, fields) => {
    const { prepare, log, bundles } = await admitted({ run: fields });
    expect(await prepare()).toEqual({ next: 'finish' });
    expect([await log(), bundles]).toEqual([[], []]);
  });

  test('because it is asked to stop meanwhile keeps what was prepared for who looks at it', async () => {
    const setting: Setting = {};
    const world = await admitted(setting);
    const { preparing, prepare, run, core } = world;
    preparing.reach.connect = async () => {
      await requestStop({ core, now: () => at(30) }, scope, { runId: (await run()).id, by: 'user-1' });
      return fakeClient();
    };
    expect(await prepare()).toEqual({ next: 'go-on' });
    expect(await run()).toMatchObject({ stopRequestedAt: at(30), status: 'Running' });
  });

  test('because it is asked to stop while a platform takes its time waits for none of it', async () => {
    const { preparing, prepare, run, log, bundles, core } = await admitted();
    const asked = Promise.withResolvers<undefined>();
    const answered = Promise.withResolvers<ReturnType<typeof fakeClient>>();
    preparing.reach.connect = async () => {
      await requestStop({ core, now: () => at(30) }, scope, { runId: (await run()).id, by: 'user-1' });
      asked.resolve(undefined);
      return answered.promise;
    };
    preparing.untilGlance = () => asked.promise;
    expect(await prepare()).toEqual({ next: 'finish' });
    expect((await run()).verdict).toBeUndefined();
    // What comes late changes nothing: the log may be closed by then.
    answered.resolve(fakeClient());
    await immediately();
    expect([await log(), bundles, (await run()).bundle]).toEqual([[], [], undefined]);
  });

  test('and nobody looks at once it is prepared', async () => {
    const { preparing, prepare } = await admitted();
    const signals: AbortSignal[] = [];
    preparing.untilGlance = (signal) => {
      signals.push(signal);
      return once(signal, 'abort');
    };
    expect(await prepare()).toEqual({ next: 'go-on' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('is judged by its checks when it cannot be looked at whether it is to stop', async () => {
    const { preparing, prepare } = await admitted();
    preparing.untilGlance = () => Promise.reject(new Error('no timers'));
    expect(await prepare()).toEqual({ next: 'go-on' });
  });
});
