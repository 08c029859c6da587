import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  deleteMember,
  listMembers,
  putMember,
  readMember,
} from '../../../../functions/api/access/members.ts';
import { createWorkspace } from '../../../../functions/api/access/workspaces.ts';
import type { Role } from '../../../../shared/contracts/entities/workspace.ts';
import { memberSchema } from '../../../../shared/contracts/entities/workspace.ts';
import type { Problem } from '../../../../shared/contracts/problem.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import { auditStore } from '../../../../shared/store/audit-store.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { MAX_MEMBERS, memberStore } from '../../../../shared/store/member-store.ts';
import { scopeTo, type WorkspaceScope } from '../../../../shared/store/workspace-scope.ts';
import { workspaceStore } from '../../../../shared/store/workspace-store.ts';
import { ulid, workspaceId } from '../../../support/builders.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const ada = { kind: 'user' as const, id: 'ada-sub', name: 'ada' };
let table = memoryTable();
let scope: WorkspaceScope = scopeTo(workspaceId);

beforeEach(async () => {
  table = memoryTable();
  const call = { principal: ada, remember: () => [], body: { name: 'Team', description: '', tags: {} } };
  const { body } = await createWorkspace(table, 3, call);
  scope = scopeTo(z.object({ id: z.string() }).parse(body).id);
});

const call = (userId: string, headers: Record<string, string> = {}) => ({
  scope,
  params: { userId },
  headers,
  principal: ada,
});
const put = (userId: string, role: Role, headers = {}) =>
  putMember(table, { ...call(userId, headers), body: { role } });
const remove = (userId: string, headers = {}) => deleteMember(table, call(userId, headers));
const roleOf = (userId: string) => workspaceStore(table).roleOf(userId, scope.workspaceId);
const list = async (query: { limit: number; cursor?: string } = { limit: 50 }) => {
  const { body } = await listMembers(table, { scope, path: '/v1/members', query });
  return z.object({ items: z.array(memberSchema), nextCursor: z.string().optional() }).parse(body);
};
const refusal = async (attempt: Promise<unknown>): Promise<Partial<Problem> & { code: string }> => {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof ApiProblem) return { code: error.code, ...error.extras };
    throw error;
  }
  return { code: 'accepted' };
};

describe('members', () => {
  test('begin with who made the workspace, by name', async () => {
    expect((await list()).items).toMatchObject([{ userId: 'ada-sub', name: 'ada', role: 'owner', rev: 1 }]);
    const { headers, body } = await readMember(table, call('ada-sub'));
    expect([headers, body]).toMatchObject([{ etag: '"1"' }, { userId: 'ada-sub' }]);
  });

  test('are added and changed by their id, and are let in with their role at once', async () => {
    expect(await roleOf('bob')).toBeUndefined();
    expect((await put('bob', 'viewer')).headers).toEqual({ etag: '"1"' });
    expect(await roleOf('bob')).toBe('viewer');
    const changed = await put('bob', 'editor');
    expect(changed.body).toMatchObject({ role: 'editor', rev: 2, createdBy: 'ada-sub' });
    expect(await roleOf('bob')).toBe('editor');
  });

  test('are left as they are by a role that they have', async () => {
    await put('bob', 'viewer');
    const rows = structuredClone([...table.rows]);
    expect((await put('bob', 'viewer')).body).toMatchObject({ rev: 1 });
    expect([...table.rows]).toEqual(rows);
  });

  test('are let in no more from the moment they are removed (S37)', async () => {
    await put('bob', 'owner');
    await remove('bob');
    expect(await roleOf('bob')).toBeUndefined();
    expect((await refusal(readMember(table, call('bob')))).code).toBe('not-found');
    expect((await refusal(remove('bob'))).code).toBe('not-found');
    expect(JSON.stringify([...table.rows].filter(([key]) => !key.includes('AUDIT#')))).not.toContain('bob');
  });

  test.each(['', 'a b', 'a#b', 'é', '-x', `x${'y'.repeat(128)}`, '%23META'])(
    'have no id like %j: nothing is stored',
    async (id) => {
      const rows = table.rows.size;
      expect(await refusal(Promise.resolve().then(() => put(id, 'viewer')))).toMatchObject({
        code: 'invalid-body',
        errors: [{ pointer: 'path/userId' }],
      });
      expect((await refusal(readMember(table, call(id)))).code).toBe('not-found');
      expect((await refusal(remove(id))).code).toBe('not-found');
      expect(table.rows.size).toBe(rows);
    },
  );

  test('are listed newest first, page by page', async () => {
    for (let n = 1; n <= 6; n += 1) await put(`user-${n}`, 'viewer');
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list({ limit: 3, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.items.map((one) => one.userId));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(new Set(seen).size).toBe(7);
    const times = (await list()).items.map((one) => one.createdAt);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  test('that were stored before they were entities of their own are read all the same', async () => {
    const old = { row: 'member', workspaceId: scope.workspaceId, userId: 'old', role: 'owner' };
    table.rows.set(`${keys.member(scope, 'old').pk}\nMEMBER#old`, { ...keys.member(scope, 'old'), ...old });
    const found = (await list()).items.find((one) => one.userId === 'old');
    // To the millisecond: the workspace's id holds when it was made.
    const workspace = await workspaceStore(table).get(scope);
    expect(Date.parse(workspace?.createdAt ?? '') - Date.parse(found?.createdAt ?? '')).toBeLessThan(50);
    expect((await put('old', 'viewer')).body).toMatchObject({ role: 'viewer', rev: 2 });
  });

  test('are at most 1,000', async () => {
    for (let n = 1; n < MAX_MEMBERS; n += 1) {
      const key = keys.member(scope, `user-${n}`);
      table.rows.set(`${key.pk}\n${key.sk}`, { ...key, row: 'member' });
    }
    expect((await refusal(put('one-more', 'viewer'))).code).toBe('limit-reached');
  });

  test('are told of in audit events, with the role before and after', async () => {
    await put('bob', 'viewer');
    await put('bob', 'editor');
    await remove('bob');
    const events = await auditStore(table, scope).list({ before: undefined, limit: 10 });
    expect(events).toMatchObject([
      { action: 'delete', entity: { kind: 'member', id: 'bob' }, before: { role: 'editor' } },
      { action: 'change', before: { role: 'viewer' }, after: { role: 'editor' } },
      { action: 'create', actor: { id: 'ada-sub' }, after: { userId: 'bob', role: 'viewer' } },
      { action: 'create', entity: { kind: 'workspace', id: scope.workspaceId } },
    ]);
  });
});

describe('If-Match', () => {
  test('of an older revision is 412 and changes nothing', async () => {
    await put('bob', 'viewer');
    await put('bob', 'editor');
    expect((await refusal(put('bob', 'owner', { 'if-match': '"1"' }))).code).toBe('precondition-failed');
    expect((await refusal(remove('bob', { 'if-match': '"1"' }))).code).toBe('precondition-failed');
    expect(await roleOf('bob')).toBe('editor');
    expect((await refusal(put('bob', 'owner', { 'if-match': '"2"' }))).code).toBe('accepted');
  });

  test.each(['*', '"1"'])('%s matches nobody who is not there', async (tag) => {
    expect((await refusal(put('bob', 'viewer', { 'if-match': tag }))).code).toBe('precondition-failed');
    expect(await roleOf('bob')).toBeUndefined();
  });
});

describe('the last owner', () => {
  test.each<Role>(['viewer', 'operator', 'editor'])('is not made a %s', async (role) => {
    await put('bob', 'editor');
    expect((await refusal(put('ada-sub', role))).code).toBe('last-owner');
    expect(await roleOf('ada-sub')).toBe('owner');
  });

  test('does not go', async () => {
    expect((await refusal(remove('ada-sub'))).code).toBe('last-owner');
    await put('bob', 'owner');
    expect((await refusal(remove('ada-sub'))).code).toBe('accepted');
    expect((await refusal(remove('bob'))).code).toBe('last-owner');
  });

  test.each([
    ['demoted', () => put('ada-sub', 'viewer')],
    ['removed', () => remove('ada-sub')],
  ])('is found out at the last moment: who was relied on is %s first', async (_case, before) => {
    await put('bob', 'owner');
    let isFirst = true;
    table.beforeWrite = async () => {
      if (!isFirst) return;
      isFirst = false;
      await before();
    };
    expect((await refusal(remove('bob'))).code).toBe('last-owner');
    expect(await roleOf('bob')).toBe('owner');
  });

  test('is one of two who demote each other at the same moment, fifty times (S37)', async () => {
    for (let round = 0; round < 50; round += 1) {
      const [one, other] = [`one-${round}`, `other-${round}`];
      await put(one, 'owner');
      await put(other, 'owner');
      for (const { userId } of (await list({ limit: 200 })).items)
        if (userId !== one && userId !== other) await remove(userId);
      const tries = await Promise.all([refusal(put(one, 'viewer')), refusal(put(other, 'viewer'))]);
      expect(tries.map((each) => each.code).toSorted()).toEqual(['accepted', 'last-owner']);
      const owners = (await memberStore(table, scope).list()).filter((each) => each.role === 'owner');
      expect(owners).toHaveLength(1);
    }
  });
});

test('a workspace that is gone lets in no member, whatever lies around (S37)', async () => {
  expect(await roleOf('ada-sub')).toBe('owner');
  const workspace = await workspaceStore(table).get(scope);
  if (workspace === undefined) throw new Error('there is no workspace');
  await workspaceStore(table).remove(workspace, workspace.createdAt, workspace.createdAt);
  expect(await roleOf('ada-sub')).toBeUndefined();
  expect(await workspaceStore(table).isThere(scope.workspaceId)).toBe(false);
  expect(await workspaceStore(table).isThere(`ws_${ulid('lower')}#META`)).toBe(false);
});
