import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { inWorkspace, type Route } from '../../../../shared/contracts/routes/route.ts';
import { apiHandler } from '../../../../shared/runtime/api/api-handler.ts';
import type { Principal } from '../../../../shared/runtime/api/authenticate.ts';
import { type CallOf, operation } from '../../../../shared/runtime/api/operation.ts';
import { keys } from '../../../../shared/store/keys.ts';
import { scopeTo } from '../../../../shared/store/workspace-scope.ts';
import { workspaceId } from '../../../support/builders.ts';
import { callApi } from '../../../support/call-api.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const path = `/v1/workspaces/${workspaceId}/things`;
const route = (verb: string) =>
  ({
    method: 'POST',
    path: `${inWorkspace}/${verb}`,
    area: 'access',
    role: 'viewer',
    summary: 'Make a thing',
    body: z.strictObject({ size: z.int() }),
    status: 201,
  }) as const satisfies Route;
const things = route('things');
const secrets = route('secrets');
const plain = route('plain');

const deployment = () => {
  const table = memoryTable();
  const workspace = keys.workspace(scopeTo(workspaceId));
  table.rows.set(`${workspace.pk}\n${workspace.sk}`, { ...workspace, row: 'workspace' });
  let made = 0;
  const thing = (call: CallOf<typeof things>, id: number) => ({
    headers: { location: `${call.path}/${id}` },
    body: { id, size: call.body.size },
  });
  const handler = apiHandler(
    {
      things: operation(things, async (call) => {
        const answer = thing(call, made + 1);
        const key = keys.entity(scopeTo(workspaceId), 'connection', String(made + 1));
        const row = { ...key, row: 'connection' as const };
        await table.write([{ put: row, if: { exists: false } }, ...call.remember(answer)]);
        made += 1;
        return answer;
      }),
      secrets: operation(secrets, async (call) => {
        made += 1;
        const answer = { body: { secret: `planted-${made}` } };
        await table.write(call.remember(answer, { secret: true }));
        return answer;
      }),
      plain: operation(plain, async (call) => {
        made += 1;
        return thing(call, made);
      }),
    },
    {
      table,
      authenticate: async (authorization): Promise<Principal> => ({
        kind: 'api-token',
        id: String(authorization),
        name: 'robot',
        workspaceId,
        role: 'owner',
      }),
    },
  );
  const post = (key: string | undefined, body: unknown, more: { to?: string; as?: string } = {}) =>
    callApi(handler, {
      method: 'POST',
      path: path.replace('things', more.to ?? 'things'),
      headers: {
        authorization: more.as ?? 'robot',
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      },
      body,
    });
  return { post, table, made: () => made };
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-01-02T03:04:05Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each(['things', 'plain'])('a POST with an idempotency key (%s)', (to) => {
  test('gives the first answer again, headers and all, and does nothing', async () => {
    const { post, made } = deployment();
    const first = await post('key-1', { size: 1 }, { to });
    const again = await post('key-1', { size: 1 }, { to });
    expect(first.status).toBe(201);
    expect(again).toEqual(first);
    expect(made()).toBe(1);
  });

  test('does the thing anew with another key, or with none', async () => {
    const { post, made } = deployment();
    await post('key-1', { size: 1 }, { to });
    await post('key-2', { size: 1 }, { to });
    await post(undefined, { size: 1 }, { to });
    expect(made()).toBe(3);
  });

  test('is refused with another body', async () => {
    const { post, made } = deployment();
    await post('key-1', { size: 1 }, { to });
    expect(await post('key-1', { size: 2 }, { to })).toMatchObject({
      status: 422,
      body: { code: 'idempotency-mismatch' },
    });
    expect(made()).toBe(1);
  });

  test('may be used again after 24 hours, although the old row is still there', async () => {
    const { post, made, table } = deployment();
    const first = await post('key-1', { size: 1 }, { to });
    vi.setSystemTime(new Date('2026-01-03T03:04:04Z'));
    expect(await post('key-1', { size: 1 }, { to })).toEqual(first);
    vi.setSystemTime(new Date('2026-01-03T03:04:06Z'));
    expect((await post('key-1', { size: 7 }, { to })).body).toEqual({ id: 2, size: 7 });
    expect(made()).toBe(2);
    expect([...table.rows.keys()].filter((key) => key.includes('IDEMPOTENCY'))).toHaveLength(1);
  });

  test('belongs to who sent it', async () => {
    const { post, made } = deployment();
    await post('key-1', { size: 1 }, { to });
    await post('key-1', { size: 1 }, { to, as: 'another' });
    expect(made()).toBe(2);
  });
});

test('twenty at once with one key make one thing and get one answer', async () => {
  const { post, made } = deployment();
  const answers = await Promise.all(Array.from({ length: 20 }, () => post('key-1', { size: 1 })));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(made()).toBe(1);
});

test('an answer that held a secret is not repeated and not kept', async () => {
  const { post, table } = deployment();
  expect((await post('key-1', { size: 1 }, { to: 'secrets' })).body).toEqual({ secret: 'planted-1' });
  expect(await post('key-1', { size: 1 }, { to: 'secrets' })).toMatchObject({
    status: 409,
    body: { code: 'already-answered' },
  });
  expect(JSON.stringify([...table.rows])).not.toContain('planted');
});

test.each([
  ['empty', ''],
  ['longer than 255 characters', 'k'.repeat(256)],
])('a key that is %s is refused with 400', async (_case, key) => {
  const { post, made } = deployment();
  expect(await post(key, { size: 1 })).toMatchObject({
    status: 400,
    body: { code: 'bad-query', errors: [{ pointer: 'header/idempotency-key' }] },
  });
  expect(made()).toBe(0);
});

test('a refused request leaves its key unused', async () => {
  const { post, made } = deployment();
  expect((await post('key-1', { size: 'x' })).status).toBe(422);
  expect((await post('key-1', { size: 1 })).status).toBe(201);
  expect(made()).toBe(1);
});
