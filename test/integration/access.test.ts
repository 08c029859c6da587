import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { roles } from '../../shared/contracts/entities/workspace.ts';
import { errorCatalogueSchema } from '../../shared/contracts/error-catalogue.ts';
import { ulid } from '../support/builders.ts';
import { localStack } from '../support/e2e-client.ts';
import { anyText } from '../support/matchers.ts';
import { call, makeWorkspace, problem, type TestWorkspace } from './client.ts';
import { makePerson } from './person.ts';

let workspace: TestWorkspace;
let tokens: Map<string, string>;
beforeAll(async () => {
  workspace = await makeWorkspace();
  tokens = new Map();
  for (const role of roles) tokens.set(role, await workspace.token(role));
});

describe('a token', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  /** As a pool of another deployment signs it. */
  const foreign = () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const [header = '', payload = ''] = localStack().token.split('.');
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const text = `${header}.${encode(z.looseObject({ sub: z.string() }).parse(claims))}`;
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`;
  };

  test.each([
    ['that is nonsense', () => 'nonsense'],
    ['of another deployment', foreign],
    ['that nobody gave out', () => `gsm_${'x'.repeat(43)}`],
    ['that was changed', () => localStack().token.replace(/.{6}$/, 'AAAAAA')],
  ])('%s is refused with 401', async (_case, token) => {
    const answer = await call('GET', '/v1/me', { token: token() });
    expect([answer.status, problem(answer).code]).toEqual([401, 'bad-token']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('tells who it is (GET /v1/me)', async () => {
    expect((await call('GET', '/v1/me')).body).toMatchObject({ kind: 'user' });
    expect((await call('GET', '/v1/me', { token: tokens.get('viewer') })).body).toMatchObject({
      kind: 'api-token',
      name: 'robot viewer',
      workspaces: [{ id: workspace.id, role: 'viewer' }],
    });
  });
});

describe('a workspace (S37)', () => {
  test('is told apart from one that does not exist by nobody who is a stranger', async () => {
    const token = tokens.get('owner');
    const made = await call('GET', `/v1/workspaces/${(await makeWorkspace()).id}`, { token });
    const missing = await call('GET', `/v1/workspaces/ws_${ulid('NONE')}`, { token });
    expect({ ...problem(made), instance: '' }).toEqual({ ...problem(missing), instance: '' });
  });

  test('is created with its owner, read with an ETag, and listed for the owner', async () => {
    const { token } = await makePerson();
    const body = { name: 'Made here', tags: { a: 'b' } };
    const made = await call('POST', '/v1/workspaces', { token, body });
    const { id } = z.object({ id: z.string() }).parse(made.body);
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe(`/v1/workspaces/${id}`);
    const read = await call('GET', `/v1/workspaces/${id}`, { token });
    expect(read.body).toEqual(made.body);
    expect(read.headers.get('etag')).toBe('"1"');
    const listed = z.object({ items: z.array(z.looseObject({ id: z.string() })) });
    const found = listed.parse((await call('GET', '/v1/workspaces?name=made%20h&limit=1', { token })).body);
    expect(found.items).toEqual([made.body]);
  });

  test('is not made by a program', async () => {
    const answer = await call('POST', '/v1/workspaces', { body: { name: 'x' }, token: tokens.get('owner') });
    expect(answer.status).toBe(403);
  });
});

describe('API tokens', () => {
  test('are shown once and never again', async () => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const body = { name: 'once', role: 'viewer', expiresAt };
    const headers = { 'idempotency-key': 'token-1' };
    const made = await workspace.at('POST', '/api-tokens', { body, headers });
    const { secret, id } = z.object({ secret: z.string(), id: z.string() }).parse(made.body);
    expect([made.status, made.headers.get('location')]).toEqual([201, `${workspace.base}/api-tokens/${id}`]);
    const digest = createHash('sha256').update(secret).digest('hex');
    const listed = await workspace.at('GET', '/api-tokens?name=ONC');
    expect(listed.body).toMatchObject({ items: [{ id, name: 'once', role: 'viewer', expiresAt }] });
    expect(listed.text).not.toContain(secret);
    expect(listed.text).not.toContain(digest);
    const again = await workspace.at('POST', '/api-tokens', { body, headers });
    expect([again.status, problem(again).code]).toEqual([409, 'already-answered']);
    expect(again.text).not.toContain(secret);
  });

  test('that would have expired already are refused', async () => {
    const body = { name: 'late', role: 'viewer', expiresAt: '2020-01-01T00:00:00.000Z' };
    const answer = await workspace.at('POST', '/api-tokens', { body });
    expect(problem(answer)).toMatchObject({ status: 422, errors: [{ pointer: '/expiresAt' }] });
  });

  test('expire', async () => {
    const soon = new Date(Date.now() + 1500).toISOString();
    const body = { name: 'short', role: 'viewer', expiresAt: soon };
    const { secret } = z
      .object({ secret: z.string() })
      .parse((await workspace.at('POST', '/api-tokens', { body })).body);
    expect((await call('GET', '/v1/me', { token: secret })).status).toBe(200);
    await expect
      .poll(async () => (await call('GET', '/v1/me', { token: secret })).status, { timeout: 5000 })
      .toBe(401);
  });

  test('may be used by many requests at once from the first moment', async () => {
    const token = await workspace.token('viewer', 'robot in a hurry');
    const answers = await Promise.all(Array.from({ length: 10 }, () => workspace.at('GET', '', { token })));
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
  });
});

describe('what is public', () => {
  test('health', async () => {
    const answer = await call('GET', '/v1/health', { token: undefined });
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok', version: anyText() }]);
  });

  test('the OpenAPI document is that of the documentation', async () => {
    const answer = await call('GET', '/v1/openapi.json', { token: undefined });
    const file = readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8');
    expect(answer.body).toEqual(JSON.parse(file));
  });

  test('the catalogue of errors has a remedy for each (S148, S156)', async () => {
    const answer = await call('GET', '/v1/error-catalogue', { token: undefined });
    const { items } = errorCatalogueSchema.parse(answer.body);
    expect(items.length).toBeGreaterThan(10);
    expect(new Set(items.map((one) => one.id)).size).toBe(items.length);
    expect(items.filter((one) => one.remedy.length < 10)).toEqual([]);
    const categories = new Set(items.map((one) => one.category));
    for (const area of ['connection', 'provisioner', 'builder-configuration'] as const) {
      expect(categories).toContain(area);
    }
  });
});

describe('what is not there', () => {
  test.each(['/', '/v1', '/v1/nothing', '/v2/health', '/v1/workspaces/x/y/z'])('%s: 404', async (path) => {
    const answer = await call('GET', path);
    expect([answer.status, problem(answer).code]).toEqual([404, 'not-found']);
  });

  test.each([
    ['DELETE', '/v1/health', 'GET, HEAD'],
    ['PUT', '/v1/me', 'GET, HEAD'],
    ['PATCH', '/v1/workspaces', 'POST, GET, HEAD'],
  ])('%s %s: 405 with what there is', async (method, path, allowed) => {
    const answer = await call(method, path);
    expect([answer.status, problem(answer).code, answer.headers.get('allow')]).toEqual([
      405,
      'method-not-allowed',
      allowed,
    ]);
  });
});
