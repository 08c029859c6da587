import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { auditEventSchema } from '../../shared/contracts/entities/audit-event.ts';
import { connectorSchema, registrationCodeSchema } from '../../shared/contracts/entities/connector.ts';
import { runnerPoolListSchema } from '../../shared/contracts/entities/runner-pool.ts';
import { tagsInUseSchema } from '../../shared/contracts/entities/tag.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import { builderBody, connectionBody, fileBody } from '../support/bodies.ts';
import { ulid } from '../support/builders.ts';
import { call, makeWorkspace, problem, type TestWorkspace } from './client.ts';

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await makeWorkspace();
});
const unique = () => `T-${randomBytes(4).toString('hex')}`;
const eventsOf = async (query = '') =>
  z
    .object({ items: z.array(auditEventSchema), nextCursor: z.string().optional() })
    .parse((await workspace.at('GET', `/audit-events${query}`)).body);

describe('connectors (S30)', () => {
  test('are created, listed, read, changed and deleted; what refers to one keeps it', async () => {
    const made = await workspace.at('POST', '/connectors', {
      body: { name: unique(), maxConcurrentRuns: 3 },
    });
    expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
    const { id } = connectorSchema.parse(made.body);
    expect(made.body).toMatchObject({ maxConcurrentRuns: 3, agents: [] });
    expect((await workspace.list('/connectors')).items.map((one) => one.id)).toContain(id);
    const changed = await workspace.at('PATCH', `/connectors/${id}`, { body: { maxConcurrentRuns: 5 } });
    expect(changed.body).toMatchObject({ maxConcurrentRuns: 5, rev: 2 });
    const wrong = await workspace.at('PATCH', `/connectors/${id}`, {
      body: { agents: [], maxConcurrentRuns: 101 },
    });
    expect(
      problem(wrong)
        .errors?.map((one) => one.pointer)
        .toSorted(),
    ).toEqual(['/agents', '/maxConcurrentRuns']);

    const connectionId = await workspace.create('/connections', connectionBody({ name: unique() }));
    const builder = builderBody(connectionId, { name: unique(), network: 'private', connectorId: id });
    const builderId = await workspace.create('/builder-configurations', builder);
    const kept = problem(await workspace.at('DELETE', `/connectors/${id}`));
    expect(kept).toMatchObject({ status: 409, code: 'in-use', usedByCount: 1, usedBy: [{ id: builderId }] });
    await workspace.at('DELETE', `/builder-configurations/${builderId}`);
    expect((await workspace.at('DELETE', `/connectors/${id}`)).status).toBe(204);
    expect((await workspace.at('GET', `/connectors/${id}`)).status).toBe(404);
    const orphan = { ...builder, name: unique() };
    expect(problem(await workspace.at('POST', '/builder-configurations', { body: orphan }))).toMatchObject({
      status: 422,
      errors: [{ pointer: '/connectorId', code: 'missing-reference' }],
    });
  });

  test('give a code that is shown once, to an editor, and to no other workspace', async () => {
    const id = await workspace.create('/connectors', { name: unique() });
    const path = `/connectors/${id}/registration-codes`;
    const headers = { 'idempotency-key': unique() };
    const first = await workspace.at('POST', path, { headers });
    const { code, expiresAt } = registrationCodeSchema.parse(first.body);
    expect([first.status, code]).toEqual([201, expect.stringMatching(/^gsr_[\w-]{43}$/)]);
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
    expect(problem(await workspace.at('POST', path, { headers })).code).toBe('already-answered');
    expect(JSON.stringify(await eventsOf())).not.toMatch(new RegExp(`${code}|${sha256(code)}`));
    expect((await eventsOf('?kind=registration-code')).items).toMatchObject([{ action: 'create' }]);

    const [operator, editor] = [await workspace.token('operator'), await workspace.token('editor')];
    expect((await workspace.at('POST', path, { token: operator })).status).toBe(403);
    expect((await workspace.at('POST', path, { token: editor })).status).toBe(201);
    expect((await (await makeWorkspace()).at('POST', path)).status).toBe(404);
    expect((await workspace.at('POST', `/connectors/cnr_${ulid('NONE')}/registration-codes`)).status).toBe(
      404,
    );
  });
});

describe('tags (S24, S25)', () => {
  test('in use are told by key, of one kind or all, and lead to what carries them', async () => {
    const own = await makeWorkspace();
    await own.create('/provisioners', fileBody({ name: 'a', tags: { crew: 'web' } }));
    const id = await own.create('/provisioners', fileBody({ name: 'b', tags: { crew: 'data', rank: '2' } }));
    await own.create('/connectors', { name: 'Cellar', tags: { crew: 'Ops' } });
    // Other keys may be those of the samples that a new workspace holds.
    const tags = async (query = '') => {
      const all = tagsInUseSchema.parse((await own.at('GET', `/tags${query}`)).body);
      return { crew: all['crew'], rank: all['rank'] };
    };
    expect(await tags()).toEqual({ crew: ['Ops', 'data', 'web'], rank: ['2'] });
    expect(await tags('?kind=provisioners')).toEqual({ crew: ['data', 'web'], rank: ['2'] });
    expect((await own.list('/provisioners?tag=crew:data')).items.map((one) => one.id)).toEqual([id]);
    await own.at('DELETE', `/provisioners/${id}`);
    expect(await tags('?kind=provisioners')).toEqual({ crew: ['web'], rank: undefined });
    expect(problem(await own.at('GET', '/tags?kind=runs'))).toMatchObject({ status: 400, code: 'bad-query' });
  });
});

describe('audit events', () => {
  test('tell who changed what, without secrets, and can be asked for', async () => {
    const id = await workspace.create('/connections', connectionBody({ name: unique() }));
    const value = 'planted-anew-secret';
    const settings = { auth: { secretAccessKey: { value } } };
    await workspace.at('PATCH', `/connections/${id}`, { body: { description: 'changed', settings } });
    await workspace.at('DELETE', `/connections/${id}`);
    const { items } = await eventsOf(`?entityId=${id}`);
    expect(items.map((one) => one.action)).toEqual(['delete', 'change', 'create']);
    expect(items[1]).toMatchObject({
      before: { description: 'made by a test' },
      after: { description: 'changed' },
    });
    expect(JSON.stringify(items)).not.toMatch(/planted|ciphertext/);
    const { actor } = items[0] ?? {};
    expect(actor).toMatchObject({ kind: 'user' });
    expect((await eventsOf(`?actorId=${actor?.id}&action=delete&kind=connection`)).items[0]).toEqual(
      items[0],
    );
    const viewer = await workspace.token('viewer');
    expect((await workspace.at('GET', '/audit-events?limit=1', { token: viewer })).status).toBe(200);
    const page = await eventsOf('?limit=1');
    expect((await eventsOf(`?limit=1&cursor=${page.nextCursor}`)).items).not.toEqual(page.items);
  });
});

test('the runner pools of the deployment are told to whoever is signed in; a builder names one of them', async () => {
  const { items } = runnerPoolListSchema.parse((await call('GET', '/v1/runner-pools')).body);
  expect(items).toMatchObject([{ id: 'cloud' }]);
  expect((await call('GET', '/v1/runner-pools', { token: undefined })).status).toBe(401);
  const connectionId = await workspace.create('/connections', connectionBody({ name: unique() }));
  const builder = (runnerPoolId: string) => builderBody(connectionId, { name: unique(), runnerPoolId });
  const other = await workspace.at('POST', '/builder-configurations', { body: builder('moon') });
  expect(problem(other)).toMatchObject({
    status: 422,
    code: 'rule-broken',
    errors: [{ pointer: '/runnerPoolId' }],
  });
  expect((await workspace.at('POST', '/builder-configurations', { body: builder('cloud') })).status).toBe(
    201,
  );
});
