import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runSchema } from '../../../shared/contracts/entities/run.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { makeDefinition, makeWorkspace } from '../../integration/client.ts';
import { orderOf, ordersOf } from './support/builds.ts';
import { runnerOf } from './support/hand-runner.ts';
import { openStage, type Stage } from './support/stage.ts';

/**
 * Calls that are never answered. Nobody mends the cloud and no reconciler is called: whoever waits for the answer gives
 * up after some seconds and asks again. `carriedOut`: the service did what it was asked, and says nothing.
 */

let stage: Stage;
beforeAll(async () => {
  stage = await openStage([
    'RunsApiFunction',
    'DispatchRunsFunction',
    'PublishChangesFunction',
    'PrepareFunction',
    'StartBuildFunction',
    'AgentApiFunction',
  ]);
});
afterEach(() => stage.settle());
afterAll(() => stage.close());

const ways = [
  ['that was carried out', { kind: 'hang', carriedOut: true }],
  ['that was not carried out', { kind: 'hang', carriedOut: false }],
] as const;

/** A run that fails in Prepare, for want of its base image. */
const startFailing = async () => {
  const workspace = await makeWorkspace();
  const { id: definitionId } = await makeDefinition(workspace);
  return stage.start({ workspace, definitionId });
};

describe.each(ways)('a call %s and is never answered', (_way, fault) => {
  test('of a create to DynamoDB is made again: one run, one number (F7, F9)', async () => {
    const workspace = await makeWorkspace();
    const { id: definitionId } = await makeDefinition(workspace);
    const about = [definitionId];
    const hung = stage.cloud.break({ operation: 'TransactWriteItems', by: 'RunsApi', about, fault });
    const headers = { 'idempotency-key': randomUUID() };
    const answer = await workspace.at('POST', `/image-definitions/${definitionId}/runs`, { headers });
    expect([answer.status, hung.count()]).toEqual([202, 1]);
    const run = runSchema.parse(answer.body);
    const all = await runStore(stage.core, scopeTo(workspace.id)).list({ limit: 100 });
    expect(all.map(({ id, number }) => [id, number])).toEqual([[run.id, run.number]]);
    await stage.ended(stage.watch({ workspace, runId: run.id }));
  });

  test('of the dispatcher to DynamoDB and Step Functions is made again: one workflow (F11, F38)', async () => {
    const broken = ['Query', 'TransactWriteItems', 'StartExecution'].map((operation) =>
      stage.cloud.break({ operation, by: 'DispatchRuns', fault }),
    );
    const run = await startFailing();
    expect((await stage.ended(run)).failure?.errorId).toBe('base-image-not-found');
    expect(broken.map((one) => one.count())).toEqual([1, 1, 1]);
  });

  test('to start a build, and to wake the workflow, is made again: one build, one end (F14, F19)', async () => {
    const broken = ['StartBuild', 'SendTaskSuccess'].map((operation) =>
      stage.cloud.break({ operation, fault }),
    );
    const run = await stage.start(await stage.furnish());
    const runner = runnerOf(await orderOf(stage.cloud, run.runId));
    await stage.see('its build', run, ({ buildId }) => buildId !== undefined);
    await runner.claim();
    await runner.say(2);
    await runner.beat({ packerStarts: true });
    expect((await runner.complete()).status).toBe(200);
    expect(await stage.ended(run)).toMatchObject({ attempt: 1, failure: { errorId: 'script-failed' } });
    expect(broken.map((one) => one.count())).toEqual([1, 1]);
    expect(await stage.builds(run)).toHaveLength(1);
    expect(new Set(ordersOf(stage.cloud, run.runId).map(({ token }) => token)).size).toBe(1);
  });
});

describe('a call that is never answered', () => {
  const [, [, fault]] = ways;

  test('of the stream to the queue is made again: nobody waits for the reconciler (F19)', async () => {
    const hung = stage.cloud.break({ operation: 'SendMessage', fault });
    const run = await startFailing();
    await hung.met;
    expect((await stage.ended(run)).failure?.errorId).toBe('base-image-not-found');
  });

  test('of Prepare to the account of the customer is made again (F44)', async () => {
    const hung = stage.cloud.break({ operation: 'DescribeImages', by: 'Prepare', fault });
    const run = await startFailing();
    expect((await stage.ended(run)).failure?.errorId).toBe('base-image-not-found');
    expect(hung.count()).toBe(1);
  });
});
