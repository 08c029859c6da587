import { beforeEach, describe, expect, test } from 'vitest';
import { connector } from '../../../../functions/api/definitions/entities/connector.ts';
import { createRegistrationCode } from '../../../../functions/api/definitions/registration-codes.ts';
import {
  connectorInput,
  connectorSchema,
  registrationCodeSchema,
} from '../../../../shared/contracts/entities/connector.ts';
import { connectorRoutes } from '../../../../shared/contracts/routes/connectors.ts';
import { agentStatus } from '../../../../shared/domain/connector/agent-status.ts';
import { sha256 } from '../../../../shared/domain/sha256.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import { createEntity } from '../../../../shared/runtime/entities/create.ts';
import { listEntities } from '../../../../shared/runtime/entities/list.ts';
import { readEntity } from '../../../../shared/runtime/entities/read.ts';
import { removeEntity } from '../../../../shared/runtime/entities/remove.ts';
import { auditStore } from '../../../../shared/store/audit-store.ts';
import { MOST_OPEN_CODES } from '../../../../shared/store/connector-store.ts';
import { globalKeys, keys } from '../../../../shared/store/keys.ts';
import { entityStore } from '../../../../shared/store/entity-store.ts';
import { at, base, ulid } from '../../../support/builders.ts';
import { scope } from '../../../support/engine.ts';
import { memoryTable } from '../../../support/memory-table.ts';

let table = memoryTable();
beforeEach(() => {
  table = memoryTable();
});
const secrets = { seal: () => Promise.reject(new Error('a connector has no secret')) };
const context = () => ({ table, scope, secrets });
const principal = { kind: 'user' as const, id: 'user-1', name: 'ada' };

const make = async (fields: object = {}) => {
  const body = connectorInput.parse({ name: 'Cellar', ...fields });
  const call = { body, principal, path: '/v1/connectors', remember: () => [] };
  return connectorSchema.parse((await createEntity(connector, context(), call)).body);
};
const openCode = async (id: string) =>
  registrationCodeSchema.parse(
    (await createRegistrationCode(context(), { params: { id }, principal, remember: () => [] })).body,
  );
const remove = (id: string) => removeEntity(connector, context(), { params: { id }, headers: {}, principal });
const codeRows = () => [...table.rows.keys()].filter((key) => /REGISTRATION#|CODE#/.test(key));
const refusal = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'accepted',
    (error: unknown) => (error instanceof ApiProblem ? error.code : Promise.reject(error)),
  );

describe('a connector (S30)', () => {
  test('carries out one run at a time unless it says more, and has no agents at first', async () => {
    expect(await make()).toMatchObject({ maxConcurrentRuns: 1, agents: [], rev: 1 });
    expect(await make({ name: 'Attic', maxConcurrentRuns: 100 })).toMatchObject({ maxConcurrentRuns: 100 });
  });

  test.each([
    { maxConcurrentRuns: 0 },
    { maxConcurrentRuns: 101 },
    { maxConcurrentRuns: '5' },
    { agents: [] },
  ])('cannot be created or changed with %j', (fields) => {
    expect(connectorInput.safeParse({ name: 'Cellar', ...fields }).success).toBe(false);
    expect(connectorRoutes.changeConnector.body.safeParse(fields).success).toBe(false);
  });

  test('shows its own agents, with whether they were heard of lately', async () => {
    const [one, other] = [await make(), await make({ name: 'Attic' })];
    const agent = (connectorId: string, end: number, lastSeenAt: string) => {
      const id = `agt_${ulid(end)}`;
      const fields = {
        id,
        connectorId,
        hostname: `esx-${end}`,
        version: '1.0.0',
        platforms: ['vsphere'],
        lastSeenAt,
      };
      return { put: { ...keys.agent(scope, connectorId, id), row: 'agent' as const, ...fields } };
    };
    const now = new Date().toISOString();
    await table.write([agent(one.id, 1, at(0)), agent(one.id, 2, now), agent(other.id, 3, now)]);
    const agents = [
      { hostname: 'esx-1', status: 'offline', lastSeenAt: at(0) },
      { hostname: 'esx-2', status: 'online' },
    ];
    const read = await readEntity(connector, context(), one.id);
    expect(read.body).toMatchObject({ agents });
    expect(JSON.stringify(read.body)).not.toContain('connectorId');
    const listed = await listEntities(connector, context(), { path: '/v1/connectors', query: { limit: 50 } });
    expect(listed.body).toMatchObject({ items: [{ agents: [{ hostname: 'esx-3' }] }, { agents }] });
  });

  test('stays while something refers to it', async () => {
    const { id } = await make();
    const builder = base(`bld_${ulid('B')}`, 'On site');
    await entityStore(table, scope).create('builder-configuration', builder, [{ kind: 'connector', id }], []);
    await expect(remove(id)).rejects.toMatchObject({
      code: 'in-use',
      extras: {
        usedBy: [{ kind: 'builder-configuration', id: builder.id, name: 'On site' }],
        usedByCount: 1,
      },
    });
  });
});

test('an agent is offline after 90 seconds of silence, not before; clocks that differ do no harm', () => {
  expect(agentStatus(at(0), at(90))).toBe('online');
  expect(agentStatus(at(0), at(91))).toBe('offline');
  expect(agentStatus(at(60), at(0))).toBe('online');
});

describe('a registration code', () => {
  test('is 32 random bytes, told once; only its SHA-256 is stored, in a row that expires', async () => {
    const { id: connectorId } = await make();
    const before = Date.now();
    const { id, code, expiresAt } = await openCode(connectorId);
    expect(code).toMatch(/^gsr_[A-Za-z0-9_-]{43}$/);
    expect(Date.parse(expiresAt) - before).toBeGreaterThan(29 * 60_000);
    expect(Date.parse(expiresAt) - before).toBeLessThanOrEqual(30 * 60_000);
    expect(await table.get(globalKeys.registrationCode(sha256(code)))).toMatchObject({
      id,
      connectorId,
      workspaceId: scope.workspaceId,
      place: 1,
      expiresAt: Date.parse(expiresAt) / 1000,
    });
    expect(JSON.stringify([...table.rows])).not.toContain(code);
    expect((await openCode(connectorId)).code).not.toBe(code);
  });

  test('is told of without itself or its SHA-256', async () => {
    const { id: connectorId } = await make();
    const { id, code, expiresAt } = await openCode(connectorId);
    const [event] = await auditStore(table, scope).list({ before: undefined, limit: 1 });
    expect(event).toMatchObject({
      actor: { id: 'user-1' },
      action: 'create',
      entity: { kind: 'registration-code', id, name: 'Cellar' },
      after: { connectorId, expiresAt },
    });
    expect(JSON.stringify(event)).not.toContain(code);
    expect(JSON.stringify(event)).not.toContain(sha256(code));
  });

  test('is kept for an idempotency key without the secret', async () => {
    const { id } = await make();
    const kept: boolean[] = [];
    const remember = (_answer: unknown, { secret }: { secret: boolean }) => {
      kept.push(secret);
      return [];
    };
    await createRegistrationCode(context(), { params: { id }, principal, remember });
    expect(kept).toEqual([true]);
  });

  test('is one of ten that are open at a time, also for sixteen at once; an expired one makes room', async () => {
    const { id } = await make();
    const answers = await Promise.all(Array.from({ length: 16 }, () => refusal(openCode(id))));
    expect(answers.filter((one) => one === 'accepted')).toHaveLength(MOST_OPEN_CODES);
    expect(new Set(answers)).toEqual(new Set(['accepted', 'limit-reached']));
    const key = keys.openCode(scope, id, 4);
    const row = await table.get(key);
    await table.write([{ update: key, set: { expiresAt: 1 } }]);
    expect(await refusal(openCode(id))).toBe('accepted');
    expect((await table.get(key))?.['codeSha256']).not.toBe(row?.['codeSha256']);
    expect(await refusal(openCode(id))).toBe('limit-reached');
  });

  test('of a connector that is not there, or of another workspace, is not made', async () => {
    expect(await refusal(openCode(`cnr_${ulid('NONE')}`))).toBe('not-found');
    expect(table.rows.size).toBe(0);
  });

  test('goes with its connector', async () => {
    const { id } = await make();
    await openCode(id);
    await openCode(id);
    expect(codeRows()).toHaveLength(4);
    await remove(id);
    expect(codeRows()).toEqual([]);
    expect(await refusal(openCode(id))).toBe('not-found');
  });

  test('that is opened while its connector is deleted goes too, or is refused: never one alone', async () => {
    for (let round = 0; round < 50; round += 1) {
      const { id } = await make({ name: `Cellar ${round}` });
      await openCode(id);
      const race = [refusal(openCode(id)), refusal(remove(id)), refusal(openCode(id))];
      const [first, removed, second] = await Promise.all(race);
      expect(removed).toBe('accepted');
      expect(['accepted', 'not-found']).toEqual(expect.arrayContaining([first, second]));
      expect(codeRows()).toEqual([]);
    }
  });
});
