import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createApiToken } from '../../../../functions/api/access/api-tokens.ts';
import { listAuditEvents } from '../../../../functions/api/definitions/audit-events.ts';
import { connection } from '../../../../functions/api/definitions/entities/connection.ts';
import { connector } from '../../../../functions/api/definitions/entities/connector.ts';
import { provisioner } from '../../../../functions/api/definitions/entities/provisioner.ts';
import { createRegistrationCode } from '../../../../functions/api/definitions/registration-codes.ts';
import { listTags } from '../../../../functions/api/definitions/tags.ts';
import type { AuditEvent } from '../../../../shared/contracts/entities/audit-event.ts';
import { auditEventSchema } from '../../../../shared/contracts/entities/audit-event.ts';
import { type TagQuery, tagsInUseSchema } from '../../../../shared/contracts/entities/tag.ts';
import { apiTokenInput } from '../../../../shared/contracts/entities/workspace.ts';
import { overviewRoutes } from '../../../../shared/contracts/routes/overview.ts';
import { sha256 } from '../../../../shared/domain/sha256.ts';
import { changeEntity } from '../../../../shared/runtime/entities/change.ts';
import { createEntity } from '../../../../shared/runtime/entities/create.ts';
import type { EntityInput, EntityModule } from '../../../../shared/runtime/entities/module.ts';
import { removeEntity } from '../../../../shared/runtime/entities/remove.ts';
import { recordAudit } from '../../../../shared/store/audit-store.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { scopeTo } from '../../../../shared/store/workspace-scope.ts';
import { connectionBody, fileBody, shellBody } from '../../../support/bodies.ts';
import { at, ulid } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable, writeInParts } from '../../../support/memory-table.ts';

let table = memoryTable();
beforeEach(() => {
  table = memoryTable();
});
const secrets = {
  seal: async ({ field }: { field: string }, value: string, updatedAt: string) => ({
    sealed: true as const,
    ciphertext: `CIPHER${Buffer.from(value).toString('base64')}`,
    field,
    updatedAt,
  }),
};
const context = () => ({ table, scope, secrets });
const principal = { kind: 'user' as const, id: 'user-1', name: 'ada' };
const idSchema = z.looseObject({ id: z.string() });

const create = async <I extends EntityInput>(module: EntityModule<I>, body: unknown): Promise<string> => {
  const call = { body: module.input.parse(body), principal, path: '/v1/things', remember: () => [] };
  return idSchema.parse((await createEntity(module, context(), call)).body).id;
};
const change = <I extends EntityInput>(module: EntityModule<I>, id: string, body: Record<string, unknown>) =>
  changeEntity(module, context(), { params: { id }, body, headers: {}, principal });
const remove = (module: Omit<EntityModule, 'input' | 'references'>, id: string) =>
  removeEntity(module, context(), { params: { id }, headers: {}, principal });

const tagsOf = async (query: TagQuery = {}, of = scope) =>
  tagsInUseSchema.parse((await listTags(table, { scope: of, query })).body);

describe('tags in use (S24, S25)', () => {
  test('are each key with its values, sorted and distinct, of one kind or of all', async () => {
    await create(provisioner, fileBody({ name: 'a', tags: { team: 'web', os: 'linux' } }));
    await create(provisioner, fileBody({ name: 'b', tags: { team: 'data', site: '' } }));
    await create(provisioner, fileBody({ name: 'c', tags: { team: 'web' } }));
    await create(connector, { name: 'Cellar', tags: { site: 'Ulm', team: 'Ops' } });
    expect(await tagsOf({ kind: 'provisioners' })).toEqual({
      os: ['linux'],
      site: [''],
      team: ['data', 'web'],
    });
    expect(await tagsOf({ kind: 'connectors' })).toEqual({ site: ['Ulm'], team: ['Ops'] });
    expect(await tagsOf()).toEqual({ os: ['linux'], site: ['', 'Ulm'], team: ['Ops', 'data', 'web'] });
    expect(Object.keys(await tagsOf())).toEqual(['os', 'site', 'team']);
    expect(await tagsOf({ kind: 'schedules' })).toEqual({});
    expect(await tagsOf({}, scopeTo(`ws_${ulid('OTHER')}`))).toEqual({});
  });

  test('follow changes and deletes', async () => {
    const id = await create(provisioner, fileBody({ tags: {} }));
    expect(await tagsOf()).toEqual({});
    await change(provisioner, id, { tags: { team: 'web', tier: '1' } });
    await change(provisioner, id, { description: 'no word of tags' });
    expect(await tagsOf()).toEqual({ team: ['web'], tier: ['1'] });
    await change(provisioner, id, { tags: { tier: null, team: 'data' } });
    expect(await tagsOf()).toEqual({ team: ['data'] });
    await change(provisioner, id, { tags: { team: null } });
    expect(await tagsOf()).toEqual({});
    await change(provisioner, id, { tags: { back: 'again' } });
    await remove(provisioner, id);
    expect(await tagsOf()).toEqual({});
    expect([...table.rows.keys()].filter((key) => key.includes('TAGS#'))).toEqual([]);
  });

  test('may be named like what every object has', async () => {
    await create(provisioner, fileBody({ tags: { constructor: 'a', toString: 'b', hasOwnProperty: 'c' } }));
    expect((await listTags(table, { scope, query: {} })).body).toEqual({
      constructor: ['a'],
      hasOwnProperty: ['c'],
      toString: ['b'],
    });
    const tags: unknown = JSON.parse('{"__proto__": "d"}');
    table.pages = async function* () {
      yield [{ sk: 'TAGS#provisioner#1', tags }];
    };
    const { body } = await listTags(table, { scope, query: {} });
    expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
  });

  test('of more entities than one read takes are all told', async () => {
    const rows = Array.from({ length: 2001 }, (_, n) => ({
      put: {
        ...keys.tags(scope, n % 2 === 0 ? 'resource' : 'connection', `con_${ulid(n)}`),
        row: 'tags' as const,
        tags: { number: String(n) },
      },
    }));
    await writeInParts(table, rows);
    expect((await tagsOf())['number']).toHaveLength(2001);
    expect((await tagsOf({ kind: 'resources' }))['number']).toHaveLength(1001);
  });

  test.each([
    ['values that come again and again', () => 'same'.repeat(60)],
    ['distinct values', (n: number, key: number) => `${n} ${key}`.padEnd(240)],
  ])('of too many %s are cut, and the answer says so', async (_case, value) => {
    const rows = Array.from({ length: 3000 }, (_, n) => ({
      put: {
        ...keys.tags(scope, 'connection', `con_${ulid(n)}`),
        row: 'tags' as const,
        tags: Object.fromEntries(Array.from({ length: 30 }, (__, key) => [`key ${key}`, value(n, key)])),
      },
    }));
    await writeInParts(table, rows);
    let pages = 0;
    const { pages: all } = table;
    table.pages = async function* (range) {
      for await (const page of all(range)) {
        pages += 1;
        yield page;
      }
    };
    const answer = await listTags(table, { scope, query: {} });
    expect(answer.headers).toEqual({ 'goldsmith-incomplete': 'true' });
    expect(JSON.stringify(answer.body).length).toBeLessThan(5_000_000);
    expect(pages).toBeLessThan(20);
    expect((await listTags(table, { scope, query: { kind: 'resources' } })).headers).toBeUndefined();
  });

  test.each([
    { kind: 'runs' },
    { kind: 'provisioner' },
    { kind: ['schedules', 'resources'] },
    { colour: 'red' },
  ])('are not asked for by %j', (query) =>
    expect(overviewRoutes.listTags.query.safeParse(query).success).toBe(false),
  );
});

const event = (n: number, fields: Partial<AuditEvent> = {}): AuditEvent => ({
  id: `aud_${ulid(String(n).padStart(6, '0'))}`,
  at: at(n),
  actor: { kind: 'user', id: `user-${n % 2}`, name: 'ada' },
  action: n % 3 === 0 ? 'delete' : 'change',
  entity: { kind: n % 2 === 0 ? 'run' : 'connection', id: `thing-${n % 5}`, name: 'one' },
  ...fields,
});
const pageSchema = z.object({ items: z.array(auditEventSchema), nextCursor: z.string().optional() });
const eventsOf = async (query: Record<string, unknown> = {}) => {
  const call = { scope, path: '/v1/events', query: overviewRoutes.listAuditEvents.query.parse(query) };
  return pageSchema.parse((await listAuditEvents(table, call)).body);
};
const everyPage = async (query: Record<string, unknown>) => {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await eventsOf({ ...query, ...(cursor !== undefined && { cursor }) });
    pages.push(page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return pages;
};

describe('audit events', () => {
  const fill = async (count: number) => {
    const events = Array.from({ length: count }, (_, n) => event(n));
    await writeInParts(
      table,
      events.map((one) => recordAudit(scope, one)),
    );
    return events.toReversed();
  };

  test('come newest first, page by page, without loss or repeat', async () => {
    const all = await fill(250);
    const pages = await everyPage({ limit: 120 });
    expect(pages.map((page) => page.length)).toEqual([120, 120, 10]);
    expect(pages.flat()).toEqual(all.map(({ id }) => id));
    expect(await everyPage({ limit: 125 })).toHaveLength(2);
  });

  test.each([
    { kind: 'run' },
    { entityId: 'thing-3' },
    { actorId: 'user-1' },
    { action: 'delete' },
    { kind: 'connection', action: 'change', actorId: 'user-1', entityId: 'thing-1' },
    { kind: 'nothing' },
  ])('asked for by %j are those that fit, in pages as full as can be', async (query) => {
    const all = await fill(300);
    const wanted = all.filter(
      (one) =>
        (query.kind ?? one.entity.kind) === one.entity.kind &&
        (query.entityId ?? one.entity.id) === one.entity.id &&
        (query.actorId ?? one.actor.id) === one.actor.id &&
        (query.action ?? one.action) === one.action,
    );
    const pages = await everyPage({ ...query, limit: 20 });
    expect(pages.flat()).toEqual(wanted.map(({ id }) => id));
    expect(pages.slice(0, -1).every((page) => page.length === 20)).toBe(true);
  });

  test('that a filter finds rarely cost bounded reads: a page may be empty and lead on', async () => {
    await fill(4100);
    let read = 0;
    const { query } = table;
    table.query = async (range) => {
      const rows = await query(range);
      read += rows.length;
      return rows;
    };
    const first = await eventsOf({ entityId: 'nobody' });
    expect(first.items).toEqual([]);
    expect(first.nextCursor).toBeDefined();
    expect(read).toBeLessThanOrEqual(2100);
    expect(await everyPage({ entityId: 'nobody' })).toEqual([[], [], []]);
  });

  test('that are large end a page early', async () => {
    const script = 'x'.repeat(300_000);
    const events = Array.from({ length: 20 }, (_, n) => event(n, { after: { script } }));
    await writeInParts(
      table,
      events.map((one) => recordAudit(scope, one)),
    );
    const pages = await everyPage({ limit: 200 });
    expect(pages.map((page) => page.length)).toEqual([13, 7]);
  });

  test('have a cursor that belongs to the same filters', async () => {
    await fill(3);
    const { nextCursor } = await eventsOf({ limit: 1 });
    await expect(eventsOf({ limit: 1, action: 'delete', cursor: nextCursor })).rejects.toMatchObject({
      code: 'bad-query',
    });
    expect((await eventsOf({ limit: 200, cursor: nextCursor })).items).toHaveLength(2);
  });
});

/** Values that would be a secret wherever they turn up. */
const marked = fc
  .string({ unit: 'binary-ascii', minLength: 0, maxLength: 40 })
  .map((text) => `SECRET${text.replaceAll(/[^ -~]|[{}]/g, '_')}SECRET`);
const variableName = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/).filter((name) => !name.startsWith('PACKER'));

test('no secret, ciphertext or digest of a token gets into an audit event, whatever is written (S161)', async () => {
  const told = () => JSON.stringify([...table.rows].filter(([key]) => key.includes('\nAUDIT#')));
  const input = fc.record({
    key: marked,
    second: marked,
    variables: fc.dictionary(variableName, marked, { maxKeys: 5 }),
    description: fc.string({ maxLength: 20 }).map((text) => text.replaceAll(/[^a-z]/g, '')),
  });
  await fc.assert(
    fc.asyncProperty(input, async ({ key, second, variables, description }) => {
      table = memoryTable();
      const wrap = (value: string) => ({ value });
      const settings = {
        region: 'eu-west-1',
        auth: { type: 'access-key', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: wrap(key) },
      };
      const one = await create(connection, connectionBody({ description, settings }));
      const secretEnvironment = Object.fromEntries(
        Object.entries(variables).map(([name, value]) => [name, wrap(value)]),
      );
      const two = await create(provisioner, shellBody({ secretEnvironment }));
      await change(connection, one, {
        description: 'new',
        settings: { auth: { secretAccessKey: wrap(second) } },
      });
      await change(provisioner, two, { secretEnvironment: { ADDED: wrap(second) }, name: 'renamed' });
      const [site, expiresAt] = [await create(connector, { name: 'Cellar' }), '2999-01-01T00:00:00Z'];
      const call = { principal, path: '/v1/api-tokens', remember: () => [] };
      const body = apiTokenInput.parse({ name: 'robot', role: 'viewer', expiresAt });
      const token = z
        .object({ secret: z.string() })
        .parse((await createApiToken(context(), { ...call, body })).body);
      const code = z
        .object({ code: z.string() })
        .parse((await createRegistrationCode(context(), { ...call, params: { id: site } })).body);
      await remove(connection, one);
      await remove(provisioner, two);
      await remove(connector, site);
      expect(table.rows.size).toBeGreaterThan(10);
      const text = told();
      for (const one of [
        'SECRET',
        'CIPHER',
        token.secret,
        sha256(token.secret),
        code.code,
        sha256(code.code),
      ])
        expect(text).not.toContain(one);
      for (const one of [key, second, ...Object.values(variables)]) expect(text).not.toContain(sha256(one));
    }),
    { numRuns: 60 },
  );
});
