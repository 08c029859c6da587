import { beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { problemSchema } from '../../../../shared/contracts/problem.ts';
import { inWorkspace, type Route } from '../../../../shared/contracts/routes/route.ts';
import { apiHandler } from '../../../../shared/runtime/api/api-handler.ts';
import type { Principal } from '../../../../shared/runtime/api/authenticate.ts';
import { operation } from '../../../../shared/runtime/api/operation.ts';
import { ApiProblem, notFound } from '../../../../shared/runtime/api/problem.ts';
import { logger } from '../../../../shared/runtime/logger.ts';
import { globalKeys, keys } from '../../../../shared/store/keys.ts';
import { TooContended } from '../../../../shared/store/too-contended.ts';
import { scopeTo } from '../../../../shared/store/workspace-scope.ts';
import { ulid, workspaceId } from '../../../support/builders.ts';
import { callApi, callContext, httpEvent } from '../../../support/call-api.ts';
import { containing } from '../../../support/matchers.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const base = { area: 'access', summary: 'A test', role: 'editor', status: 200 } as const;
const change = {
  ...base,
  method: 'POST',
  path: `${inWorkspace}/things/{id}`,
  query: z.strictObject({ size: z.coerce.number().int().optional() }),
  body: z.strictObject({ name: z.string() }),
} as const satisfies Route;
const text = {
  ...base,
  method: 'GET',
  path: '/v1/text',
  role: 'public',
  contentType: 'text/plain',
} as const satisfies Route;
const look = {
  ...base,
  method: 'GET',
  path: `${inWorkspace}/views/{id}`,
  query: z.strictObject({ size: z.coerce.number().int().optional() }),
} as const satisfies Route;
const remove = { ...base, method: 'DELETE', path: `${inWorkspace}/parts/{id}` } as const satisfies Route;
const me = { ...base, method: 'GET', path: '/v1/me', role: 'signed-in' } as const satisfies Route;

const people: Record<string, Principal> = {
  'Bearer editor': { kind: 'user', id: 'user-e', name: 'e' },
  'Bearer viewer': { kind: 'user', id: 'user-v', name: 'v' },
  'Bearer robot': { kind: 'api-token', id: 'tok_1', name: 'r', workspaceId, role: 'editor' },
};

const run = vi.fn<() => Promise<{ body: unknown }>>();
const table = memoryTable();
const handler = apiHandler(
  {
    change: operation(change, run),
    look: operation(look, run),
    remove: operation(remove, run),
    text: operation(text, async () => ({ headers: { 'content-type': 'text/plain' }, body: 'plain' })),
    me: operation(me, async (call) => ({ body: call.principal })),
  },
  {
    table,
    authenticate: async (authorization = '') => {
      const principal = people[authorization];
      if (principal === undefined) throw new ApiProblem('bad-token', 'Nobody.');
      return principal;
    },
  },
);

beforeEach(async () => {
  run.mockReset().mockResolvedValue({ body: { fine: true } });
  const membership = { row: 'member' as const, workspaceId };
  await table.write([
    { put: { ...keys.workspace(scopeTo(workspaceId)), row: 'workspace' } },
    { put: { ...globalKeys.membership('user-e', workspaceId), ...membership, role: 'editor' } },
    { put: { ...globalKeys.membership('user-v', workspaceId), ...membership, role: 'viewer' } },
  ]);
});

const good = {
  method: 'POST',
  path: `/v1/workspaces/${workspaceId}/things/1`,
  query: 'size=3',
  headers: { authorization: 'Bearer editor' },
  body: { name: 'x' },
};
const stranger = `/v1/workspaces/ws_${ulid('X')}/things/1`;

test('a good request reaches its operation with everything checked', async () => {
  const answer = await callApi(handler, good);
  expect(answer).toMatchObject({ status: 200, body: { fine: true } });
  expect(run).toHaveBeenCalledWith(
    expect.objectContaining({
      params: { workspaceId, id: '1' },
      query: { size: 3 },
      body: { name: 'x' },
      path: good.path,
      scope: { workspaceId },
      principal: people['Bearer editor'],
    }),
  );
});

describe('checks come in the order of the documentation: what is wrong later is not told earlier', () => {
  const wrong = {
    token: { headers: { authorization: 'Bearer nobody' } },
    workspace: { path: stranger },
    role: { headers: { authorization: 'Bearer viewer' } },
    type: { headers: { authorization: 'Bearer editor', 'content-type': 'text/plain' } },
    size: { body: 'x'.repeat(1_000_001) },
    json: { body: '{' },
    query: { query: 'size=big' },
    shape: { body: { nome: 'x' } },
  };
  test.each([
    ['bad-token', 401, { ...wrong.workspace, ...wrong.json, ...wrong.token }],
    ['not-found', 404, { ...wrong.json, ...wrong.query, ...wrong.role, ...wrong.workspace }],
    ['role-too-small', 403, { ...wrong.json, ...wrong.query, ...wrong.role }],
    ['unsupported-media-type', 415, { ...wrong.size, ...wrong.query, ...wrong.type }],
    ['too-large', 413, { ...wrong.query, ...wrong.size }],
    ['not-json', 400, { ...wrong.query, ...wrong.json }],
    ['bad-query', 400, { ...wrong.shape, ...wrong.query }],
    ['invalid-body', 422, wrong.shape],
  ])('%s %i', async (code, status, fields) => {
    const answer = await callApi(handler, { ...good, ...fields });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(problemSchema.parse(answer.body)).toMatchObject({ code, status, instance: 'request-1' });
    expect(run).not.toHaveBeenCalled();
  });
});

test('a delete with a parameter that it does not know deletes nothing; a look with one is answered', async () => {
  const asked = {
    ...good,
    method: 'DELETE',
    path: good.path.replace('things', 'parts'),
    query: 'dryRun=true',
    body: undefined,
  };
  const answer = await callApi(handler, asked);
  expect(problemSchema.parse(answer.body)).toMatchObject({
    status: 400,
    code: 'bad-query',
    errors: [{ pointer: 'query/dryRun', code: 'unknown-field' }],
  });
  expect(run).not.toHaveBeenCalled();
  expect((await callApi(handler, { ...asked, query: '' })).status).toBe(200);
  expect((await callApi(handler, { method: 'GET', path: '/v1/text', query: 'any=1' })).status).toBe(200);
});

describe('who is asking', () => {
  test('401 says how to sign in', async () => {
    const answer = await callApi(handler, { method: 'GET', path: '/v1/me' });
    expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
  });

  test('a token of one workspace finds no other', async () => {
    const headers = { authorization: 'Bearer robot' };
    expect((await callApi(handler, { ...good, headers })).status).toBe(200);
    expect((await callApi(handler, { ...good, headers, path: stranger })).status).toBe(404);
  });

  test('what is no workspace id is not found, and makes no key', async () => {
    const path = '/v1/workspaces/ws_1%23META/things/1';
    expect((await callApi(handler, { ...good, path })).status).toBe(404);
  });

  test('a public route asks for no token', async () => {
    expect(await callApi(handler, { method: 'GET', path: '/v1/text' })).toMatchObject({
      status: 200,
      body: 'plain',
    });
  });
});

describe('paths and methods that are not there', () => {
  test('404 as a problem', async () => {
    expect(await callApi(handler, { method: 'GET', path: '/v1/nothing' })).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
    });
  });

  test('405 as a problem that names the methods there are, in a header too (RFC 9110)', async () => {
    expect(await callApi(handler, { ...good, method: 'DELETE' })).toMatchObject({
      status: 405,
      headers: { allow: 'POST' },
      body: { code: 'method-not-allowed', detail: containing('POST') },
    });
  });

  test('a default URL may begin with its stage', async () => {
    const event = httpEvent({ method: 'GET', path: '/v2/v1/text' });
    const staged = { ...event, requestContext: { ...event.requestContext, stage: 'v2' } };
    expect(await handler(staged, callContext)).toMatchObject({ statusCode: 200 });
  });
});

describe('what goes wrong inside', () => {
  test('is told as it was meant', async () => {
    run.mockRejectedValue(notFound('thing'));
    expect(await callApi(handler, good)).toMatchObject({
      status: 404,
      body: { detail: 'There is no such thing.' },
    });
  });

  test('is 500 without the text of the error, which is logged', async () => {
    const logged = vi.spyOn(logger, 'error').mockImplementation(() => {});
    run.mockRejectedValue(new Error('planted detail of the inside'));
    const answer = await callApi(handler, good);
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal', instance: 'request-1' } });
    expect(JSON.stringify(answer)).not.toContain('planted');
    expect(logged).toHaveBeenCalledOnce();
    logged.mockRestore();
  });

  test('is 429 with Retry-After when too many changed the same', async () => {
    run.mockRejectedValue(new TooContended(undefined));
    expect(await callApi(handler, good)).toMatchObject({
      status: 429,
      headers: { 'retry-after': '1' },
      body: { code: 'busy' },
    });
  });
});

describe('what only reads', () => {
  const asked = { method: 'GET', path: `/v1/workspaces/${workspaceId}/views/1`, headers: good.headers };
  const viewer = { authorization: 'Bearer viewer' };

  test('begins while the membership is being read, and is answered after it', async () => {
    const order: string[] = [];
    const slow = {
      ...table,
      getAll: async (wanted: Parameters<typeof table.getAll>[0]) => {
        const items = await table.getAll(wanted);
        order.push('membership');
        return items;
      },
    };
    const eager = apiHandler(
      {
        look: operation(look, async () => {
          order.push('read');
          return { body: {} };
        }),
      },
      { table: slow, authenticate: async () => ({ kind: 'user', id: 'user-e', name: 'e' }) },
    );
    expect((await callApi(eager, asked)).status).toBe(200);
    expect(order).toEqual(['read', 'membership']);
  });

  test.each([
    ['who may not', viewer, asked.path, 403],
    ['a stranger', good.headers, stranger.replace('things', 'views'), 404],
    ['who names no workspace', good.headers, '/v1/workspaces/none/views/1', 404],
  ])('is not answered to %s, whatever it found', async (_case, headers, path, status) => {
    run.mockResolvedValue({ body: { secret: 'treasure' } });
    const answer = await callApi(handler, { ...asked, headers, path });
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer)).not.toContain('treasure');
    run.mockRejectedValue(new Error('broken'));
    expect((await callApi(handler, { ...asked, headers, path })).status).toBe(status);
    expect((await callApi(handler, { ...asked, headers, path, query: 'size=big' })).status).toBe(status);
  });

  test('is told by nobody but its own operation that it broke', async () => {
    run.mockRejectedValue(notFound('thing'));
    expect((await callApi(handler, asked)).status).toBe(404);
  });
});
