import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runSchema } from '../../../shared/contracts/entities/run.ts';
import { problem } from '../../integration/client.ts';
import { endBuild, holdBuilds, orderOf, ordersOf } from './support/builds.ts';
import { runnerOf } from './support/hand-runner.ts';
import { throttled } from './support/rules.ts';
import { type Accepted, LONG_AGO, openStage, type Stage } from './support/stage.ts';

/** What goes wrong between a run and its build in CodeBuild. */

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(['StartBuildFunction', 'ReconcileFunction']);
});
afterEach(() => stage.settle());
afterAll(() => stage.close());

const start = async () => stage.start(await stage.furnish());
const startBuilding = async () => {
  const run = await start();
  const order = await orderOf(stage.cloud, run.runId);
  await stage.see('its build', run, ({ buildId }) => buildId !== undefined);
  return { run, order };
};
/** The runner of the order in force fails its build, and with it ends the run. */
const failBuild = async (run: Accepted, starts: number) => {
  const runner = runnerOf(await orderOf(stage.cloud, run.runId, starts));
  await runner.claim();
  await runner.say(2);
  await runner.beat({ packerStarts: true });
  expect((await runner.complete()).status).toBe(200);
  return stage.ended(run);
};
const buildIdOf = async (run: Accepted) => (await stage.read(run)).buildId ?? '';

/** Why a run waits, as its people are told. */
const reasonOf = async ({ workspace, runId }: Accepted) =>
  runSchema.parse((await workspace.at('GET', `/runs/${runId}`)).body).queue?.reason;

describe('F14 a StartBuild whose answer is lost', () => {
  test('F14 once is repeated by the SDK with the same token: one build', async () => {
    stage.cloud.break({ operation: 'StartBuild', fault: { kind: 'lose' } });
    const { run } = await startBuilding();
    const tokens = ordersOf(stage.cloud, run.runId).map(({ idempotencyToken }) => idempotencyToken);
    expect([tokens.length, new Set(tokens).size]).toEqual([2, 1]);
    expect(await stage.builds(run)).toHaveLength(1);
    expect(await failBuild(run, 1)).toMatchObject({ status: 'Failed', attempt: 1 });
  });

  test('F14 every time is made again after two minutes, and the first build does nothing', async () => {
    const lost = stage.cloud.break({ operation: 'StartBuild', times: 3, fault: { kind: 'lose' } });
    const run = await start();
    const first = await orderOf(stage.cloud, run.runId);
    await stage.see('a start of which nothing was heard', run, () => lost.count() === 3);
    expect(await stage.builds(run)).toHaveLength(1);
    await stage.letPass(run, { startAgainAt: LONG_AGO });
    await stage.reconcile();
    await orderOf(stage.cloud, run.runId, 2);
    expect(await stage.builds(run)).toHaveLength(2);
    const late = await runnerOf(first, 'late').tryToClaim();
    expect([late.status, problem(late).code]).toEqual([401, 'bad-token']);
    expect(await failBuild(run, 2)).toMatchObject({ status: 'Failed', attempt: 1, number: run.run.number });
  });
});

describe('a CodeBuild without room', () => {
  test.each([
    ['F12', 'throttles StartBuild', throttled, /^the runner pool found no room/],
    [
      'F13',
      'is at the limit of the account',
      { kind: 'refuse', status: 400, code: 'AccountLimitExceededException' },
      /^CodeBuild allows 1 build at the moment;/,
    ],
  ] as const)(
    '%s that %s delays the run and fails nothing; its pool rests meanwhile',
    async (_f, _what, fault, reason) => {
      stage.cloud.break({ operation: 'StartBuild', times: Infinity, fault });
      const place = await stage.furnish();
      const run = await stage.start(place);
      const waiting = await stage.see('a reason', run, ({ statusReason }) => statusReason !== undefined);
      expect(waiting).toMatchObject({ status: 'Running', startTries: 1 });
      expect(waiting.statusReason).toMatch(/no room/);
      const second = await stage.start(place);
      await stage.dispatch();
      expect((await stage.read(second)).status).toBe('Queued');
      expect(await reasonOf(second)).toMatch(reason);
      stage.cloud.mend();
      await stage.letPass(run, { startAgainAt: LONG_AGO });
      await stage.wakePool();
      await stage.reconcile();
      const starts = new Set(ordersOf(stage.cloud, run.runId).map(({ token }) => token)).size;
      expect((await failBuild(run, starts)).statusReason).toBeUndefined();
      await stage.dispatch();
      expect((await failBuild(second, 1)).status).toBe('Failed');
    },
  );
});

test('F17 a build whose time in the queue of CodeBuild is up waits for room: nothing failed, nothing was tried', async () => {
  await holdBuilds('QUEUED');
  const { run } = await startBuilding();
  const buildId = await buildIdOf(run);
  await endBuild(buildId, 'TIMED_OUT');
  await stage.letPass(run);
  await stage.reconcile();
  const waiting = await stage.read(run);
  expect(waiting).toMatchObject({ status: 'Running', attempt: 1, startTries: 1 });
  expect(waiting.statusReason).toMatch(/no room/);
  await holdBuilds('PROVISIONING');
  await stage.letPass(run, { startAgainAt: LONG_AGO });
  await stage.reconcile();
  expect(await failBuild(run, 2)).toMatchObject({ status: 'Failed', attempt: 1 });
});

describe('a build that ends before its runner is heard of', () => {
  test('F15 by a fault in PROVISIONING is followed by one other build, under the same number', async () => {
    const { run, order } = await startBuilding();
    await endBuild(await buildIdOf(run), 'FAULT');
    await stage.letPass(run);
    await stage.reconcile();
    const second = await orderOf(stage.cloud, run.runId, 2);
    expect(second.idempotencyToken).not.toBe(order.idempotencyToken);
    const late = await runnerOf(order, 'late').tryToClaim();
    expect([late.status, problem(late).code]).toEqual([401, 'bad-token']);
    expect(await failBuild(run, 2)).toMatchObject({ attempt: 2, number: run.run.number, status: 'Failed' });
  });

  test('F15 twice fails the run: there is no third build', async () => {
    const { run } = await startBuilding();
    for (const starts of [1, 2]) {
      await orderOf(stage.cloud, run.runId, starts);
      const { buildId = '' } = await stage.see('its build', run, (now) => now.buildId !== undefined);
      await endBuild(buildId, 'FAULT');
      await stage.letPass(run);
      await stage.reconcile();
    }
    const ended = await stage.ended(run);
    expect(ended).toMatchObject({ status: 'Failed', attempt: 2, failure: { errorId: 'runner-not-started' } });
    expect(new Set(ordersOf(stage.cloud, run.runId).map(({ token }) => token)).size).toBe(2);
  });
});
