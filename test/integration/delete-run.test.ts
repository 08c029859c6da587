import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { auditEventSchema } from '../../shared/contracts/entities/audit-event.ts';
import { type Run, runSchema } from '../../shared/contracts/entities/run.ts';
import { keys, trafficKeys } from '../../shared/store/keys.ts';
import { recordLeftovers } from '../../shared/store/leftover-store.ts';
import { runRemoval } from '../../shared/store/run-removal.ts';
import type { Table } from '../../shared/store/table.ts';
import { scopeTo } from '../../shared/store/workspace-scope.ts';
import { at, ulid } from '../support/builders.ts';
import { PATIENCE_SECONDS, until } from '../support/e2e-wait.ts';
import { makeDefinition, makeWorkspace, problem, type TestWorkspace } from './client.ts';
import { openTables } from './inside.ts';
import { makeCrowded, makeRunning } from './running.ts';

let core: Table;
let traffic: Table;
beforeAll(async () => {
  ({ core, traffic } = await openTables());
});

const start = async (workspace: TestWorkspace, definitionId: string): Promise<Run> =>
  runSchema.parse((await workspace.at('POST', `/image-definitions/${definitionId}/runs`)).body);
/** A run that fails in Prepare, as its image is nowhere. */
const ended = async (workspace: TestWorkspace, definitionId: string): Promise<Run> => {
  const { id } = await start(workspace, definitionId);
  return until(`run ${id}`, PATIENCE_SECONDS, async () => {
    const run = runSchema.parse((await workspace.at('GET', `/runs/${id}`)).body);
    return run.endedAt === undefined ? undefined : run;
  });
};
const eventsOf = async (workspace: TestWorkspace, query: string) =>
  z
    .object({ items: z.array(auditEventSchema) })
    .parse((await workspace.at('GET', `/audit-events${query}`)).body).items;

describe('DELETE /runs/{id}', () => {
  test('takes an ended run away with its log, by an editor; the latest run and its log move back', async () => {
    const workspace = await makeWorkspace();
    const { id: definitionId, name } = await makeDefinition(workspace);
    const [first, second] = [await ended(workspace, definitionId), await ended(workspace, definitionId)];
    const operator = await workspace.token('operator');
    expect((await workspace.at('DELETE', `/runs/${second.id}`, { token: operator })).status).toBe(403);
    expect((await (await makeWorkspace()).at('DELETE', `/runs/${second.id}`)).status).toBe(404);

    const answer = await workspace.at('DELETE', `/runs/${second.id}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    for (const path of ['', '/log', '/leftovers'])
      expect((await workspace.at('GET', `/runs/${second.id}${path}`)).status).toBe(404);
    expect((await workspace.at('DELETE', `/runs/${second.id}`)).status).toBe(404);
    const scope = scopeTo(workspace.id);
    expect(await traffic.get(trafficKeys.logHead(scope, second.id))).toBeUndefined();
    expect(await traffic.query(trafficKeys.logChunks(scope, second.id))).toEqual([]);

    const definition = await workspace.at('GET', `/image-definitions/${definitionId}`);
    expect(definition.body).toMatchObject({ latestRun: { id: first.id, number: first.number } });
    const [ofDefinition, ofRun] = [
      await workspace.at('GET', `/image-definitions/${definitionId}/log`),
      await workspace.at('GET', `/runs/${first.id}/log`),
    ];
    expect([ofDefinition.status, ofDefinition.body]).toEqual([200, ofRun.body]);
    expect((await start(workspace, definitionId)).number).toBe(second.number + 1);
    const events = await eventsOf(workspace, `?kind=run&entityId=${second.id}`);
    expect(events.map((one) => one.action)).toEqual(['delete', 'start']);
    expect(events[0]).toMatchObject({
      entity: { name: `${name}-v${second.number}` },
      before: { status: 'Failed' },
    });
  });

  test('is refused while the run is active; a stopped one tells what it left in the account', async () => {
    const { workspace } = await makeCrowded(core);
    const { id: definitionId } = await makeDefinition(workspace);
    const { id } = await start(workspace, definitionId);
    expect(problem(await workspace.at('DELETE', `/runs/${id}`))).toMatchObject({
      status: 409,
      code: 'still-active',
    });
    expect((await workspace.at('POST', `/runs/${id}/stop`)).status).toBe(202);
    const kept = {
      id: `lft_${ulid(1)}`,
      kind: 'ec2-instance',
      locator: 'i-1',
      createdAt: at(0),
      state: 'kept' as const,
    };
    await core.write(recordLeftovers(scopeTo(workspace.id), id, [kept]));
    expect((await workspace.at('DELETE', `/runs/${id}`)).status).toBe(204);
    expect(await core.query(keys.leftovers(scopeTo(workspace.id), id))).toEqual([]);
    const events = await eventsOf(workspace, `?entityId=${id}`);
    expect(events.map((one) => one.action)).toEqual(['delete', 'stop', 'start']);
    expect(events[0]?.before).toMatchObject({ leftovers: [{ kind: 'ec2-instance', locator: 'i-1' }] });
  });
});

test('what a failed run may have left in the account is deleted although the run is gone, which is then forgotten', async () => {
  const { workspace, run } = await makeRunning(core);
  const scope = scopeTo(workspace.id);
  const { id: runId } = run;
  const copy = {
    ...run,
    ...keys.deletedRun(scope, runId),
    status: 'Failed',
    runId,
    row: 'deleted-run' as const,
  };
  await core.write([
    { delete: keys.run(scope, runId) },
    { delete: keys.activeRun(scope, runId) },
    { put: { ...copy, endedAt: at(60) } },
  ]);
  const forgotten = async () => (await runRemoval(core, scope).deleted(runId)) === undefined;
  expect(
    await until(
      `run ${runId} to be forgotten`,
      PATIENCE_SECONDS,
      async () => (await forgotten()) || undefined,
    ),
  ).toBe(true);
});

test('runs and the last log of a deleted definition stay readable (S16, S17)', async () => {
  const workspace = await makeWorkspace();
  const { id } = await makeDefinition(workspace);
  const run = await ended(workspace, id);
  expect((await workspace.at('DELETE', `/image-definitions/${id}`)).status).toBe(204);
  const log = await workspace.at('GET', `/image-definitions/${id}/log`);
  expect([log.status, log.body]).toEqual([200, (await workspace.at('GET', `/runs/${run.id}/log`)).body]);
  expect((await workspace.at('GET', `/image-definitions/${id}/runs`)).body).toMatchObject({
    items: [{ id: run.id }],
  });
});
