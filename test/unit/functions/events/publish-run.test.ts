import { describe, expect, test } from 'vitest';
import type { BusEvent } from '../../../../events/event.ts';
import { imageVersionChanged } from '../../../../events/image-version-changed.ts';
import { runLeftoversRemain } from '../../../../events/run-leftovers-remain.ts';
import { runStepChanged } from '../../../../events/run-step-changed.ts';
import { publishChange } from '../../../../functions/events/publish-changes/publish-change.ts';
import type { StoredRun } from '../../../../shared/contracts/stored-run.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { at, failure, queuedRun, runningRun, ulid, workspaceId } from '../../../support/builders.ts';
import { memoryEngine, scope } from '../../../support/engine.ts';
import { socketStore } from '../../../../shared/store/socket-store.ts';

const listening = async (isDeaf = false) => {
  const { traffic, sent, engine } = memoryEngine();
  const sockets = socketStore(traffic);
  await sockets.putTicket('ticket', { workspaceId, principalId: 'user-1' }, 60);
  await sockets.connect('ticket', 'connection-1');
  await sockets.subscribeToRuns(scope, 'connection-1');
  const events: BusEvent[] = [];
  const sweeps: unknown[] = [];
  const send = isDeaf ? () => Promise.reject(new Error('the socket API is away')) : engine.send;
  const outlets = {
    sockets: { traffic, send },
    files: { remove: async () => {} },
    publish: {
      wake: () => {},
      wakeWorkspace: () => {},
      removal: async () => {},
      sweep: (request: unknown) => void sweeps.push(request),
      event: async (event: BusEvent | undefined) => void (event && events.push(event)),
    },
  };
  const change = (before: StoredRun | undefined, after: StoredRun) =>
    publishChange({ before: before && rowOf(before), after: rowOf(after) }, outlets);
  const types = () => events.map(({ DetailType }) => DetailType);
  return { change, events, types, sent, sweeps, outlets };
};
const rowOf = (run: StoredRun) => ({ ...keys.run(scope, run.id), ...run, row: 'run' });
const detailOf = (event: BusEvent | undefined): unknown => JSON.parse(event?.Detail ?? '{}');

describe('what the bus hears of a run', () => {
  test('is each status once, in the order of rev, whatever else changes in between (F19)', async () => {
    const { change, types, events } = await listening();
    const queued = queuedRun();
    const running = runningRun({ rev: 2 });
    const heard = { ...running, rev: 3, executionArn: 'arn' };
    const ended = { ...heard, rev: 4, status: 'Failed' as const, failure: failure(), endedAt: at(60) };
    await change(undefined, queued);
    await change(queued, running);
    await change(running, heard);
    await change(heard, ended);
    expect(types()).toEqual(['run.queued', 'run.started', 'run.failed']);
    expect(events.map((event) => detailOf(event))).toMatchObject([{ rev: 1 }, { rev: 2 }, { rev: 4 }]);
  });

  test('is each change of a step once, with its times, and the last step before the end', async () => {
    const { change, types, events } = await listening();
    const [first, second] = queuedRun().steps;
    if (first === undefined || second === undefined) throw new Error('the run has two steps');
    const begun = { ...first, status: 'running' as const, startedAt: at(20) };
    const done = { ...first, status: 'succeeded' as const, startedAt: at(20), durationSeconds: 9 };
    const building = runningRun({ rev: 3, steps: [begun, second] });
    const next = runningRun({ rev: 4, steps: [done, { ...second, status: 'running', startedAt: at(29) }] });
    await change(runningRun({ rev: 2 }), building);
    await change(building, { ...building, rev: 4 });
    await change(building, next);
    const ended = { ...next, rev: 5, status: 'Failed' as const, failure: failure(), endedAt: at(60) };
    ended.steps = [done, { ...second, status: 'failed', startedAt: at(29), durationSeconds: 31 }];
    await change(next, ended);
    const step = 'run.step-changed';
    expect(types()).toEqual([step, step, step, step, 'run.failed']);
    const told = events.slice(0, 3).map((event) => runStepChanged.parse(detailOf(event)));
    expect(told.map(({ rev, step: { index, status } }) => [rev, index, status])).toEqual([
      [3, 1, 'running'],
      [4, 1, 'succeeded'],
      [4, 2, 'running'],
    ]);
    expect(told[1]?.step).toEqual(done);
  });

  test('a record that comes twice is told twice with the same rev', async () => {
    const { change, events } = await listening();
    await change(queuedRun(), runningRun());
    await change(queuedRun(), runningRun());
    expect(events).toHaveLength(2);
    expect(events[0]).toEqual(events[1]);
  });

  test('does not depend on the sockets: what they lose the bus has heard, and the other way round', async () => {
    const { change, types, sweeps } = await listening(true);
    const ended = runningRun({ rev: 3, status: 'Failed', failure: failure(), endedAt: at(60) });
    const bundle = { key: 'k', sha256: 'f' };
    await expect(change(runningRun(), { ...ended, bundle })).rejects.toThrow('away');
    expect(types()).toEqual(['run.failed']);
    expect(sweeps).toHaveLength(1);
  });

  test('is a reminder of what a stopped run left, at each new one and at nothing else (S84)', async () => {
    const { change, types, events, sent } = await listening();
    const stopped = runningRun({ status: 'Stopped', endedAt: at(60), leftoverCount: 2, rev: 5 });
    const kinds = { 'ec2-instance': 1, 'ec2-key-pair': 1 };
    const reminded = { ...stopped, remindedAt: at(86_460), leftoverKinds: kinds, rev: 6 };
    await change(stopped, reminded);
    await change(reminded, { ...reminded, rev: 7, leftoverCount: 0 });
    expect(types()).toEqual(['run.leftovers-remain']);
    expect(runLeftoversRemain.parse(detailOf(events[0]))).toMatchObject({
      runId: stopped.id,
      status: 'Stopped',
      rev: 6,
      count: 2,
      kinds,
      remove: {
        method: 'DELETE',
        path: `/v1/workspaces/${workspaceId}/runs/${stopped.id}/leftovers?dryRun=false`,
      },
    });
    // Sockets see what changed for them: the count.
    expect(sent.map(({ message }) => message)).toMatchObject([{ run: { rev: 7, leftovers: { count: 0 } } }]);
  });
});

test('a new state of an image version is told, other changes and its removal are not', async () => {
  const { outlets, events } = await listening();
  const version = {
    ...keys.imageVersion(scope, `ver_${ulid('V')}`),
    row: 'image-version',
    id: `ver_${ulid('V')}`,
    number: 1,
    name: 'Web-Base-v1',
    imageDefinitionId: `def_${ulid('D')}`,
    runId: `run_${ulid('1')}`,
    state: 'available' as const,
    locators: [],
    toolchain: {},
    createdAt: at(0),
  };
  const missing = { ...version, state: 'missing' as const, rev: 2 };
  await publishChange({ before: undefined, after: version }, outlets);
  await publishChange({ before: version, after: { ...version, connectionId: 'con_1' } }, outlets);
  await publishChange({ before: version, after: missing }, outlets);
  await publishChange({ before: missing, after: undefined }, outlets);
  expect(events.map(({ DetailType }) => DetailType)).toEqual([
    'image-version.created',
    'image-version.changed',
  ]);
  expect(imageVersionChanged.parse(detailOf(events[1]))).toMatchObject({
    workspaceId,
    imageVersionId: version.id,
    state: 'missing',
    previousState: 'available',
    rev: 2,
  });
});
