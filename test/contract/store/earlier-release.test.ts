import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../shared/runtime/ids.ts';
import { entityStore } from '../../../shared/store/entity-store.ts';
import type { Item, Table } from '../../../shared/store/table.ts';
import { groupBody, roleBody, roleConnectionBody, shellBody } from '../../support/bodies.ts';
import { base } from '../../support/builders.ts';
import { type DefinitionsApi, openDefinitionsApi } from '../../support/definitions-api.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { type Emulated, startTables } from './tables.ts';

/**
 * Entities as the first release left them: no row of users beside them, no list of references in them, and a row
 * `REF#…` for each reference.
 */

let emulated: Emulated;
let documents: DynamoDBDocumentClient;
beforeAll(async () => {
  emulated = await startTables();
  documents = DynamoDBDocumentClient.from(new DynamoDBClient(emulated.settings));
});
afterAll(async () => {
  documents.destroy();
  await emulated.stop();
});

const memory = memoryTable();
const places = [
  [
    'DynamoDB',
    () => emulated.core,
    async (Item: Item) => {
      await documents.send(new PutCommand({ TableName: 'core', Item }));
    },
  ],
  [
    'in memory',
    () => memory,
    async (item: Item) => {
      memory.rows.set(`${String(item['pk'])}\n${String(item['sk'])}`, structuredClone(item));
    },
  ],
] as const satisfies [string, () => Table, (item: Item) => Promise<void>][];

type Old = { kind: 'provisioner' | 'provisioner-group' | 'connection'; id: string; name: string };

describe.each(places)('what the first release stored (%s)', (_name, open, lay) => {
  /** Lays the rows of an entity as the first release wrote them. */
  const old = async (
    api: DefinitionsApi,
    kind: Old['kind'],
    body: { name: string; held?: object },
    to: Old[] = [],
  ): Promise<Old> => {
    const pk = `WS#${api.workspaceId}`;
    const { name } = body;
    const id = newId(kind);
    await lay({ pk, sk: `NAME#${kind}#${name.toLowerCase()}`, row: 'name', entityId: id });
    const entity = { ...base(id, name), ...body };
    await lay({ pk, sk: `ENTITY#${kind}#${id}`, row: kind, schemaVersion: 1, ...entity });
    for (const target of to)
      await lay({
        pk,
        sk: `REF#${target.kind}#${target.id}#${kind}#${id}`,
        row: 'reference',
        fromKind: kind,
        fromId: id,
        fromName: name,
      });
    return { kind, id, name };
  };
  const step = (api: DefinitionsApi, name: string) =>
    old(api, 'provisioner', shellBody({ name, secretEnvironment: {} }));
  const group = (api: DefinitionsApi, name: string, steps: Old[]) =>
    old(api, 'provisioner-group', { ...groupBody(steps.map(({ id }) => id)), name }, steps);
  const items = (steps: Old[]) => groupBody(steps.map(({ id }) => id)).items;

  test('can be referred to, and is kept from then on', async () => {
    const api = await openDefinitionsApi(open());
    const one = await step(api, 'one');
    const made = await api.create('/provisioner-groups', groupBody([one.id]));
    const refused = await api.ask('DELETE', `/provisioners/${one.id}`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'in-use', usedByCount: 1 } });
    expect((await api.ask('DELETE', `/provisioner-groups/${made.id}`)).status).toBe(204);
    expect((await api.ask('DELETE', `/provisioners/${one.id}`)).status).toBe(204);
  });

  test('is kept by what referred to it then', async () => {
    const api = await openDefinitionsApi(open());
    const one = await step(api, 'one');
    const user = await group(api, 'user', [one]);
    const refused = await api.ask('DELETE', `/provisioners/${one.id}`);
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'in-use', usedBy: [{ kind: 'provisioner-group', id: user.id, name: 'user' }] },
    });
    expect((await api.ask('DELETE', `/provisioner-groups/${user.id}`)).status).toBe(204);
    expect((await api.ask('DELETE', `/provisioners/${one.id}`)).status).toBe(204);
  });

  test('can be changed with its references, and lets go of those that it loses', async () => {
    const api = await openDefinitionsApi(open());
    const [one, two, three] = [await step(api, 'one'), await step(api, 'two'), await step(api, 'three')];
    const user = await group(api, 'user', [one, two]);
    const path = `/provisioner-groups/${user.id}`;
    const renamed = await api.ask('PATCH', path, { body: { description: 'kept' } });
    expect(renamed).toMatchObject({ status: 200, body: { rev: 2, description: 'kept' } });
    expect((await api.ask('DELETE', `/provisioners/${one.id}`)).status).toBe(409);
    const changed = await api.ask('PATCH', path, { body: { items: items([two, three]) } });
    expect(changed).toMatchObject({ status: 200, body: { rev: 3 } });
    const gone = await Promise.all(
      [one, two, three].map(({ id }) => api.ask('DELETE', `/provisioners/${id}`)),
    );
    expect(gone.map(({ status }) => status)).toEqual([204, 409, 409]);
    expect((await api.ask('DELETE', path)).status).toBe(204);
    expect((await api.ask('DELETE', `/provisioners/${two.id}`)).status).toBe(204);
  });

  test('loses a reference in its first change', async () => {
    const api = await openDefinitionsApi(open());
    const [one, two] = [await step(api, 'one'), await step(api, 'two')];
    const user = await group(api, 'user', [one]);
    const body = { items: items([two]) };
    expect((await api.ask('PATCH', `/provisioner-groups/${user.id}`, { body })).status).toBe(200);
    expect((await api.ask('DELETE', `/provisioners/${one.id}`)).status).toBe(204);
    expect((await api.ask('DELETE', `/provisioners/${two.id}`)).status).toBe(409);
  });

  test('is no reason to call what is there missing when a name is taken as well', async () => {
    const api = await openDefinitionsApi(open());
    const one = await step(api, 'one');
    await api.create('/provisioner-groups', groupBody([]));
    const again = await api.ask('POST', '/provisioner-groups', { body: groupBody([one.id]) });
    expect(again).toMatchObject({ status: 409, body: { code: 'name-taken' } });
  });

  test('exchanges thirty references for thirty in one transaction', async () => {
    const api = await openDefinitionsApi(open());
    const { scope } = api;
    const targets: Old[] = [];
    for (let n = 0; n < 60; n += 1)
      targets.push(await old(api, 'connection', roleConnectionBody({ name: `target ${n}` })));
    const references = targets.map(({ id }) => ({ kind: 'connection' as const, id }));
    const user = await old(api, 'connection', { name: 'user', held: references }, targets.slice(0, 30));
    const entities = entityStore(open(), scope);
    const before = { ...base(user.id, 'user'), ...(await entities.get('connection', user.id)) };
    const after = { ...before, name: 'renamed', rev: 2 };
    await entities.change('connection', { before, after, references: references.slice(30), more: [] });
    const users = await Promise.all(targets.map(({ id }) => entities.users('connection', id)));
    expect(users).toEqual(targets.map((_, n) => (n < 30 ? [] : [user.id])));
  });

  test('goes or is referred to when sixteen do both at once, fifty times', { timeout: 180_000 }, async () => {
    const api = await openDefinitionsApi(open());
    for (let round = 0; round < 50; round += 1) {
      const one = await step(api, `step ${round}`);
      const kept = round % 5 === 0 ? [await group(api, `kept ${round}`, [one])] : [];
      const answers = await Promise.all(
        Array.from({ length: 16 }, (_, n) =>
          n % 2 === 0
            ? api.ask('DELETE', `/provisioners/${one.id}`)
            : api.ask('POST', '/provisioner-groups', {
                body: { ...groupBody([one.id]), name: `user ${round} ${n}` },
              }),
        ),
      );
      const count = (status: number) => answers.filter((answer) => answer.status === status).length;
      const made = count(201);
      expect([count(204), count(404), count(422)]).toEqual(made + kept.length > 0 ? [0, 0, 0] : [1, 7, 8]);
      expect(count(409)).toBe(made + kept.length > 0 ? 8 : 0);
    }
  });

  test('has its first revision when it has none, as API tokens: one of two changes is refused', async () => {
    const api = await openDefinitionsApi(open());
    const entities = entityStore(open(), api.scope);
    const id = newId('api-token');
    const { rev: _, ...token } = base(id, 'robot');
    await lay({ pk: `WS#${api.workspaceId}`, sk: `ENTITY#api-token#${id}`, row: 'api-token', ...token });
    const before = { ...token, rev: 1 };
    const change = () =>
      entities.change('api-token', { before, after: { ...before, rev: 2 }, references: [], more: [] });
    await change();
    await expect(change()).rejects.toMatchObject({ overtaken: true });
    await expect(entities.remove('api-token', before, [])).rejects.toMatchObject({ overtaken: true });
    await entities.remove('api-token', { ...before, rev: 2 }, []);
    expect(await entities.get('api-token', id)).toBeUndefined();
  });

  test('is deleted without a trace of its own', async () => {
    const api = await openDefinitionsApi(open());
    const one = await step(api, 'one');
    expect((await api.ask('DELETE', `/provisioners/${one.id}`)).status).toBe(204);
    const rows = await open().query({ pk: `WS#${api.workspaceId}`, prefix: '' });
    expect(rows.filter(({ sk }) => String(sk).includes(one.id))).toEqual([]);
    const role = await api.ask('POST', '/provisioner-roles', { body: roleBody([]) });
    expect(role.status).toBe(201);
  });
});
