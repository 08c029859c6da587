import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  changeWorkspace,
  createWorkspace,
  deleteWorkspace,
  getMe,
  getWorkspace,
  listWorkspaces,
} from '../../../../functions/api/access/workspaces.ts';
import { workspaceSchema } from '../../../../shared/contracts/entities/workspace.ts';
import type { Problem } from '../../../../shared/contracts/problem.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import { auditStore } from '../../../../shared/store/audit-store.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { removalStore } from '../../../../shared/store/removal-store.ts';
import { scopeTo, type WorkspaceScope } from '../../../../shared/store/workspace-scope.ts';
import { workspaceId } from '../../../support/builders.ts';
import { containing } from '../../../support/matchers.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const LIMIT = 3;
const principal = { kind: 'user' as const, id: 'ada-sub', name: 'ada' };
let table = memoryTable();
let scope: WorkspaceScope = scopeTo(workspaceId);

const create = async (fields: object = {}) => {
  const body = { name: 'Team', description: '', tags: { team: 'web' }, ...fields };
  return workspaceSchema.parse(
    (await createWorkspace(table, LIMIT, { principal, body, remember: () => [] })).body,
  );
};
beforeEach(async () => {
  table = memoryTable();
  scope = scopeTo((await create()).id);
});

const change = async (body: Record<string, unknown>, headers: Record<string, string> = {}) => {
  const answer = await changeWorkspace(table, LIMIT, { scope, body, headers, principal });
  return { etag: answer.headers?.['etag'], ...workspaceSchema.parse(answer.body) };
};
const remove = (headers: Record<string, string> = {}) => deleteWorkspace(table, { scope, headers });
const refusal = async (attempt: Promise<unknown>): Promise<Partial<Problem> & { code: string }> => {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof ApiProblem) return { code: error.code, ...error.extras, detail: error.message };
    throw error;
  }
  return { code: 'accepted' };
};

describe('a change of the workspace', () => {
  test('alters what it names and nothing else', async () => {
    const changed = await change({ description: 'of the web team', tags: { team: null, site: 'north' } });
    expect(changed).toMatchObject({ etag: '"2"', rev: 2, name: 'Team', maxConcurrentRuns: LIMIT });
    expect(changed.tags).toEqual({ site: 'north' });
    expect((await getWorkspace(table, scope)).headers).toEqual({ etag: '"2"' });
  });

  test('of a wrong shape inside is told so before its If-Match is looked at, as of any entity', async () => {
    const wrong = change({ tags: { team: 5 } }, { 'if-match': '"9"' });
    expect(await refusal(wrong)).toMatchObject({ code: 'invalid-body', errors: [{ pointer: '/tags/team' }] });
  });

  test('gives it a limit of its own, and null the one of the deployment back', async () => {
    expect((await change({ maxConcurrentRuns: 7 })).maxConcurrentRuns).toBe(7);
    expect((await change({ name: 'Other' })).maxConcurrentRuns).toBe(7);
    expect((await change({ maxConcurrentRuns: null })).maxConcurrentRuns).toBe(LIMIT);
  });

  test.each<Record<string, unknown>>([
    {},
    { name: 'Team' },
    { tags: { none: null } },
    { maxConcurrentRuns: null },
  ])('that changes nothing writes nothing: %j', async (body) => {
    const rows = structuredClone([...table.rows]);
    expect((await change(body)).rev).toBe(1);
    expect([...table.rows]).toEqual(rows);
  });

  test('names every wrong field and stores nothing', async () => {
    const rows = structuredClone([...table.rows]);
    const refused = await refusal(change({ name: null, maxConcurrentRuns: 0, tags: { 'a:b': 'c' } }));
    expect(refused.code).toBe('invalid-body');
    expect(refused.errors?.map((one) => one.pointer).toSorted()).toEqual([
      '/maxConcurrentRuns',
      '/name',
      '/tags/a:b',
    ]);
    expect([...table.rows]).toEqual(rows);
  });

  test('with If-Match of an older revision is 412, without it is decided anew', async () => {
    await change({ name: 'Second' });
    expect((await refusal(change({ name: 'Third' }, { 'if-match': '"1"' }))).code).toBe(
      'precondition-failed',
    );
    let isFirst = true;
    table.beforeWrite = async () => {
      if (!isFirst) return;
      isFirst = false;
      await change({ description: 'of somebody who was faster' });
    };
    expect(await change({ name: 'Third' })).toMatchObject({
      name: 'Third',
      description: 'of somebody who was faster',
      rev: 4,
    });
  });

  test('of sixteen with one ETag one wins', async () => {
    const tries = Array.from({ length: 16 }, (_, n) =>
      refusal(change({ name: `Name ${n}` }, { 'if-match': '"1"' })),
    );
    const codes = (await Promise.all(tries)).map((one) => one.code);
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
    expect(codes.filter((code) => code === 'precondition-failed')).toHaveLength(15);
  });

  test('is told of in an audit event', async () => {
    await change({ name: 'Other' });
    const [event] = await auditStore(table, scope).list({ before: undefined, limit: 1 });
    expect(event).toMatchObject({
      actor: { kind: 'user', id: 'ada-sub' },
      action: 'change',
      entity: { kind: 'workspace', id: scope.workspaceId },
      before: { name: 'Team' },
      after: { name: 'Other' },
    });
  });
});

describe('a delete of the workspace', () => {
  const idsSchema = z.array(z.object({ id: z.string() })).transform((items) => items.map(({ id }) => id));
  const listed = async () => {
    const { body } = await listWorkspaces(table, { principal, path: '/v1/workspaces', query: { limit: 50 } });
    return z.object({ items: idsSchema }).parse(body).items;
  };
  const known = async (asker: Parameters<typeof getMe>[1]) =>
    z.object({ workspaces: idsSchema }).parse((await getMe(table, asker)).body).workspaces;

  test('shows it to nobody from then on, in no list, and leaves others alone (S37)', async () => {
    const other = await create({ name: 'Other' });
    await remove();
    expect((await refusal(getWorkspace(table, scope))).code).toBe('not-found');
    expect((await refusal(change({ name: 'x' }))).code).toBe('not-found');
    expect((await refusal(remove())).code).toBe('not-found');
    expect(await listed()).toEqual([other.id]);
    expect(await known(principal)).toEqual([other.id]);
    expect(await known({ kind: 'api-token', id: 'tok', name: 'robot', role: 'owner', ...scope })).toEqual([]);
  });

  test('leaves word of what is still to be removed', async () => {
    await remove();
    const later = new Date(Date.now() + 121_000).toISOString();
    expect(await removalStore(table).due(later, 10)).toEqual([scope]);
    expect(await removalStore(table).due(new Date().toISOString(), 10)).toEqual([]);
  });

  test('is refused while runs are active, and says how many', async () => {
    const active = (id: string) => ({
      put: { ...keys.activeRun(scope, id), row: 'active' as const, runId: id },
    });
    await table.write([active('run_1'), active('run_2')]);
    const rows = structuredClone([...table.rows]);
    const refused = await refusal(remove());
    expect([refused.code, refused.detail]).toEqual(['still-active', containing('2 runs are active')]);
    expect([...table.rows]).toEqual(rows);
  });

  test('with If-Match of an older revision is 412, and loses against nobody unseen', async () => {
    await change({ name: 'Second' });
    expect((await refusal(remove({ 'if-match': '"1"' }))).code).toBe('precondition-failed');
    let isFirst = true;
    table.beforeWrite = async () => {
      if (!isFirst) return;
      isFirst = false;
      await change({ name: 'Third' });
    };
    expect((await refusal(remove({ 'if-match': '"2"' }))).code).toBe('precondition-failed');
    expect((await refusal(remove({ 'if-match': '"3"' }))).code).toBe('accepted');
  });
});
