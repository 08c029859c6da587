import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { builderConfiguration } from '../../../../functions/api/definitions/entities/builder-configuration.ts';
import { connection } from '../../../../functions/api/definitions/entities/connection.ts';
import { operatingSystem } from '../../../../functions/api/definitions/entities/operating-system.ts';
import { provisioner } from '../../../../functions/api/definitions/entities/provisioner.ts';
import { builderConfigurationInput } from '../../../../shared/contracts/entities/builder-configuration.ts';
import { connectionInput } from '../../../../shared/contracts/entities/connection.ts';
import { operatingSystemInput } from '../../../../shared/contracts/entities/operating-system.ts';
import { provisionerInput } from '../../../../shared/contracts/entities/provisioner.ts';
import type { Problem } from '../../../../shared/contracts/problem.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import { createEntity } from '../../../../shared/runtime/entities/create.ts';
import { listEntities } from '../../../../shared/runtime/entities/list.ts';
import { readEntity } from '../../../../shared/runtime/entities/read.ts';
import { hideSecrets } from '../../../../shared/runtime/entities/secrets.ts';
import { keys } from '../../../../shared/store/keys.ts';
import {
  builderBody,
  connectionBody,
  fileBody,
  operatingSystemBody,
  shellBody,
} from '../../../support/bodies.ts';
import type { Write } from '../../../../shared/store/write.ts';
import { at, ulid } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable, writeInParts } from '../../../support/memory-table.ts';

const workspace = () => {
  const table = memoryTable();
  const secrets = {
    seal: async (place: { field: string }, value: string, now: string) => ({
      sealed: true as const,
      ciphertext: `sealed ${value.length} bytes`,
      field: place.field,
      updatedAt: now,
    }),
    open: () => Promise.reject(new Error('API functions may not open secrets')),
  };
  const context = { table, scope, secrets };
  const call = {
    principal: { kind: 'user' as const, id: 'user-1', name: 'ada' },
    path: '/v1/things',
    remember: () => [],
  };
  return {
    table,
    createConnection: (body: unknown) =>
      createEntity(connection, context, { ...call, body: connectionInput.parse(body) }),
    createProvisioner: (body: unknown) =>
      createEntity(provisioner, context, { ...call, body: provisionerInput.parse(body) }),
    createBuilder: (body: unknown) =>
      createEntity(builderConfiguration, context, { ...call, body: builderConfigurationInput.parse(body) }),
    createOs: (body: unknown) =>
      createEntity(operatingSystem, context, { ...call, body: operatingSystemInput.parse(body) }),
    readProvisioner: (id: string) => readEntity(provisioner, context, id),
    listProvisioners: (query: object = {}) =>
      listEntities(provisioner, context, { path: call.path, query: { limit: 50, ...query } }),
  };
};

const namedSchema = z.object({ name: z.string() });
const nameOf = (item: unknown): string => namedSchema.parse(item).name;

const refusal = async (attempt: Promise<unknown>): Promise<Partial<Problem> & { code: string }> => {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof ApiProblem) return { code: error.code, ...error.extras };
    throw error;
  }
  return { code: 'accepted' };
};

describe('secrets (S161)', () => {
  test('go into the table sealed and never come back', async () => {
    const { table, createConnection, createProvisioner, readProvisioner, listProvisioners } = workspace();
    const answers = [
      await createConnection(connectionBody()),
      await createProvisioner(shellBody()),
      await listProvisioners(),
    ];
    const [, row] = [...table.rows].find(([key]) => key.includes('ENTITY#provisioner#')) ?? [];
    answers.push(await readProvisioner(String(row?.['id'])));
    expect(JSON.stringify(answers)).not.toMatch(/planted|sealed|ciphertext/);
    expect(JSON.stringify([...table.rows])).not.toContain('planted');
    expect(JSON.stringify([...table.rows])).toContain('sealed');
    expect(answers[3]?.body).toMatchObject({ secretEnvironment: { LICENCE_KEY: { set: true } } });
  });

  test('cannot be kept where there is none', async () => {
    const { createProvisioner, table } = workspace();
    const body = shellBody({ secretEnvironment: { KEY: { set: true } } });
    expect(await refusal(createProvisioner(body))).toMatchObject({
      code: 'rule-broken',
      errors: [{ pointer: '/secretEnvironment/KEY', code: 'no-secret' }],
    });
    expect(table.rows.size).toBe(0);
  });

  test('are hidden wherever they stand, and nothing else is', () => {
    const sealed = { sealed: true, ciphertext: 'c', field: '/f', updatedAt: at(0) };
    const shown = { set: true, updatedAt: at(0) };
    expect(hideSecrets({ a: [sealed, { b: sealed }], c: 'c', d: null, e: { ciphertext: 'mine' } })).toEqual({
      a: [shown, { b: shown }],
      c: 'c',
      d: null,
      e: { ciphertext: 'mine' },
    });
  });
});

describe('what an entity refers to', () => {
  test('must be there; every missing one is named (S1, S2)', async () => {
    const { createBuilder, createOs } = workspace();
    const image = operatingSystemBody().images[0];
    const images = [
      { ...image, connectionId: `con_${ulid('1')}` },
      image,
      { ...image, connectionId: `con_${ulid('2')}` },
    ];
    expect(await refusal(createBuilder(builderBody(`con_${ulid('X')}`)))).toMatchObject({
      code: 'rule-broken',
      errors: [{ pointer: '/connectionId', code: 'missing-reference' }],
    });
    const pointers = (await refusal(createOs(operatingSystemBody({ images })))).errors?.map(
      (one) => one.pointer,
    );
    expect(pointers).toEqual(['/images/0/connectionId', '/images/2/connectionId']);
  });

  test('and is deleted while it is created refuses it all the same', async () => {
    const { createConnection, createBuilder, table } = workspace();
    const { body } = await createConnection(connectionBody());
    const id = String(Object.entries(body ?? {}).find(([name]) => name === 'id')?.[1]);
    table.beforeWrite = () => {
      const { pk, sk } = keys.users(scope, 'connection', id);
      table.rows.delete(`${pk}\n${sk}`);
    };
    expect(await refusal(createBuilder(builderBody(id)))).toMatchObject({
      code: 'rule-broken',
      errors: [{ pointer: '/connectionId', code: 'missing-reference' }],
    });
  });
});

describe('bounds of what is stored', () => {
  test('an entity that no row can hold is refused, and nothing is stored', async () => {
    const { createProvisioner, table } = workspace();
    expect((await refusal(createProvisioner(fileBody({ content: '€'.repeat(150_000) })))).code).toBe(
      'too-large',
    );
    const environment = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`V${n}`, 'x'.repeat(8000)]));
    expect((await refusal(createProvisioner(shellBody({ environment })))).code).toBe('too-large');
    expect(table.rows.size).toBe(0);
    expect((await refusal(createProvisioner(fileBody({ content: 'x'.repeat(200_000) })))).code).toBe(
      'accepted',
    );
  });

  test('there are at most 1,000 of a kind', async () => {
    const { createProvisioner, table } = workspace();
    const name = (n: number): Write => ({
      put: { ...keys.name(scope, 'provisioner', `p ${n}`), row: 'name' },
    });
    await writeInParts(
      table,
      Array.from({ length: 999 }, (_, n) => name(n)),
    );
    expect((await refusal(createProvisioner(fileBody({ name: 'the last' })))).code).toBe('accepted');
    expect((await refusal(createProvisioner(fileBody({ name: 'one too many' })))).code).toBe('limit-reached');
  });
});

test('a list goes from page to page without loss or repeat while new ones come', async () => {
  const { createProvisioner, listProvisioners } = workspace();
  for (let n = 1; n <= 7; n += 1) await createProvisioner(fileBody({ name: `p${n}` }));
  const seen: unknown[] = [];
  let cursor: unknown;
  do {
    const { body } = await listProvisioners({ limit: 3, ...(cursor === undefined ? {} : { cursor }) });
    const page = Object.fromEntries(Object.entries(body ?? {}));
    seen.push(...(Array.isArray(page['items']) ? page['items'].map(nameOf) : []));
    cursor = page['nextCursor'];
    if (seen.length === 3) await createProvisioner(fileBody({ name: 'late' }));
  } while (cursor !== undefined);
  expect(seen).toEqual(['p7', 'p6', 'p5', 'p4', 'p3', 'p2', 'p1']);
});
