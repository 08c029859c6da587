import { randomUUID } from 'node:crypto';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runSchema } from '../../../shared/contracts/entities/run.ts';
import { keys } from '../../../shared/store/keys.ts';
import { runStore } from '../../../shared/store/run-store.ts';
import { scopeTo } from '../../../shared/store/workspace-scope.ts';
import { makeDefinition, makeWorkspace, type TestWorkspace } from '../../integration/client.ts';
import { PATIENCE_SECONDS, until } from '../../support/e2e-wait.ts';
import { awsSettings, deployedFunction } from '../../integration/inside.ts';
import { makeCrowded } from '../../integration/running.ts';
import { throttled, tooHot, WRITES } from './support/rules.ts';
import { type Accepted, openStage, type Stage, wakeUp } from './support/stage.ts';

/**
 * What goes wrong from the request to the start of the workflow. The runs here fail in Prepare, because there is no such
 * base image: what is looked at is whether they come so far, each once.
 */

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(['RunsApiFunction', 'DispatchRunsFunction', 'PublishChangesFunction']);
});
afterEach(() => stage.settle());
afterAll(() => stage.close());

const accept = (workspace: TestWorkspace, definitionId: string, headers: Record<string, string> = {}) =>
  workspace.at('POST', `/image-definitions/${definitionId}/runs`, { headers });
const runsOf = (workspace: TestWorkspace) => runStore(stage.core, scopeTo(workspace.id)).list({ limit: 100 });

/** A run that waits, and its workspace's slot, which is freed without that anybody is told. */
const startWaiting = async () => {
  const { workspace, slot } = await makeCrowded(stage.core);
  const { id: definitionId } = await makeDefinition(workspace);
  const run = await stage.start({ workspace, definitionId });
  const free = async () => {
    // A row of this kind wakes nobody when it goes.
    await stage.core.write([{ update: slot, set: { row: 'name' } }]);
    await stage.core.write([{ delete: slot }]);
  };
  return { workspace, definitionId, run, free };
};
const startsOf = ({ runId }: Accepted) =>
  stage.cloud.calls.filter(({ operation, body }) => operation === 'StartExecution' && body.includes(runId));
/** Invokes the dispatcher, whatever becomes of it. */
const tryToDispatch = async () => {
  const dispatcher = await deployedFunction('DispatchRunsFunction');
  return dispatcher.invoke({ Records: [wakeUp('1', JSON.stringify({ poolId: 'cloud' }))] });
};

describe('a run that is asked for again', () => {
  test('F7 because the function died after its write is the first one, with the first answer', async () => {
    const workspace = await makeWorkspace();
    const { id: definitionId } = await makeDefinition(workspace);
    const headers = { 'idempotency-key': randomUUID() };
    stage.cloud.break({
      operation: 'TransactWriteItems',
      by: 'RunsApi',
      about: [definitionId],
      fault: { kind: 'kill', moment: 'after' },
    });
    const died = await accept(workspace, definitionId, headers);
    expect(died.status).toBeGreaterThanOrEqual(500);
    const again = await accept(workspace, definitionId, headers);
    expect(again.status).toBe(202);
    const { id: runId } = runSchema.parse(again.body);
    expect((await runsOf(workspace)).map(({ id, number }) => [id, number])).toEqual([[runId, 5]]);
    await stage.ended(stage.watch({ workspace, runId }));
  });

  test('F8 while the first request is still under way, and then with another body, is one run', async () => {
    const workspace = await makeWorkspace();
    const { id: definitionId } = await makeDefinition(workspace);
    const headers = { 'idempotency-key': randomUUID() };
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const waiting = stage.cloud.break({
      operation: 'TransactWriteItems',
      by: 'RunsApi',
      about: [definitionId],
      fault: { kind: 'wait', until: held },
    });
    const first = accept(workspace, definitionId, headers);
    await waiting.met;
    const second = await accept(workspace, definitionId, headers);
    release();
    const late = await first;
    expect([second.status, late.status]).toEqual([202, 202]);
    expect(late.body).toEqual(second.body);
    const { id: runId } = runSchema.parse(second.body);
    const body = { note: 'another' };
    const other = await workspace.at('POST', `/image-definitions/${definitionId}/runs`, { headers, body });
    expect(other.status).toBe(422);
    expect((await runsOf(workspace)).map(({ id }) => id)).toEqual([runId]);
    await stage.ended(stage.watch({ workspace, runId }));
  });

  test('F9 six times at once, while DynamoDB throttles and loses answers, is six runs with six numbers', async () => {
    const { workspace } = await makeCrowded(stage.core);
    const { id: definitionId } = await makeDefinition(workspace);
    const rule = { operation: 'TransactWriteItems', by: 'RunsApi', times: Infinity, chance: 0.2 };
    stage.cloud.break({ ...rule, fault: throttled });
    stage.cloud.break({ ...rule, fault: { kind: 'lose' } });
    const requests = Array.from({ length: 6 }, () => ({ 'idempotency-key': randomUUID() }));
    const answers = await Promise.all(requests.map((headers) => accept(workspace, definitionId, headers)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    stage.cloud.mend();
    const ids = answers.map(({ body }) => runSchema.parse(body).id);
    const runs = await runsOf(workspace);
    expect(runs.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(new Set(runs.map(({ number }) => number)).size).toBe(6);
    const places = ids.map((runId) => stage.watch({ workspace, runId }));
    const stops = await Promise.all(places.map(({ runId }) => workspace.at('POST', `/runs/${runId}/stop`)));
    expect(stops.map(({ status }) => status)).toEqual(ids.map(() => 202));
    await Promise.all(places.map((run) => stage.ended(run)));
  });

  test('F48 long after the service forgot the first write is still one run: the conditions guard it', async () => {
    const workspace = await makeWorkspace();
    const { id: definitionId } = await makeDefinition(workspace);
    stage.cloud.break({
      operation: 'TransactWriteItems',
      by: 'RunsApi',
      about: [definitionId],
      fault: { kind: 'late-twice' },
    });
    const answer = await accept(workspace, definitionId, { 'idempotency-key': randomUUID() });
    expect(answer.status).toBe(202);
    const { id: runId } = runSchema.parse(answer.body);
    expect((await runsOf(workspace)).map(({ id }) => id)).toEqual([runId]);
    await stage.ended(stage.watch({ workspace, runId }));
  });
});

describe('a dispatcher', () => {
  test('F10 that dies between taking the slots and StartExecution leaves a run that the reconciler starts', async () => {
    const { run, free } = await startWaiting();
    await free();
    stage.cloud.break({
      operation: 'StartExecution',
      about: [run.runId],
      fault: { kind: 'kill', moment: 'before' },
    });
    await tryToDispatch();
    const admitted = await stage.see('its slots', run, ({ status }) => status === 'Running');
    expect(admitted.executionArn).toBeUndefined();
    await stage.letPass(run);
    await stage.reconcile();
    const ended = await stage.ended(run);
    expect(ended.executionArn).toMatch(new RegExp(`:${run.runId}$`));
    expect(ended.failure?.errorId).toBe('base-image-not-found');
  });

  test('F10 that dies after StartExecution, before it could write down which, has started one workflow', async () => {
    const { run, free } = await startWaiting();
    await free();
    stage.cloud.break({
      operation: 'StartExecution',
      about: [run.runId],
      fault: { kind: 'kill', moment: 'after' },
    });
    await tryToDispatch();
    const ended = await stage.ended(run);
    expect(ended.failure?.errorId).toBe('base-image-not-found');
  });

  test.each([
    ['is lost', { kind: 'lose' }],
    ['comes twice', { kind: 'twice' }],
  ] as const)(
    'F11 whose StartExecution %s finds its own execution, which is a success',
    async (_what, fault) => {
      const { run, free } = await startWaiting();
      await free();
      stage.cloud.break({ operation: 'StartExecution', about: [run.runId], fault });
      await stage.dispatch();
      const { executionArn } = await stage.ended(run);
      const states = new SFNClient(awsSettings());
      const execution = await states.send(new DescribeExecutionCommand({ executionArn }));
      expect(execution).toMatchObject({ name: run.runId, status: 'SUCCEEDED' });
    },
  );

  test('F12 whose StartExecution is throttled fails nothing, and holds up no other run', async () => {
    const { run, free } = await startWaiting();
    const busy = stage.cloud.break({
      operation: 'StartExecution',
      about: [run.runId],
      times: Infinity,
      fault: throttled,
    });
    await free();
    await tryToDispatch();
    expect(await stage.read(run)).toMatchObject({ status: 'Running' });
    const other = await makeWorkspace();
    const { id: definitionId } = await makeDefinition(other);
    const second = await stage.start({ workspace: other, definitionId });
    await stage.ended(second);
    expect(busy.count()).toBeGreaterThan(0);
    stage.cloud.mend();
    await stage.letPass(run);
    await stage.reconcile();
    expect((await stage.ended(run)).failure?.errorId).toBe('base-image-not-found');
  });

  test('F38 whose every third call to DynamoDB is throttled starts each run once', async () => {
    const { run, free } = await startWaiting();
    await free();
    for (const operation of ['GetItem', 'Query', 'BatchGetItem', ...WRITES])
      stage.cloud.break({ operation, by: 'DispatchRuns', times: Infinity, chance: 0.33, fault: tooHot });
    await Promise.all([tryToDispatch(), tryToDispatch(), tryToDispatch()]);
    stage.cloud.mend();
    await stage.letPass(run);
    await stage.reconcile();
    await stage.dispatch();
    expect((await stage.ended(run)).failure?.errorId).toBe('base-image-not-found');
  });

  test('F6 that gets a wake-up which nobody can read works on the others of the batch all the same', async () => {
    const { run, free } = await startWaiting();
    await free();
    const dispatcher = await deployedFunction('DispatchRunsFunction');
    const records = [wakeUp('poison', '{"poolId":'), wakeUp('good', JSON.stringify({ poolId: 'cloud' }))];
    const answer = await dispatcher.invoke({ Records: records });
    expect(answer.isError).toBe(false);
    expect(JSON.parse(answer.payload)).toEqual({ batchItemFailures: [{ itemIdentifier: 'poison' }] });
    expect((await stage.ended(run)).status).toBe('Failed');
  });

  test('two at once, many times over, give each run one workflow (F11)', async () => {
    const { run, free } = await startWaiting();
    await free();
    await Promise.all(Array.from({ length: 6 }, tryToDispatch));
    expect((await stage.ended(run)).status).toBe('Failed');
    expect(startsOf(run)).toHaveLength(1);
  });
});

describe('the stream of changes', () => {
  test('F19 whose records come twice, late and in the wrong order changes no run, and ends none twice', async () => {
    const { run, workspace, free } = await startWaiting();
    const imageOf = async () => {
      const [row] = await stage.core.getAll([keys.run(scopeTo(workspace.id), run.runId)]);
      return marshall(row ?? {});
    };
    const queued = await imageOf();
    await free();
    await stage.dispatch();
    const ended = await stage.ended(run);
    const last = await imageOf();
    const slot = { row: { S: 'slot' }, poolId: { S: 'cloud' } };
    const records = [
      { eventID: '9', eventName: 'REMOVE', dynamodb: { OldImage: slot } },
      { eventID: '8', eventName: 'MODIFY', dynamodb: { OldImage: queued, NewImage: last } },
      { eventID: '7', eventName: 'INSERT', dynamodb: { NewImage: queued } },
    ];
    const publish = await deployedFunction('PublishChangesFunction');
    for (const Records of [records, records.toReversed()])
      expect((await publish.invoke({ Records })).isError).toBe(false);
    await stage.reconcile();
    expect(await stage.read(run)).toMatchObject({ rev: ended.rev, status: 'Failed', endedAt: ended.endedAt });
  });

  test.each([
    ['is throttled', throttled],
    ['is lost', { kind: 'lose' }],
    ['is the last thing that the function does', { kind: 'kill', moment: 'after' }],
  ] as const)(
    'F37 whose PutEvents %s tells the bus every status all the same, in the order of rev',
    async (_what, fault) => {
      const { run, free } = await startWaiting();
      const failing = stage.cloud.break({ operation: 'PutEvents', about: [run.runId], times: 2, fault });
      await free();
      await stage.dispatch();
      await stage.ended(run);
      await until('both faults', PATIENCE_SECONDS, () => failing.count() === 2);
      expect((await stage.read(run)).status).toBe('Failed');
    },
  );

  test('F19 whose wake-up is lost delays a run until somebody looks', async () => {
    const workspace = await makeWorkspace();
    const { id: definitionId } = await makeDefinition(workspace);
    const lost = stage.cloud.break({ operation: 'SendMessage', times: 3, fault: { kind: 'drop' } });
    const run = await stage.start({ workspace, definitionId });
    await lost.met;
    await stage.reconcile();
    expect((await stage.ended(run)).status).toBe('Failed');
  });
});
