import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, test } from 'vitest';
import { logPageSchema } from '../../shared/contracts/entities/log.ts';
import { runSchema } from '../../shared/contracts/entities/run.ts';
import { keys } from '../../shared/store/keys.ts';
import type { Table } from '../../shared/store/table.ts';
import { scopeTo } from '../../shared/store/workspace-scope.ts';
import { PATIENCE_SECONDS, until } from '../support/e2e-wait.ts';
import { makeDefinition, type TestWorkspace } from './client.ts';
import { awsSettings, deployedFunction, openTables, storeOf } from './inside.ts';
import { makeCrowded, makeRunning } from './running.ts';

/** What is lost, comes twice or dies at the worst moment; the reconciler is called instead of waited for. */

let core: Table;
beforeAll(async () => {
  ({ core } = await openTables());
});
const reconcile = async () => {
  const answer = await (await deployedFunction('ReconcileFunction')).invoke({});
  if (answer.isError) throw new Error(answer.payload);
};
const read = async (workspace: TestWorkspace, runId: string) =>
  runSchema.parse((await workspace.at('GET', `/runs/${runId}`)).body);
const logOf = async (workspace: TestWorkspace, runId: string) =>
  logPageSchema.parse((await workspace.at('GET', `/runs/${runId}/log?order=oldest`)).body);

test('a wake-up that is lost delays a run, no more (S57)', async () => {
  const { workspace, slot } = await makeCrowded(core);
  const { id } = await makeDefinition(workspace);
  const run = runSchema.parse((await workspace.at('POST', `/image-definitions/${id}/runs`)).body);
  // A row of this kind wakes nobody when it goes.
  await core.write([{ update: slot, set: { row: 'name' } }]);
  await core.write([{ delete: slot }]);
  await reconcile();
  const ended = await until('the run', PATIENCE_SECONDS, async () => {
    const now = await read(workspace, run.id);
    return now.endedAt === undefined ? undefined : now;
  });
  expect(ended.failure?.errorId).toBe('base-image-not-found');
});

describe('a workflow that is gone', () => {
  const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:none:none';
  const past = '2026-01-01T00:00:00.000Z';
  const makeOrphan = async (fields: object = {}) => {
    const running = await makeRunning(core, { executionArn, bundle: undefined, claim: undefined, ...fields });
    const key = keys.run(scopeTo(running.workspace.id), running.run.id);
    await core.write([{ update: key, set: { due: 'RUN', dueAt: past } }]);
    return running;
  };

  test('leaves a run that the reconciler ends, with the reason in its log (S60, S153)', async () => {
    const { workspace, run } = await makeOrphan();
    await reconcile();
    const ended = await read(workspace, run.id);
    expect(ended).toMatchObject({ status: 'Failed', failure: { errorId: 'workflow-lost' } });
    const { lines, complete } = await logOf(workspace, run.id);
    expect([lines.map((line) => line.level), complete]).toEqual([['error'], true]);
  });

  test('after the build completed leaves a run that is judged by its completion', async () => {
    const completion = {
      outcome: 'timed-out' as const,
      exitCode: 1,
      artifacts: [],
      errors: [],
      temporaries: [],
      lastSeq: 0,
    };
    const { workspace, run } = await makeOrphan({ completion });
    await reconcile();
    expect(await read(workspace, run.id)).toMatchObject({
      status: 'Failed',
      failure: { errorId: 'run-timed-out' },
    });
  });

  test('is looked at by two reconcilers at once: one end, said once', async () => {
    const { workspace, run } = await makeOrphan();
    await Promise.all([reconcile(), reconcile()]);
    const ended = await storeOf(core, workspace.id).get(run.id);
    expect(ended).toMatchObject({ status: 'Failed', failure: { errorId: 'workflow-lost' } });
    expect((await logOf(workspace, run.id)).lines).toHaveLength(1);
    await reconcile();
    expect(await storeOf(core, workspace.id).get(run.id)).toEqual(ended);
  });
});

test('a Finish that comes twice, also at the same moment, is one end (S63)', async () => {
  const { workspace, run } = await makeRunning(core, { verdict: { outcome: 'stopped' }, bundle: undefined });
  const finish = await deployedFunction('FinishFunction');
  const event = { workspaceId: workspace.id, runId: run.id };
  const calls = await Promise.all([finish.invoke(event), finish.invoke(event)]);
  expect(calls.map((one) => one.isError)).toEqual([false, false]);
  const ended = await read(workspace, run.id);
  expect(ended.status).toBe('Stopped');
  await finish.invoke(event);
  expect(await read(workspace, run.id)).toEqual(ended);
});

test('tasks of a run that has ended, or never was, do nothing', async () => {
  const { workspace, run } = await makeRunning(core, { verdict: { outcome: 'stopped' }, bundle: undefined });
  const finish = await deployedFunction('FinishFunction');
  await finish.invoke({ workspaceId: workspace.id, runId: run.id });
  const ended = await read(workspace, run.id);
  for (const name of ['PrepareFunction', 'VerifyFunction', 'FinishFunction']) {
    const task = await deployedFunction(name);
    expect((await task.invoke({ workspaceId: workspace.id, runId: run.id })).isError).toBe(false);
  }
  expect(await read(workspace, run.id)).toEqual(ended);
  expect((await finish.invoke({ workspaceId: workspace.id, runId: 'run_none' })).isError).toBe(false);
});

describe('records of the table’s stream', () => {
  const record = (image: object, sequence: string) => ({
    eventID: sequence,
    eventName: 'INSERT',
    dynamodb: { Keys: {}, SequenceNumber: sequence, NewImage: image },
  });
  const poisoned = async (queue: string) => {
    const client = new SQSClient(awsSettings());
    const answer = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    return Number(answer.Attributes?.['ApproximateNumberOfMessages']);
  };

  test('that cannot be read are parked, and hold up nothing', async () => {
    const publish = await deployedFunction('PublishChangesFunction');
    const queue = publish.environment['POISON_QUEUE_URL'] ?? '';
    const before = await poisoned(queue);
    const broken = record({ row: { S: 'run' }, id: { S: 'nonsense' } }, '1');
    const huge = record({ row: { S: 'run' }, text: { S: 'x'.repeat(300_000) } }, '2');
    const fine = record({ row: { S: 'name' } }, '3');
    const answer = await publish.invoke({ Records: [broken, huge, fine] });
    expect(answer.isError).toBe(false);
    expect(await poisoned(queue)).toBe(before + 2);
  });

  test('that come twice are told twice and change nothing', async () => {
    const { workspace, run } = await makeRunning(core, {
      verdict: { outcome: 'stopped' },
      bundle: undefined,
    });
    const publish = await deployedFunction('PublishChangesFunction');
    const slot = { row: { S: 'slot' }, poolId: { S: run.pool.id } };
    const gone = { eventID: '4', eventName: 'REMOVE', dynamodb: { Keys: {}, OldImage: slot } };
    for (let time = 0; time < 2; time += 1) {
      expect((await publish.invoke({ Records: [gone, gone] })).isError).toBe(false);
    }
    expect((await read(workspace, run.id)).rev).toBe(run.rev);
  });
});
