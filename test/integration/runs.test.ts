import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { logPageSchema } from '../../shared/contracts/entities/log.ts';
import { type Run, runSchema } from '../../shared/contracts/entities/run.ts';
import type { Table } from '../../shared/store/table.ts';
import { fileBody, shellBody } from '../support/bodies.ts';
import { ulid } from '../support/builders.ts';
import { PATIENCE_SECONDS, until } from '../support/e2e-wait.ts';
import { containing, matching } from '../support/matchers.ts';
import { MISSING_AMI, makeDefinition, makeWorkspace, problem, type TestWorkspace } from './client.ts';
import { openTables } from './inside.ts';
import { makeCrowded } from './running.ts';

let core: Table;
beforeAll(async () => {
  ({ core } = await openTables());
});

const start = async (workspace: TestWorkspace, definitionId: string): Promise<Run> => {
  const answer = await workspace.at('POST', `/image-definitions/${definitionId}/runs`);
  if (answer.status !== 202) throw new Error(answer.text);
  return runSchema.parse(answer.body);
};
const read = async (workspace: TestWorkspace, runId: string): Promise<Run> =>
  runSchema.parse((await workspace.at('GET', `/runs/${runId}`)).body);
const ended = (workspace: TestWorkspace, runId: string): Promise<Run> => {
  let seen: Run | undefined;
  return until(
    () => `the end of ${JSON.stringify(seen)}`,
    PATIENCE_SECONDS,
    async () => {
      seen = await read(workspace, runId);
      return seen.endedAt === undefined ? undefined : seen;
    },
  );
};
const logOf = async (workspace: TestWorkspace, path: string) =>
  logPageSchema.parse((await workspace.at('GET', path)).body);
const listed = z.object({ items: z.array(runSchema), nextCursor: z.string().optional() });
const runsOf = async (workspace: TestWorkspace, path: string) =>
  listed.parse((await workspace.at('GET', path)).body).items;

describe('a run that fails before a machine is made', () => {
  let workspace: TestWorkspace;
  let definitionId: string;
  let run: Run;
  beforeAll(async () => {
    workspace = await makeWorkspace();
    ({ id: definitionId } = await makeDefinition(workspace));
    const started = await start(workspace, definitionId);
    run = await ended(workspace, started.id);
  });

  test('is Failed with a cause, a remedy and the line that explains it (S60, S148, S152, S153)', async () => {
    expect(run).toMatchObject({
      status: 'Failed',
      phase: 'finished',
      number: 5,
      trigger: { type: 'manual' },
      failure: { errorId: 'base-image-not-found', category: 'operating-system', step: null },
      leftovers: { count: 0 },
    });
    expect(run.image).toBeUndefined();
    expect(run.durationSeconds).toBe(
      Math.round((Date.parse(run.endedAt ?? '') - Date.parse(run.startedAt ?? '')) / 1000),
    );
    const { lines, complete } = await logOf(workspace, `/runs/${run.id}/log?order=oldest`);
    expect(complete).toBe(true);
    const line = lines.find((one) => one.seq === run.failure?.logSeq);
    expect(line).toMatchObject({ level: 'error', text: containing(MISSING_AMI) });
    expect(lines.map((one) => one.seq)).toEqual(lines.map((_, place) => place + 1));
  });

  test('makes no image version (S128), and its steps are skipped', async () => {
    expect((await workspace.at('GET', `/image-definitions/${definitionId}/image-versions`)).body).toEqual({
      items: [],
    });
    expect(
      (await workspace.at('GET', `/image-definitions/${definitionId}/image-versions/latest`)).status,
    ).toBe(404);
    expect(run.steps?.map((step) => step.status)).toEqual(['skipped']);
  });

  test('is the latest of its definition, whose log is one step away (S43, S44, S69, S154)', async () => {
    const definition = await workspace.at('GET', `/image-definitions/${definitionId}`);
    expect(definition.body).toMatchObject({ status: 'Failed', latestRun: { id: run.id, number: 5 } });
    const inList = await workspace.at('GET', '/image-definitions');
    expect(inList.body).toMatchObject({ items: [{ id: definitionId, status: 'Failed' }] });
    const latest = await logOf(workspace, `/image-definitions/${definitionId}/log`);
    expect(latest).toEqual(await logOf(workspace, `/runs/${run.id}/log`));
    expect(latest.lines[0]?.seq).toBe(latest.lastSeq);
  });

  test('can be run again; the earlier run and its log stay as they are (S68, S70, S71, S155)', async () => {
    const before = await logOf(workspace, `/runs/${run.id}/log`);
    const again = await ended(workspace, (await start(workspace, definitionId)).id);
    expect(again.number).toBe(6);
    expect(await logOf(workspace, `/runs/${run.id}/log`)).toEqual(before);
    expect(await read(workspace, run.id)).toEqual(run);
    const past = await runsOf(workspace, `/image-definitions/${definitionId}/runs`);
    expect(past.map((one) => one.number)).toEqual([6, 5]);
  });

  test('cannot be stopped any more', async () => {
    const answer = await workspace.at('POST', `/runs/${run.id}/stop`);
    expect(problem(answer)).toMatchObject({ status: 409, code: 'already-finished' });
    expect(await read(workspace, run.id)).toEqual(run);
  });

  test('has a log that can be read in part, filtered and as text', async () => {
    const whole = await logOf(workspace, `/runs/${run.id}/log?order=oldest`);
    const first = await logOf(workspace, `/runs/${run.id}/log?order=oldest&limit=1`);
    const rest = await logOf(workspace, `/runs/${run.id}/log?order=oldest&cursor=${first.nextCursor}`);
    expect([...first.lines, ...rest.lines]).toEqual(whole.lines);
    const errors = await logOf(workspace, `/runs/${run.id}/log?level=error&q=REMEDY`);
    expect(errors.lines).toHaveLength(1);
    const none = await logOf(workspace, `/runs/${run.id}/log?afterSeq=5000&beforeSeq=3`);
    expect(none.lines).toEqual([]);
    const text = await workspace.at('GET', `/runs/${run.id}/log?order=oldest`, {
      headers: { accept: 'text/plain' },
    });
    expect(text.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text.text).toBe(whole.lines.map((line) => `${line.text}\n`).join(''));
  });

  test('has nothing to delete, dry or not', async () => {
    expect((await workspace.at('GET', `/runs/${run.id}/leftovers`)).body).toEqual({ items: [] });
    const dry = await workspace.at('DELETE', `/runs/${run.id}/leftovers`);
    const real = await workspace.at('DELETE', `/runs/${run.id}/leftovers?dryRun=false`);
    expect([dry.status, dry.body, real.status, real.body]).toEqual([200, { items: [] }, 202, { items: [] }]);
  });
});

test('a provisioner for the other family fails the run before a machine is made, naming the step (S158, S159)', async () => {
  const workspace = await makeWorkspace();
  const provisioners = [shellBody({ name: 'fits' }), fileBody({ name: 'stranger', osFamily: 'windows' })];
  const { id } = await makeDefinition(workspace, { provisioners });
  const run = await ended(workspace, (await start(workspace, id)).id);
  expect(run).toMatchObject({
    status: 'Failed',
    failure: {
      errorId: 'provisioner-os-mismatch',
      category: 'provisioner',
      step: matching(/^stranger/),
    },
  });
  expect(run.buildVm).toBeUndefined();
});

test('a definition in a private network cannot run without a connector: 422 that says so (S33)', async () => {
  const workspace = await makeWorkspace();
  const { id } = await makeDefinition(workspace, { builder: { network: 'private' } });
  const answer = await workspace.at('POST', `/image-definitions/${id}/runs`);
  expect(problem(answer)).toMatchObject({
    status: 422,
    code: 'cannot-start',
    errors: [{ pointer: '/connectorId', code: 'connector-needed' }],
  });
  expect(await runsOf(workspace, '/runs')).toEqual([]);
});

describe('runs that wait (S56)', () => {
  test('show their place and why, and start by themselves in their order when there is room (S57)', async () => {
    const { workspace, free } = await makeCrowded(core);
    const { id } = await makeDefinition(workspace);
    const [one, two] = [await start(workspace, id), await start(workspace, id)];
    expect(one).toMatchObject({ status: 'Queued', phase: 'queued', number: 5 });
    expect(await read(workspace, one.id)).toMatchObject({
      queue: { position: 1, reason: 'the workspace runs 1 of at most 1' },
    });
    expect((await read(workspace, two.id)).queue?.position).toBe(2);
    const active = await runsOf(workspace, '/runs?active=true');
    expect(active.map((run) => run.id)).toEqual([two.id, one.id]);
    await free();
    const ends = [await ended(workspace, one.id), await ended(workspace, two.id)];
    expect(ends.map((run) => run.status)).toEqual(['Failed', 'Failed']);
    expect(Date.parse(ends[1]?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(ends[0]?.endedAt ?? ''));
    expect(await runsOf(workspace, '/runs?active=true')).toEqual([]);
  });

  test('can be stopped at once, never start, and again is 409 (S46, S61, S64)', async () => {
    const { workspace, free } = await makeCrowded(core);
    const { id } = await makeDefinition(workspace);
    const run = await start(workspace, id);
    const headers = { 'idempotency-key': 'stop-1' };
    const stopped = await workspace.at('POST', `/runs/${run.id}/stop`, { headers });
    expect([stopped.status, stopped.body]).toEqual([
      202,
      expect.objectContaining({ status: 'Stopped', statusReason: 'stopped while queued' }),
    ]);
    expect((await workspace.at('POST', `/runs/${run.id}/stop`)).status).toBe(409);
    expect((await workspace.at('POST', `/runs/${run.id}/stop`, { headers })).body).toEqual(stopped.body);
    expect(await logOf(workspace, `/runs/${run.id}/log`)).toMatchObject({ lines: [], complete: true });
    const next = await start(workspace, id);
    await free();
    expect((await ended(workspace, next.id)).number).toBe(6);
    const { startedAt, status } = await read(workspace, run.id);
    expect([startedAt, status]).toEqual([undefined, 'Stopped']);
  });

  test('started fifty times with one idempotency key are one run; with fifty keys fifty numbers', async () => {
    const { workspace } = await makeCrowded(core);
    const { id } = await makeDefinition(workspace, { definition: { firstNumber: 1 } });
    const path = `/image-definitions/${id}/runs`;
    const numbers = Array.from({ length: 50 }, (_, n) => n + 1);
    const same = await Promise.all(
      numbers.map(() => workspace.at('POST', path, { headers: { 'idempotency-key': 'once' } })),
    );
    expect(new Set(same.map((answer) => answer.text)).size).toBe(1);
    expect(new Set(same.map((answer) => answer.headers.get('location'))).size).toBe(1);
    const others = await Promise.all(
      numbers.map((n) => workspace.at('POST', path, { headers: { 'idempotency-key': `k${n}` } })),
    );
    const given = others.map((answer) => runSchema.parse(answer.body).number).toSorted((a, b) => a - b);
    expect(given).toEqual(numbers.map((n) => n + 1));
  });

  test('are listed page by page and by status', async () => {
    const { workspace } = await makeCrowded(core);
    const { id } = await makeDefinition(workspace);
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.unshift((await start(workspace, id)).id);
    await workspace.at('POST', `/runs/${ids[4]}/stop`);
    for (const path of ['/runs', '/runs?active=true', `/image-definitions/${id}/runs`]) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const mark = path.includes('?') ? '&' : '?';
        const next = cursor === undefined ? '' : `&cursor=${cursor}`;
        const page = listed.parse((await workspace.at('GET', `${path}${mark}limit=2${next}`)).body);
        seen.push(...page.items.map((run) => run.id));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(path.includes('active') ? ids.slice(0, 4) : ids);
    }
    expect((await runsOf(workspace, '/runs?status=Stopped')).map((run) => run.id)).toEqual(ids.slice(4));
    expect(await runsOf(workspace, '/runs?status=Running,Succeeded')).toEqual([]);
    expect((await workspace.at('GET', '/runs?status=Sleeping')).status).toBe(400);
  });
});

test('what is not there is not found: runs, logs, versions, definitions', async () => {
  const workspace = await makeWorkspace();
  const nobody = `run_${ulid('NONE')}`;
  for (const path of [
    `/runs/${nobody}`,
    `/runs/${nobody}/log`,
    `/runs/${nobody}/leftovers`,
    `/image-versions/ver_${ulid('NONE')}`,
    `/image-definitions/def_${ulid('NONE')}/runs`,
    `/image-definitions/def_${ulid('NONE')}/log`,
    `/image-definitions/def_${ulid('NONE')}/image-versions`,
  ]) {
    const answer = await workspace.at('GET', path);
    expect([path, answer.status]).toEqual([path, 404]);
  }
  const started = await workspace.at('POST', `/image-definitions/def_${ulid('NONE')}/runs`);
  expect(started.status).toBe(404);
  const { id } = await makeDefinition(workspace);
  expect((await workspace.at('GET', `/image-definitions/${id}/log`)).status).toBe(404);
});
