import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { builderConfiguration } from '../../../../functions/api/definitions/entities/builder-configuration.ts';
import { connection } from '../../../../functions/api/definitions/entities/connection.ts';
import { provisioner } from '../../../../functions/api/definitions/entities/provisioner.ts';
import type { Problem } from '../../../../shared/contracts/problem.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import { changeEntity } from '../../../../shared/runtime/entities/change.ts';
import { createEntity } from '../../../../shared/runtime/entities/create.ts';
import type { EntityInput, EntityModule } from '../../../../shared/runtime/entities/module.ts';
import { readEntity } from '../../../../shared/runtime/entities/read.ts';
import { removeEntity } from '../../../../shared/runtime/entities/remove.ts';
import { auditStore } from '../../../../shared/store/audit-store.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import { builderBody, connectionBody, roleConnectionBody, shellBody } from '../../../support/bodies.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';

let table = memoryTable();
let sealings = 0;
beforeEach(() => {
  table = memoryTable();
  sealings = 0;
});

const secrets = {
  seal: async (place: { field: string }, value: string, updatedAt: string) => {
    sealings += 1;
    return {
      sealed: true as const,
      ciphertext: `cipher ${sealings} of ${value.length}`,
      field: place.field,
      updatedAt,
    };
  },
};
const context = () => ({ table, scope, secrets });
const principal = { kind: 'user' as const, id: 'user-1', name: 'ada' };
const entitySchema = z.looseObject({ id: z.string(), name: z.string(), rev: z.int() });

const create = async <I extends EntityInput>(module: EntityModule<I>, body: unknown) => {
  const call = { body: module.input.parse(body), principal, path: '/v1/things', remember: () => [] };
  return entitySchema.parse((await createEntity(module, context(), call)).body);
};
const change = async <I extends EntityInput>(
  module: EntityModule<I>,
  id: string,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
) => {
  const answer = await changeEntity(module, context(), { params: { id }, body, headers, principal });
  return entitySchema.extend({ etag: z.string().optional() }).parse({
    ...entitySchema.parse(answer.body),
    etag: answer.headers?.['etag'],
  });
};
const remove = (module: Omit<EntityModule, 'input' | 'references'>, id: string, headers = {}) =>
  removeEntity(module, context(), { params: { id }, headers, principal });
const read = async (module: Pick<EntityModule, 'kind' | 'present'>, id: string) =>
  entitySchema.parse((await readEntity(module, context(), id)).body);

const refusal = async (attempt: Promise<unknown>): Promise<Partial<Problem> & { code: string }> => {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof ApiProblem) return { code: error.code, ...error.extras };
    throw error;
  }
  return { code: 'accepted' };
};

/** Rows that a client can see something of: an audit event or the row of an entity. */
const snapshot = () => structuredClone([...table.rows.entries()]);

describe('a change', () => {
  test('alters what it names and nothing else, and counts the revision (S9, S22, S161)', async () => {
    const made = await create(connection, connectionBody());
    const changed = await change(connection, made.id, {
      description: 'new',
      settings: { region: 'eu-north-1' },
    });
    expect(changed).toMatchObject({ rev: 2, etag: '"2"', name: made.name, description: 'new' });
    const settings = z.looseObject({ region: z.string() });
    const before = settings.parse(made['settings']);
    expect(settings.parse(changed['settings'])).toEqual({ ...before, region: 'eu-north-1' });
    expect(changed['createdAt']).toBe(made['createdAt']);
    expect(await read(connection, made.id)).toMatchObject({ rev: 2, description: 'new' });
  });

  test('takes a tag away with null (S23)', async () => {
    const made = await create(provisioner, { ...shellBody(), tags: { a: '1', b: '2' } });
    expect((await change(provisioner, made.id, { tags: { a: null, c: '3' } }))['tags']).toEqual({
      b: '2',
      c: '3',
    });
  });

  test('that says what is there already writes nothing', async () => {
    const made = await create(connection, connectionBody());
    const before = snapshot();
    const { name, settings } = made;
    expect(await change(connection, made.id, {})).toMatchObject({ rev: 1 });
    expect(await change(connection, made.id, { name, settings })).toMatchObject({ rev: 1 });
    expect(snapshot()).toEqual(before);
  });

  test.each<[string, Record<string, unknown>, string[]]>([
    ['a required field taken away', { settings: null }, ['/settings']],
    ['a wrong one inside', { settings: { region: 'nowhere' } }, ['/settings/region']],
    ['what no client writes', { settings: { region: 'eu-west-1', rev: 5 } }, ['/settings/rev']],
    ['another platform without its settings', { platform: 'azure' }, []],
  ])('with %s is refused and alters nothing (S10)', async (_case, patch, pointers) => {
    const made = await create(connection, connectionBody());
    const before = snapshot();
    const refused = await refusal(change(connection, made.id, patch));
    expect(refused.code).toBe('invalid-body');
    expect(refused.errors?.map((error) => error.pointer)).toEqual(expect.arrayContaining(pointers));
    expect(snapshot()).toEqual(before);
  });

  test('is checked by the rules like a create (S10, S27)', async () => {
    const made = await create(connection, connectionBody());
    const builder = await create(builderConfiguration, builderBody(made.id));
    const gone = made.id.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    expect(await refusal(change(builderConfiguration, builder.id, { connectionId: gone }))).toMatchObject({
      code: 'rule-broken',
      errors: [{ pointer: '/connectionId', code: 'missing-reference' }],
    });
    expect(await entityStore(table, scope).users('connection', made.id)).toEqual([builder.id]);
  });

  test('to a name that is taken is refused, to the same in other case it is not', async () => {
    await create(connection, connectionBody({ name: 'One' }));
    const two = await create(connection, connectionBody({ name: 'Two' }));
    expect(await refusal(change(connection, two.id, { name: 'ONE' }))).toMatchObject({
      code: 'name-taken',
      errors: [{ pointer: '/name' }],
    });
    expect(await change(connection, two.id, { name: 'TWO' })).toMatchObject({ name: 'TWO', rev: 2 });
  });

  test.each([
    ['"1"', 'accepted'],
    ['*', 'accepted'],
    ['"7", "1"', 'accepted'],
    ['"2"', 'precondition-failed'],
    ['W/"1"', 'precondition-failed'],
    ['1', 'precondition-failed'],
    ['', 'precondition-failed'],
  ])('that is based on %s: %s', async (tag, expected) => {
    const made = await create(connection, connectionBody());
    const attempt = change(connection, made.id, { description: 'x' }, { 'if-match': tag });
    expect((await refusal(attempt)).code).toBe(expected);
  });

  test('that is overtaken is decided again; based on a revision it is refused with 412', async () => {
    const made = await create(connection, connectionBody());
    const overtakenBy = (tags: Record<string, string>) => {
      table.beforeWrite = async () => {
        table.beforeWrite = () => {};
        await change(connection, made.id, { tags });
      };
    };
    overtakenBy({ other: 'was here' });
    expect(await change(connection, made.id, { description: 'mine' })).toMatchObject({
      rev: 3,
      description: 'mine',
      tags: { other: 'was here' },
    });
    overtakenBy({ other: 'came again' });
    const strict = change(connection, made.id, { description: 'again' }, { 'if-match': '"3"' });
    expect((await refusal(strict)).code).toBe('precondition-failed');
  });

  test('of sixteen with one ETag succeeds once', async () => {
    const made = await create(connection, connectionBody());
    const attempts = Array.from({ length: 16 }, (_, n) =>
      refusal(change(connection, made.id, { description: `${n}` }, { 'if-match': '"1"' })),
    );
    const codes = (await Promise.all(attempts)).map(({ code }) => code);
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
    expect(codes.filter((code) => code === 'precondition-failed')).toHaveLength(15);
  });

  test('of what is not there is 404', async () => {
    expect((await refusal(change(connection, 'con_none', {}))).code).toBe('not-found');
    expect((await refusal(remove(connection, 'con_none'))).code).toBe('not-found');
  });
});

describe('a secret in a change (S161)', () => {
  const row = (id: string) => entityStore(table, scope).get('connection', id);
  const withKey = connectionBody({
    settings: {
      region: 'eu-west-1',
      auth: {
        type: 'access-key',
        accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
        secretAccessKey: { value: 'first secret' },
      },
    },
  });

  test('stays when the change does not name it, or writes back what it read', async () => {
    const made = await create(connection, withKey);
    const before = await row(made.id);
    await change(connection, made.id, { description: 'x' });
    await change(connection, made.id, { settings: made['settings'], name: 'renamed' });
    expect(sealings).toBe(1);
    expect((await row(made.id))?.['settings']).toEqual(before?.['settings']);
  });

  test('is replaced by a new value, which is sealed and never shown', async () => {
    const made = await create(connection, withKey);
    const patch = { settings: { auth: { secretAccessKey: { value: 'second secret' } } } };
    const changed = await change(connection, made.id, patch);
    expect(sealings).toBe(2);
    expect(JSON.stringify(changed)).not.toMatch(/secret"?:? ?"?second|cipher/);
    expect(changed['settings']).toMatchObject({ auth: { secretAccessKey: { set: true } } });
    expect(JSON.stringify(snapshot())).not.toContain('second secret');
  });

  test('is not kept for another server than it was written for', async () => {
    const auth = { type: 'password', username: 'builder', password: { value: 'password of one server' } };
    const settings = { server: 'vcenter.example.com', auth };
    const made = await create(connection, { name: 'site', platform: 'vsphere', settings });
    const moved = { settings: { server: 'elsewhere.example.com' } };
    expect(await refusal(change(connection, made.id, moved))).toMatchObject({
      code: 'rule-broken',
      errors: [{ pointer: '/settings/auth/password', code: 'secret-needed' }],
    });
    const anew = { settings: { ...moved.settings, auth: { password: { value: 'password of the other' } } } };
    expect(await change(connection, made.id, anew)).toMatchObject({ rev: 2 });
  });

  test('cannot be kept where there was none', async () => {
    const made = await create(connection, roleConnectionBody());
    const auth = {
      type: 'access-key',
      roleArn: null,
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: { set: true },
    };
    expect(await refusal(change(connection, made.id, { settings: { auth } }))).toMatchObject({
      code: 'rule-broken',
      errors: [{ pointer: '/settings/auth/secretAccessKey', code: 'no-secret' }],
    });
  });
});

describe('a delete', () => {
  test('is refused while something refers to it, and names what does', async () => {
    const made = await create(connection, connectionBody());
    const builders = [];
    for (let n = 0; n < 60; n += 1)
      builders.push(await create(builderConfiguration, { ...builderBody(made.id), name: `builder ${n}` }));
    const refused = await refusal(remove(connection, made.id));
    expect(refused).toMatchObject({ code: 'in-use', usedByCount: 60 });
    expect(refused.usedBy).toHaveLength(50);
    expect(refused.usedBy?.[0]).toEqual({
      kind: 'builder-configuration',
      id: builders[0]?.id,
      name: 'builder 0',
    });
    for (const { id } of builders) await remove(builderConfiguration, id);
    expect(await remove(connection, made.id)).toEqual({});
    expect((await refusal(read(connection, made.id))).code).toBe('not-found');
  });

  test('frees the name, and is held to its If-Match (S14)', async () => {
    const made = await create(connection, connectionBody());
    expect((await refusal(remove(connection, made.id, { 'if-match': '"9"' }))).code).toBe(
      'precondition-failed',
    );
    await remove(connection, made.id, { 'if-match': '"1"' });
    await create(connection, connectionBody());
  });

  test('that is overtaken by a new reference is refused with it', async () => {
    const made = await create(connection, connectionBody());
    table.beforeWrite = async () => {
      table.beforeWrite = () => {};
      await create(builderConfiguration, builderBody(made.id));
    };
    expect(await refusal(remove(connection, made.id))).toMatchObject({ code: 'in-use', usedByCount: 1 });
  });
});

test('every create, change and delete is told with who did it, and never a secret', async () => {
  const made = await create(connection, connectionBody());
  await change(connection, made.id, { description: 'new' });
  await remove(connection, made.id);
  const events = await auditStore(table, scope).list({ before: undefined, limit: 10 });
  const entity = { kind: 'connection', id: made.id, name: made.name };
  const actor = { kind: 'user', id: 'user-1', name: 'ada' };
  expect(events).toMatchObject([
    { action: 'delete', entity, actor, before: { description: 'new' } },
    {
      action: 'change',
      entity,
      actor,
      before: { description: 'made by a test' },
      after: { description: 'new' },
    },
    { action: 'create', entity, actor, after: { name: made.name, platform: 'aws' } },
  ]);
  expect(JSON.stringify(events)).not.toMatch(/cipher|"sealed"|"pk"/);
});
