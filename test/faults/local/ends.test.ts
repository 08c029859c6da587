import { DescribeExecutionCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { standingSchema } from '../../../shared/contracts/agent-protocol.ts';
import { logPageSchema } from '../../../shared/contracts/entities/log.ts';
import { runSchema } from '../../../shared/contracts/entities/run.ts';
import { problem } from '../../integration/client.ts';
import { awsSettings } from '../../integration/inside.ts';
import { logLines } from '../../support/builders.ts';
import { localStack } from '../../support/e2e-client.ts';
import { PATIENCE_SECONDS, until } from '../../support/e2e-wait.ts';
import { endBuild, orderOf } from './support/builds.ts';
import { copyOfBaseImage } from './support/account.ts';
import { type HandRunner, runnerOf } from './support/hand-runner.ts';
import { throttled, WRITES } from './support/rules.ts';
import { type Accepted, LONG_AGO, openStage, type Stage } from './support/stage.ts';

/** What goes wrong from the moment that a runner has a run until the run has ended. */

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(['AgentApiFunction', 'VerifyFunction', 'FinishFunction', 'StartBuildFunction']);
});
afterEach(() => stage.settle());
afterAll(() => stage.close());

/** A run whose runner has it and has told that Packer starts. */
const startBuilt = async (): Promise<{ run: Accepted; runner: HandRunner; buildId: string }> => {
  const run = await stage.start(await stage.furnish());
  const runner = runnerOf(await orderOf(stage.cloud, run.runId));
  await runner.claim();
  await runner.say(3);
  await runner.beat({ packerStarts: true });
  const { buildId = '' } = await stage.see('its build', run, (now) => now.buildId !== undefined);
  return { run, runner, buildId };
};
const states = new SFNClient(awsSettings());
const executionStatus = async (executionArn: string | undefined) =>
  (await states.send(new DescribeExecutionCommand({ executionArn }))).status;
const logOf = async ({ workspace, runId }: Accepted) =>
  logPageSchema.parse((await workspace.at('GET', `/runs/${runId}/log?order=oldest`)).body);
const statusOf = async (run: Accepted) => (await stage.builds(run)).map(({ buildStatus }) => buildStatus);
const stop = ({ workspace, runId }: Accepted) => workspace.at('POST', `/runs/${runId}/stop`);

describe('a build that ends although Packer had begun', () => {
  test('F16 by a fault in BUILD fails the run, is not made again, and what it left is looked for', async () => {
    const { run, buildId } = await startBuilt();
    await endBuild(buildId, 'FAULT');
    await stage.letPass(run);
    await stage.reconcile();
    expect(await stage.ended(run)).toMatchObject({
      status: 'Failed',
      attempt: 1,
      failure: { errorId: 'runner-lost', category: 'platform' },
    });
    expect(await stage.builds(run)).toHaveLength(1);
    await stage.see('a sweep', run, ({ sweptAt }) => sweptAt !== undefined, 90);
  });

  test('F18 by the time limit of CodeBuild, after the runner missed its deadline, fails the run', async () => {
    const { run, buildId } = await startBuilt();
    await endBuild(buildId, 'TIMED_OUT');
    await stage.letPass(run, { deadlineAt: LONG_AGO });
    await stage.reconcile();
    expect(await stage.ended(run)).toMatchObject({ status: 'Failed', attempt: 1 });
    await stage.see('a sweep', run, ({ sweptAt }) => sweptAt !== undefined, 90);
  });

  test('F18 not at all long after its deadline is told to end, and the run fails as timed out', async () => {
    const { run } = await startBuilt();
    await stage.letPass(run, { deadlineAt: LONG_AGO });
    await stage.reconcile();
    expect(await stage.ended(run)).toMatchObject({
      status: 'Failed',
      failure: { errorId: 'run-timed-out', category: 'timeout' },
    });
    expect(await statusOf(run)).toEqual(['STOPPED']);
  });
});

describe('a workflow', () => {
  test('F20 whose Finish dies each time before its write is finished by the reconciler, with the same verdict', async () => {
    const { run, runner } = await startBuilt();
    const dying = stage.cloud.break({
      operation: WRITES,
      by: 'Finish',
      about: [run.runId, 'endedAt'],
      times: Infinity,
      fault: { kind: 'kill', moment: 'before' },
    });
    await runner.complete();
    await dying.met;
    const { executionArn } = await stage.read(run);
    await until(
      'a workflow that is gone',
      PATIENCE_SECONDS,
      async () => (await executionStatus(executionArn)) === 'FAILED',
    );
    stage.cloud.mend();
    await stage.letPass(run);
    await stage.reconcile();
    expect(await stage.ended(run)).toMatchObject({ status: 'Failed', failure: { errorId: 'script-failed' } });
  });

  test('F20 whose Finish dies after its write has ended the run once', async () => {
    const { run, runner } = await startBuilt();
    stage.cloud.break({
      operation: WRITES,
      by: 'Finish',
      about: [run.runId, 'endedAt'],
      fault: { kind: 'kill', moment: 'after' },
    });
    await runner.complete();
    const ended = await stage.ended(run);
    await stage.letPass(run);
    await stage.reconcile();
    expect(await stage.read(run)).toMatchObject({ status: 'Failed', endedAt: ended.endedAt });
  });

  test('F21 that an operator stops is a stop: the runner is told, and the run ends as Stopped', async () => {
    const { run, runner } = await startBuilt();
    const { executionArn } = await stage.read(run);
    await states.send(new StopExecutionCommand({ executionArn }));
    await stage.letPass(run);
    await stage.reconcile();
    expect((await runner.beat()).stop).toBe(true);
    await runner.complete({ outcome: 'stopped', exitCode: null, errors: [] });
    await stage.letPass(run);
    await stage.reconcile();
    expect((await stage.ended(run)).status).toBe('Stopped');
  });

  test('F21 that an operator stops, and a runner that is deaf to it, end when the build is told to end', async () => {
    const { run } = await startBuilt();
    const { executionArn } = await stage.read(run);
    await states.send(new StopExecutionCommand({ executionArn }));
    await stage.letPass(run);
    await stage.reconcile();
    await stage.letPass(run, { stopRequestedAt: LONG_AGO });
    await stage.reconcile();
    await stage.letPass(run);
    await stage.reconcile();
    expect((await stage.ended(run)).status).toBe('Stopped');
    expect(await statusOf(run)).toEqual(['STOPPED']);
  });

  test('F19 that is not woken by SendTaskSuccess goes on when the reconciler says it again', async () => {
    const { run, runner } = await startBuilt();
    const lost = stage.cloud.break({ operation: 'SendTaskSuccess', times: Infinity, fault: throttled });
    expect((await runner.complete()).status).toBe(200);
    await lost.met;
    expect((await stage.read(run)).status).toBe('Running');
    stage.cloud.mend();
    await stage.letPass(run);
    await stage.reconcile();
    expect((await stage.ended(run)).failure?.errorId).toBe('script-failed');
  });

  test('F19 that is woken twice, because the answer was lost, goes on once', async () => {
    const { run, runner } = await startBuilt();
    const lost = stage.cloud.break({ operation: 'SendTaskSuccess', fault: { kind: 'lose' } });
    expect((await runner.complete()).status).toBe(200);
    expect(lost.count()).toBe(1);
    expect((await stage.ended(run)).failure?.errorId).toBe('script-failed');
  });
});

describe('a stop', () => {
  test('F22 that comes when the build has completed changes nothing: the build ended first', async () => {
    const { run, runner } = await startBuilt();
    const waking = stage.cloud.break({ operation: 'SendTaskSuccess', times: Infinity, fault: throttled });
    await runner.complete();
    await waking.met;
    const asked = await stop(run);
    stage.cloud.mend();
    await stage.letPass(run);
    await stage.reconcile();
    expect(await stage.ended(run)).toMatchObject({ status: 'Failed', failure: { errorId: 'script-failed' } });
    expect([202, 409]).toContain(asked.status);
  });

  test('F22 that comes twice is one: the runner is told, and the run is Stopped', async () => {
    const { run, runner } = await startBuilt();
    const [first, second] = await Promise.all([stop(run), stop(run)]);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect((await runner.beat()).stop).toBe(true);
    await runner.complete({ outcome: 'stopped', exitCode: null, errors: [] });
    const { rev } = await stage.ended(run);
    const late = await stop(run);
    expect([late.status, problem(late).code]).toEqual([409, 'already-finished']);
    expect(await stage.read(run)).toMatchObject({ status: 'Stopped', rev });
  });

  test('F23 to which the runner is deaf is carried out by StopBuild after a minute', async () => {
    const { run, buildId } = await startBuilt();
    expect((await stop(run)).status).toBe(202);
    await stage.letPass(run, { stopRequestedAt: LONG_AGO });
    await stage.reconcile();
    expect((await stage.ended(run)).status).toBe('Stopped');
    expect(await statusOf(run)).toEqual(['STOPPED']);
    expect(buildId).not.toBe('');
  });
});

describe('a runner', () => {
  test('F40 that sends old lines and its completion again is answered, and changes nothing', async () => {
    const { run, runner } = await startBuilt();
    const other = { lines: logLines(1, 1).map((line) => ({ ...line, text: 'other' })) };
    const before = await logOf(run);
    // Before them are the lines of Prepare.
    const again = await runner.send('log', { lines: logLines(before.lastSeq - 2, before.lastSeq) });
    expect([again.status, standingSchema.parse(again.body).nextSeq]).toEqual([200, before.lastSeq + 1]);
    expect(problem(await runner.send('log', other)).code).toBe('out-of-order');
    expect(await logOf(run)).toEqual(before);
    const twice = await Promise.all([runner.complete(), runner.complete()]);
    expect(twice.map(({ status }) => status)).toEqual([200, 200]);
    const ended = await stage.ended(run);
    const whole = await logOf(run);
    expect((await runner.complete({ outcome: 'succeeded', exitCode: 0 })).status).toBe(200);
    expect(problem(await runner.send('log', other)).code).toBe('lease-lost');
    const { status, endedAt, completion, verdict, failure } = ended;
    expect(await stage.read(run)).toMatchObject({ status, endedAt, completion, verdict, failure });
    expect(await logOf(run)).toEqual(whole);
  });

  test('F39 that comes beside the one that has the run is refused, and nothing of what it says is taken', async () => {
    const { run, runner } = await startBuilt();
    const second = runnerOf(await orderOf(stage.cloud, run.runId), 'two');
    const before = await logOf(run);
    const claimed = await second.tryToClaim();
    expect([claimed.status, problem(claimed).code]).toEqual([409, 'lease-lost']);
    for (const answer of [
      await second.send('log', { lines: logLines(before.lastSeq + 1, before.lastSeq + 1) }),
      await second.send('heartbeat', { progress: { packerStarts: true } }),
      await second.complete({ outcome: 'succeeded', exitCode: 0 }),
    ])
      expect([401, 409]).toContain(answer.status);
    expect(await logOf(run)).toEqual(before);
    await runner.say(2);
    expect((await runner.complete()).status).toBe(200);
    expect(await stage.ended(run)).toMatchObject({ status: 'Failed', attempt: 1 });
  });

  test('F39 that was cut off for hours keeps its run as long as CodeBuild says that its build goes on', async () => {
    const { run, runner } = await startBuilt();
    const { lease } = await stage.read(run);
    await stage.letPass(run, { lease: { ...lease, lastHeardAt: LONG_AGO } });
    await stage.reconcile();
    expect(await stage.read(run)).toMatchObject({ status: 'Running', attempt: 1 });
    expect(await stage.builds(run)).toHaveLength(1);
    expect((await runner.say(2)).stop).toBe(false);
    expect((await runner.complete()).status).toBe(200);
    expect(await stage.ended(run)).toMatchObject({ status: 'Failed', failure: { errorId: 'script-failed' } });
  });

  test('F7 whose completion is written by a function that dies then says it again, and the run ends once', async () => {
    const { run, runner } = await startBuilt();
    const died = stage.cloud.break({
      operation: WRITES,
      by: 'AgentApi',
      about: [run.runId, 'completion'],
      fault: { kind: 'kill', moment: 'after' },
    });
    const first = await runner.complete();
    expect(died.count()).toBe(1);
    expect(first.status).toBeGreaterThanOrEqual(500);
    expect((await runner.complete()).status).toBe(200);
    await stage.letPass(run);
    await stage.reconcile();
    expect((await stage.ended(run)).failure?.errorId).toBe('script-failed');
  });
});

test('F25 a secret that is replaced while a run waits for its runner is, for this run, what it began with', async () => {
  const place = await stage.furnish();
  const run = await stage.start(place);
  const order = await orderOf(stage.cloud, run.runId);
  const { items } = await run.workspace.list('/provisioners');
  const secretEnvironment = { LICENCE_KEY: { value: 'replaced-licence-key' } };
  for (const { id } of items.filter(({ name }) => name.startsWith('install packages'))) {
    const replaced = await run.workspace.at('PATCH', `/provisioners/${id}`, { body: { secretEnvironment } });
    if (replaced.status !== 200) throw new Error(replaced.text);
  }
  const runner = runnerOf(order);
  expect(Object.values((await runner.claim()).variables)).toEqual(['planted-licence-key']);
  await runner.complete();
  expect((await stage.ended(run)).status).toBe('Failed');
});

describe('a build that says it succeeded', () => {
  test('F44 is believed although the account cannot be asked at first', async () => {
    const { run, runner } = await startBuilt();
    const amiId = await copyOfBaseImage(`faults-${run.runId}`);
    const fault = { kind: 'refuse', status: 503, code: 'RequestLimitExceeded' } as const;
    const busy = stage.cloud.break({ operation: 'DescribeImages', by: 'Verify', times: 4, fault });
    await runner.succeed(localStack().region, amiId);
    const ended = await stage.ended(run);
    expect(ended).toMatchObject({ status: 'Succeeded', locators: [{ amiId }] });
    expect(busy.count()).toBe(4);
    const shown = await run.workspace.at('GET', `/runs/${run.runId}`);
    expect(runSchema.parse(shown.body).image?.locators).toMatchObject([{ amiId }]);
  });

  test('F45 and names no image fails: there is no image version', async () => {
    const { run, runner } = await startBuilt();
    await runner.complete({ outcome: 'succeeded', exitCode: 0, errors: [] });
    expect(await stage.ended(run)).toMatchObject({
      status: 'Failed',
      failure: { errorId: 'image-missing-after-build' },
    });
  });
});
