import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { routes } from '../../shared/contracts/routes/index.ts';
import type { Route } from '../../shared/contracts/routes/route.ts';
import {
  builderBody,
  connectionBody,
  definitionBody,
  fileBody,
  groupBody,
  operatingSystemBody,
  roleBody,
  roleConnectionBody,
  shellBody,
} from '../support/bodies.ts';
import { ulid } from '../support/builders.ts';
import { matching } from '../support/matchers.ts';
import { itemsSchema, makeDefinition, makeWorkspace, problem, type TestWorkspace } from './client.ts';

let workspace: TestWorkspace;
let made: Awaited<ReturnType<typeof makeDefinition>>;
beforeAll(async () => {
  workspace = await makeWorkspace();
  made = await makeDefinition(workspace);
});

/** Each kind with a body that is accepted. */
const kinds: [string, () => { name: string }][] = [
  ['/connections', () => connectionBody()],
  ['/operating-systems', () => operatingSystemBody()],
  ['/builder-configurations', () => builderBody(made.connectionId)],
  ['/provisioners', () => fileBody()],
  ['/provisioner-groups', () => groupBody(made.provisionerIds)],
  ['/provisioner-roles', () => roleBody([made.groupId])],
  ['/image-definitions', () => definitionBody(made.parts)],
];
const entitySchema = z.looseObject({
  id: z.string(),
  rev: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
const unique = () => `T-${randomBytes(4).toString('hex')}`;
const countOf = async (path: string) => (await workspace.list(`${path}?limit=200`)).items.length;

describe.each(kinds)('%s', (path, bodyOf) => {
  test('is created in one call and read back with the same values (S3, S5, S8)', async () => {
    const body = { ...bodyOf(), name: unique() };
    const answer = await workspace.at('POST', path, { body });
    const entity = entitySchema.parse(answer.body);
    const { secrets: _, ...told } = { ...body, secrets: 0, settings: undefined };
    expect(answer.status).toBe(201);
    expect(entity).toMatchObject(JSON.parse(JSON.stringify(told)));
    expect(answer.headers.get('location')).toBe(`${workspace.base}${path}/${entity.id}`);
    expect(answer.headers.get('etag')).toBe('"1"');
    const read = await workspace.at('GET', `${path}/${entity.id}`);
    expect([read.status, read.body]).toEqual([200, answer.body]);
    expect(read.headers.get('etag')).toBe('"1"');
    const [first] = (await workspace.list(`${path}?limit=1`)).items;
    expect(first).toMatchObject({ id: entity.id, name: body.name, description: entity['description'] });
  });

  test('has names that are unique without regard to case, also for ten at once', async () => {
    const name = unique();
    const bodies = Array.from({ length: 10 }, (_, n) => ({
      ...bodyOf(),
      name: n % 2 === 0 ? name.toLowerCase() : name,
    }));
    const answers = await Promise.all(bodies.map((body) => workspace.at('POST', path, { body })));
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    const refused = answers.filter((answer) => answer.status !== 201).map(problem);
    expect(refused.every((one) => one.code === 'name-taken' && one.errors?.[0]?.pointer === '/name')).toBe(
      true,
    );
  });

  test('stores nothing when anything is wrong, and names every wrong field (S4)', async () => {
    const before = await countOf(path);
    const { name: _, ...nameless } = bodyOf();
    const wrong = { ...nameless, tags: { 'a:b': 'x' }, description: 7, rev: 3, nonsense: true };
    const refused = problem(await workspace.at('POST', path, { body: wrong }));
    expect(refused).toMatchObject({ status: 422, code: 'invalid-body' });
    const pointers = refused.errors?.map((error) => error.pointer);
    expect(pointers).toEqual(
      expect.arrayContaining(['/name', '/tags/a:b', '/description', '/rev', '/nonsense']),
    );
    for (const asked of [{ raw: '{' }, { raw: '' }, { body: [] }, { body: null }, { raw: '"x"' }]) {
      expect(problem(await workspace.at('POST', path, asked)).status).toBeGreaterThanOrEqual(400);
    }
    expect(await countOf(path)).toBe(before);
  });

  test('that is not there is not found', async () => {
    const answer = await workspace.at('GET', `${path}/con_${ulid('NONE')}`);
    expect([answer.status, problem(answer).code]).toEqual([404, 'not-found']);
  });

  test('of another workspace is neither read nor listed nor referred to (S37, S41)', async () => {
    const other = await makeWorkspace();
    const { items } = await workspace.list(`${path}?limit=1`);
    expect((await other.at('GET', `${path}/${items[0]?.id}`)).status).toBe(404);
    const theirs = (await other.list(`${path}?limit=200`)).items;
    expect(theirs.filter(({ name }) => !name.startsWith('Example: '))).toEqual([]);
    const answer = await other.at('POST', path, { body: bodyOf() });
    const refersToOthers = !['/connections', '/operating-systems', '/provisioners'].includes(path);
    expect(answer.status).toBe(refersToOthers ? 422 : 201);
  });

  test('is created once for one idempotency key', async () => {
    const body = { ...bodyOf(), name: unique() };
    const headers = { 'idempotency-key': unique() };
    const first = await workspace.at('POST', path, { body, headers });
    const again = await workspace.at('POST', path, { body, headers });
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    const other = await workspace.at('POST', path, { body: { ...body, name: unique() }, headers });
    expect(problem(other)).toMatchObject({ status: 422, code: 'idempotency-mismatch' });
  });
});

/** Samples are ordinary entities: who wants none deletes them, what refers to others first (S39). */
const deleteSamples = async (of: TestWorkspace, paths: string[]): Promise<void> => {
  for (const path of paths) {
    const { items } = await of.list(`${path}?name=Example:`);
    expect(items.length).toBeGreaterThan(2);
    for (const { id } of items) expect((await of.at('DELETE', `${path}/${id}`)).status).toBe(204);
    expect((await of.list(path)).items).toEqual([]);
  }
};

describe('lists', () => {
  let lists: TestWorkspace;
  beforeAll(async () => {
    lists = await makeWorkspace();
    await deleteSamples(lists, ['/provisioner-roles', '/provisioner-groups', '/provisioners']);
    for (const [name, tags] of [
      ['Alpha one', { team: 'web', url: 'https://a:1' }],
      ['alpha two', { team: 'web' }],
      ['Beta', { team: 'data' }],
      ['Gamma', {}],
    ] as const) {
      await lists.create('/provisioners', fileBody({ name, tags }));
    }
  });

  test.each([
    ['', ['Gamma', 'Beta', 'alpha two', 'Alpha one']],
    ['?name=ALPHA', ['alpha two', 'Alpha one']],
    ['?tag=team:web', ['alpha two', 'Alpha one']],
    ['?tag=team:web&tag=url:https://a:1', ['Alpha one']],
    ['?tag=team:web&name=beta', []],
    ['?tag=team:', []],
  ])('asked for by %j are %j (S24)', async (query, names) => {
    expect((await lists.list(`/provisioners${query}`)).items.map((one) => one.name)).toEqual(names);
  });

  test('are read page by page; a cursor of another list is refused', async () => {
    const first = await lists.list('/provisioners?limit=3');
    const second = await lists.list(`/provisioners?limit=3&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items].map((one) => one.name)).toEqual([
      'Gamma',
      'Beta',
      'alpha two',
      'Alpha one',
    ]);
    expect(second.nextCursor).toBeUndefined();
    const foreign = await lists.at('GET', `/provisioner-groups?cursor=${first.nextCursor}`);
    expect(problem(foreign)).toMatchObject({ status: 400, errors: [{ pointer: 'query/cursor' }] });
    const others = await workspace.at('GET', `/provisioners?cursor=${first.nextCursor}`);
    expect(others.status).toBe(400);
  });

  test.each(['limit=0', 'limit=201', 'tag=x', 'colour=red', 'cursor=%00'])(
    '?%s is refused',
    async (query) => {
      expect(problem(await lists.at('GET', `/provisioners?${query}`))).toMatchObject({
        status: 400,
        code: 'bad-query',
      });
    },
  );

  test('every list takes the same query', async () => {
    const listed = Object.values<Route>(routes).filter(
      ({ method, path, response }) =>
        method === 'GET' &&
        /^\/v1\/workspaces\/\{workspaceId\}\/[a-z-]+$/.test(path) &&
        response instanceof z.ZodObject &&
        'items' in response.shape,
    );
    expect(listed.length).toBeGreaterThan(7);
    for (const { path } of listed) {
      const answer = await lists.at('GET', `${path.replace('/v1/workspaces/{workspaceId}', '')}?limit=1`);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(z.object({ items: z.array(z.unknown()) }).parse(answer.body)).toBeDefined();
    }
  });
});

describe('bodies', () => {
  test.each([
    ['text/plain', 415, 'unsupported-media-type', '{}'],
    ['application/json', 413, 'too-large', `"${'x'.repeat(1_000_001)}"`],
    ['application/json', 400, 'not-json', '{"name":'],
  ])('%s: %i %s', async (type, status, code, raw) => {
    const headers = { 'content-type': type };
    expect(problem(await workspace.at('POST', '/connections', { raw, headers }))).toMatchObject({
      status,
      code,
    });
  });

  test('with {{ where it would reach the template are refused at save', async () => {
    const body = connectionBody({ imageTags: { owner: '{{user `x`}}' } });
    expect(problem(await workspace.at('POST', '/connections', { body }))).toMatchObject({
      status: 422,
      errors: [{ pointer: '/imageTags/owner' }],
    });
  });

  test('that name what is not there are told all of it (S1)', async () => {
    const body = definitionBody();
    const refused = problem(await workspace.at('POST', '/image-definitions', { body }));
    expect(refused.errors?.map((error) => [error.pointer, error.code])).toEqual([
      ['/operatingSystemId', 'missing-reference'],
      ['/builderConfigurationId', 'missing-reference'],
      ['/provisionerRoleId', 'missing-reference'],
    ]);
  });

  test('of a definition whose platform is not the builder’s are refused (S27)', async () => {
    const body = definitionBody(made.parts, { name: unique(), platform: 'azure' });
    expect(problem(await workspace.at('POST', '/image-definitions', { body }))).toMatchObject({
      status: 422,
      errors: [{ pointer: '/platform', code: 'platform-mismatch' }],
    });
  });
});

describe('secrets (S161)', () => {
  test('never come back, on no route and not in the list', async () => {
    const connection = await workspace.at('POST', '/connections', {
      body: connectionBody({ name: unique() }),
    });
    const provisioner = await workspace.at('POST', '/provisioners', { body: shellBody({ name: unique() }) });
    const texts = [connection.text, provisioner.text];
    for (const [path, answer] of [
      ['/connections', connection],
      ['/provisioners', provisioner],
    ] as const) {
      const { id } = entitySchema.parse(answer.body);
      texts.push((await workspace.at('GET', `${path}/${id}`)).text, (await workspace.at('GET', path)).text);
    }
    for (const text of texts) expect(text).not.toMatch(/planted|ciphertext/);
    expect(connection.body).toMatchObject({ settings: { auth: { secretAccessKey: { set: true } } } });
    expect(provisioner.body).toMatchObject({ secretEnvironment: { LICENCE_KEY: { set: true } } });
  });

  test('the external id of a role is made here and each time another', async () => {
    const idOf = async () => {
      const answer = await workspace.at('POST', '/connections', {
        body: roleConnectionBody({ name: unique() }),
      });
      return z.object({ externalId: z.string().min(20) }).parse(answer.body).externalId;
    };
    expect(await idOf()).not.toBe(await idOf());
  });
});

test('a new definition shows that it has no runs, what it is made of and what to expect (S18, S19, S55, S67)', async () => {
  const { id, parts } = await makeDefinition(workspace, {
    provisioners: [shellBody({ name: 'fits' }), fileBody({ name: 'stranger', osFamily: 'windows' })],
    os: { supportState: 'deprecated', images: [{ type: 'aws-ami', amiId: `ami-${'0'.repeat(17)}` }] },
  });
  const { body } = await workspace.at('GET', `/image-definitions/${id}`);
  expect(body).toMatchObject({
    ...parts,
    status: 'NoRuns',
    operatingSystemName: matching(/^Ubuntu/),
    builderConfigurationName: matching(/^Small builder/),
    provisionerRoleName: matching(/^web server/),
  });
  const { warnings } = z.object({ warnings: z.array(z.object({ code: z.string() })) }).parse(body);
  expect(new Set(warnings.map((one) => one.code))).toEqual(
    new Set(['operating-system-deprecated', 'login-missing', 'provisioner-os-mismatch']),
  );
});

test('a role laid flat shows each provisioner with its group and family, disabled ones too (S160)', async () => {
  const [a, b] = [
    await workspace.create('/provisioners', fileBody({ name: unique() })),
    await workspace.create('/provisioners', fileBody({ name: unique(), osFamily: 'windows' })),
  ];
  const items = [{ provisionerId: b }, { provisionerId: a, enabled: false }, { provisionerId: b }];
  const group = () => workspace.create('/provisioner-groups', groupBody([], { name: unique(), items }));
  const groups = [await group(), await group()];
  const role = await workspace.create('/provisioner-roles', roleBody(groups, { name: unique() }));
  const { body } = await workspace.at('GET', `/provisioner-roles/${role}/provisioners`);
  const flat = z
    .object({ items: z.array(z.looseObject({ order: z.int(), provisionerId: z.string() })) })
    .parse(body);
  expect(flat.items.map((one) => [one.order, one.provisionerId, one['osFamily'], one['enabled']])).toEqual(
    [0, 3].flatMap((from) => [
      [from + 1, b, 'windows', true],
      [from + 2, a, 'linux', false],
      [from + 3, b, 'windows', true],
    ]),
  );
  expect(itemsSchema.safeParse(body).success).toBe(false);
});
