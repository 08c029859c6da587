import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { memberSchema, workspaceSchema } from '../../shared/contracts/entities/workspace.ts';
import { routes } from '../../shared/contracts/routes/index.ts';
import type { Route } from '../../shared/contracts/routes/route.ts';
import { globalKeys, keys } from '../../shared/store/keys.ts';
import type { Table } from '../../shared/store/table.ts';
import { scopeTo } from '../../shared/store/workspace-scope.ts';
import { shellBody } from '../support/bodies.ts';
import { ulid } from '../support/builders.ts';
import { PATIENCE_SECONDS, until } from '../support/e2e-wait.ts';
import { containing } from '../support/matchers.ts';
import { call, makeDefinition, makeWorkspace, problem, type TestWorkspace } from './client.ts';
import { deployedFunction, openTables } from './inside.ts';
import { makePerson } from './person.ts';
import { makeCrowded } from './running.ts';

let core: Table;
let traffic: Table;
beforeAll(async () => {
  ({ core, traffic } = await openTables());
});

const idsSchema = z.array(z.object({ id: z.string() })).transform((all) => all.map(({ id }) => id));
const workspacesOf = async (token: string | undefined) => {
  const asked = token === undefined ? {} : { token };
  const me = await call('GET', '/v1/me', asked);
  const list = await call('GET', '/v1/workspaces?limit=200', asked);
  return {
    me: z.object({ workspaces: idsSchema }).parse(me.body).workspaces,
    list: z.object({ items: idsSchema }).parse(list.body).items,
  };
};
const membersOf = async (workspace: TestWorkspace) =>
  z.object({ items: z.array(memberSchema) }).parse((await workspace.at('GET', '/members')).body).items;

test('a workspace is changed by merge patch; an older ETag is 412, an equal one is kept', async () => {
  const workspace = await makeWorkspace({ maxConcurrentRuns: 2, tags: { team: 'web', site: 'north' } });
  const first = await workspace.at('GET', '');
  const body = { tags: { site: null }, maxConcurrentRuns: null };
  const changed = await workspace.at('PATCH', '', {
    body,
    headers: { 'if-match': first.headers.get('etag') ?? '', 'content-type': 'application/merge-patch+json' },
  });
  expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
  expect(changed.body).toMatchObject({ tags: { team: 'web' }, rev: 2 });
  // The deployment's own limit is that of a workspace which says nothing.
  const other = workspaceSchema.parse((await (await makeWorkspace()).at('GET', '')).body);
  expect(workspaceSchema.parse(changed.body).maxConcurrentRuns).toBe(other.maxConcurrentRuns);
  const late = await workspace.at('PATCH', '', { body: { name: 'late' }, headers: { 'if-match': '"1"' } });
  expect([late.status, problem(late).code]).toEqual([412, 'precondition-failed']);
  const same = await workspace.at('PATCH', '', { body });
  expect([same.status, same.headers.get('etag')]).toEqual([200, '"2"']);
  const wrong = await workspace.at('PATCH', '', { body: { maxConcurrentRuns: '3', id: 'x', name: '' } });
  expect([
    wrong.status,
    problem(wrong)
      .errors?.map((one) => one.pointer)
      .toSorted(),
  ]).toEqual([422, ['/id', '/maxConcurrentRuns', '/name']]);
});

describe('members', () => {
  test('come, get another role and go; each counts from the next request on (S37)', async () => {
    const workspace = await makeWorkspace();
    const { id, token } = await makePerson();
    const path = `/members/${id}`;
    expect((await workspace.at('GET', '', { token })).status).toBe(404);
    expect((await workspace.at('PUT', path, { body: { role: 'viewer' } })).status).toBe(200);
    expect((await workspace.at('GET', '', { token })).status).toBe(200);
    expect((await workspacesOf(token)).me).toEqual([workspace.id]);
    const refused = await workspace.at('POST', '/provisioners', { token, body: shellBody() });
    expect([refused.status, problem(refused).code]).toEqual([403, 'role-too-small']);
    const changed = await workspace.at('PUT', path, { body: { role: 'editor' } });
    expect(changed.body).toMatchObject({ userId: id, role: 'editor', rev: 2 });
    expect((await workspace.at('POST', '/provisioners', { token, body: shellBody() })).status).toBe(201);
    expect((await membersOf(workspace)).map((one) => [one.userId, one.role])).toContainEqual([id, 'editor']);
    expect((await workspace.at('GET', path, { token })).body).toMatchObject({ role: 'editor' });
    expect((await workspace.at('DELETE', path)).status).toBe(204);
    expect((await workspace.at('GET', '', { token })).status).toBe(404);
    expect(await workspacesOf(token)).toEqual({ me: [], list: [] });
    expect((await workspace.at('DELETE', path)).status).toBe(404);
  });

  test('leave by themselves, and manage nobody else', async () => {
    const workspace = await makeWorkspace();
    const [owner] = await membersOf(workspace);
    const { id, token } = await makePerson();
    await workspace.at('PUT', `/members/${id}`, { body: { role: 'editor' } });
    for (const [method, path] of [
      ['PUT', `/members/${id}`],
      ['PUT', '/members/somebody'],
      ['DELETE', `/members/${owner?.userId}`],
    ] as const) {
      const body = method === 'PUT' ? { body: { role: 'owner' } } : {};
      expect((await workspace.at(method, path, { token, ...body })).status).toBe(403);
    }
    expect((await workspace.at('DELETE', `/members/${id}`, { token })).status).toBe(204);
    expect((await workspace.at('GET', '', { token })).status).toBe(404);
  });

  test('are managed by a token of an owner too; the last owner stays one (S37)', async () => {
    const workspace = await makeWorkspace();
    const [owner] = await membersOf(workspace);
    const token = await workspace.token('owner');
    const path = `/members/${owner?.userId}`;
    for (const answer of [
      await workspace.at('PUT', path, { token, body: { role: 'viewer' } }),
      await workspace.at('DELETE', path),
    ])
      expect([answer.status, problem(answer).code]).toEqual([409, 'last-owner']);
    expect((await workspace.at('PUT', '/members/bob', { token, body: { role: 'owner' } })).status).toBe(200);
    expect((await workspace.at('DELETE', path, { token })).status).toBe(204);
    expect((await workspace.at('GET', '', {})).status).toBe(404);
    const last = await workspace.at('DELETE', '/members/bob', { token });
    expect([last.status, problem(last).code]).toEqual([409, 'last-owner']);
  });

  test.each(['a b', 'é', '#META', 'a/b'.replace('/', '%2F')])('have no id like %j', async (id) => {
    const workspace = await makeWorkspace();
    const path = `/members/${encodeURIComponent(id)}`;
    const answer = await workspace.at('PUT', path, { body: { role: 'viewer' } });
    expect([answer.status, problem(answer).errors?.[0]?.pointer]).toEqual([422, 'path/userId']);
    expect((await membersOf(workspace)).length).toBe(1);
  });

  test('have a role of the list, and nothing else', async () => {
    const workspace = await makeWorkspace();
    const body = { role: 'admin', userId: 'x' };
    const answer = await workspace.at('PUT', '/members/bob', { body });
    expect([
      answer.status,
      problem(answer)
        .errors?.map((one) => one.pointer)
        .toSorted(),
    ]).toEqual([422, ['/role', '/userId']]);
  });
});

describe('a workspace with an active run', () => {
  test('is not deleted, and says how many there are', async () => {
    const { workspace, free } = await makeCrowded(core);
    const { id } = await makeDefinition(workspace);
    const run = await workspace.at('POST', `/image-definitions/${id}/runs`);
    const runId = z.object({ id: z.string() }).parse(run.body).id;
    const refused = await workspace.at('DELETE', '');
    expect([refused.status, problem(refused)]).toEqual([
      409,
      expect.objectContaining({ code: 'still-active', detail: containing('1 run is active') }),
    ]);
    expect((await workspace.at('POST', `/runs/${runId}/stop`)).status).toBe(202);
    await free();
    expect((await workspace.at('DELETE', '')).status).toBe(204);
  });
});

describe('a deleted workspace', () => {
  const inWorkspace = Object.entries<Route>(routes).filter(([, route]) =>
    route.path.startsWith('/v1/workspaces/{workspaceId}'),
  );
  const fill = (path: string, workspaceId: string) =>
    path.replace('{workspaceId}', workspaceId).replaceAll(/\{\w+\}/g, `run_${ulid('NONE')}`);

  /** With a member, a token, a definition and a run that was stopped, which has a log. */
  const makeFull = async () => {
    const { workspace, slot, free } = await makeCrowded(core);
    const token = await workspace.token('owner');
    const person = await makePerson();
    await workspace.at('PUT', `/members/${person.id}`, { body: { role: 'owner' } });
    const { id: definitionId } = await makeDefinition(workspace);
    await free();
    const run = await workspace.at('POST', `/image-definitions/${definitionId}/runs`);
    const runId = z.object({ id: z.string() }).parse(run.body).id;
    await until('the run', PATIENCE_SECONDS, async () => {
      const answer = await workspace.at('GET', `/runs/${runId}`);
      return z.object({ endedAt: z.string().optional() }).parse(answer.body).endedAt;
    });
    return { workspace, slot, token, person, definitionId, runId };
  };

  test('is there for nobody at once; then nothing of it is left, and another one is whole (S37, S41)', async () => {
    const { workspace, token, person, definitionId, runId } = await makeFull();
    const other = await makeWorkspace();
    const kept = await other.create('/provisioners', shellBody());
    const scope = scopeTo(workspace.id);
    const removalKey = keys.removal(scope);

    expect((await workspace.at('DELETE', '', { token: person.token })).status).toBe(204);
    for (const [id, route] of inWorkspace) {
      const path = fill(route.path, workspace.id);
      for (const as of [{}, { token: person.token }]) {
        const answer = await call(route.method, path, as);
        expect([id, answer.status, problem(answer).code]).toEqual([id, 404, 'not-found']);
      }
      // A token is good as long as its row is there, and then none at all.
      const asProgram = await call(route.method, path, { token });
      expect([404, 401]).toContain(asProgram.status);
    }
    expect(await workspacesOf(person.token)).toEqual({ me: [], list: [] });
    expect((await workspacesOf(undefined)).list).not.toContain(workspace.id);

    await until('the removal', PATIENCE_SECONDS, async () => (await core.get(removalKey))?.['emptiedAt']);
    const left = await Promise.all([
      core.query(keys.everything(scope)),
      core.query({ ...keys.runsOfDefinition(scope, definitionId), prefix: '' }),
      core.query(keys.leftovers(scope, runId)),
      traffic.query({ pk: `WS#${workspace.id}#LOG#${runId}`, prefix: '' }),
    ]);
    expect(left).toEqual([[], [], [], []]);
    expect(await core.get(globalKeys.membership(person.id, workspace.id))).toBeUndefined();
    expect((await call('GET', '/v1/me', { token })).status).toBe(401);

    // What a request that was still under way wrote meanwhile; then the last look, as if fifteen minutes were over.
    await core.write([{ put: { ...keys.member(scope, 'late'), row: 'member', userId: 'late' } }]);
    const past = '2026-01-01T00:00:00.000Z';
    await core.write([{ update: removalKey, set: { removedAt: past, dueAt: past } }]);
    const reconcile = await deployedFunction('ReconcileFunction');
    expect((await reconcile.invoke({})).isError).toBe(false);
    await until('the end', PATIENCE_SECONDS, async () =>
      (await core.get(removalKey)) === undefined ? true : undefined,
    );
    expect(await core.query(keys.everything(scope))).toEqual([]);

    expect((await other.at('GET', `/provisioners/${kept}`)).status).toBe(200);
  });
});
