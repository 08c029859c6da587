import { createHash, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../../../../shared/contracts/entities/workspace.ts';
import { routes } from '../../../../shared/contracts/routes/index.ts';
import type { Route } from '../../../../shared/contracts/routes/route.ts';
import { authenticator, demandAccess, type Principal } from '../../../../shared/runtime/api/authenticate.ts';
import { ApiProblem } from '../../../../shared/runtime/api/problem.ts';
import { admitToken } from '../../../../shared/store/api-token-store.ts';
import { globalKeys, keys } from '../../../../shared/store/keys.ts';
import { WriteRefused } from '../../../../shared/store/write-refused.ts';
import { scopeTo } from '../../../../shared/store/workspace-scope.ts';
import { base, ulid, workspaceId } from '../../../support/builders.ts';
import { memoryTable } from '../../../support/memory-table.ts';

const issuer = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool';
const clientId = 'client-1';
const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (
  claims: object,
  key: KeyObject = own.privateKey,
  header: object = { alg: 'RS256', kid: 'key-1' },
) => {
  const text = `${encode(header)}.${encode({ ...goodClaims, ...claims })}`;
  return `Bearer ${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
};
const seconds = Math.floor(Date.now() / 1000);
const goodClaims = {
  sub: 'person-1',
  username: 'ada',
  iss: issuer,
  client_id: clientId,
  token_use: 'access',
  iat: seconds - 10,
  exp: seconds + 600,
};

/** What becomes of the next requests for the keys; those after them are answered. */
const hitches: ('cut off' | 'never answered')[] = [];
const server = createServer((_request, response) => {
  const hitch = hitches.shift();
  if (hitch === 'cut off') response.destroy();
  if (hitch !== undefined) return;
  const key: JsonWebKey = own.publicKey.export({ format: 'jwk' });
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ keys: [{ ...key, kid: 'key-1', alg: 'RS256', use: 'sig' }] }));
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  port = typeof address === 'object' ? (address?.port ?? 0) : 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const table = memoryTable();
const settings = (jwksPort: number) => ({
  TOKEN_ISSUER: issuer,
  JWKS_URI: `http://127.0.0.1:${jwksPort}/keys`,
  TOKEN_CLIENT_ID: clientId,
});
const codeOf = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
    return 'accepted';
  } catch (error) {
    return error instanceof ApiProblem ? error.code : 'another error';
  }
};

describe('a person', () => {
  test('is known by a Cognito access token', async () => {
    const authenticate = authenticator(settings(port), table);
    expect(await authenticate(jwt({}))).toEqual({ kind: 'user', id: 'person-1', name: 'ada' });
  });

  test.each([
    ['has expired', () => jwt({ exp: seconds - 1 })],
    ['is not valid yet', () => jwt({ nbf: seconds + 600 })],
    ['is of another deployment’s pool', () => jwt({ iss: `${issuer}2` })],
    ['is of another client', () => jwt({ client_id: 'client-2' })],
    ['is an id token', () => jwt({ token_use: 'id' })],
    ['is signed with another key', () => jwt({}, foreign.privateKey)],
    ['names an unknown key', () => jwt({}, foreign.privateKey, { alg: 'RS256', kid: 'key-2' })],
    [
      'claims to need no signature',
      () => `Bearer ${encode({ alg: 'none', kid: 'key-1' })}.${encode(goodClaims)}.`,
    ],
    [
      'was changed after it was signed',
      () => jwt({}).replace(/\.[^.]+\./, `.${encode({ ...goodClaims, sub: 'x' })}.`),
    ],
    ['is no token', () => 'Bearer nonsense'],
    ['comes by another scheme', () => 'Basic dXNlcjpwYXNz'],
    ['is empty', () => 'Bearer '],
  ])('is refused with a token that %s', async (_case, token) => {
    const authenticate = authenticator(settings(port), table);
    expect(await codeOf(authenticate(token()))).toBe('bad-token');
  });

  test.each([undefined, ''])('is asked for a token when there is none (%j)', async (authorization) => {
    expect(await codeOf(authenticator(settings(port), table)(authorization))).toBe('no-token');
  });

  test('is known although the keys cannot be had the first time', async () => {
    hitches.push('cut off');
    const authenticate = authenticator(settings(port), table);
    expect(await codeOf(authenticate(jwt({})))).toBe('accepted');
  });

  test('is not told that the token is bad when the keys cannot be had in time', async () => {
    hitches.push('never answered', 'never answered');
    const authenticate = authenticator(settings(port), table, [20, 20]);
    expect(await codeOf(authenticate(jwt({})))).toBe('another error');
    hitches.length = 0;
  });

  test('is not told that the token is bad when the keys cannot be had', async () => {
    const authenticate = authenticator(settings(1), table);
    expect(await codeOf(authenticate(jwt({})))).toBe('another error');
  });
});

describe('a program', () => {
  const scope = scopeTo(workspaceId);
  const give = async (name: string, expiresAt: string) => {
    const secret = `gsm_${name}`;
    const sha256 = createHash('sha256').update(secret).digest('hex');
    const token = { ...base(`tok_${ulid(name)}`, name), role: 'operator' as const, expiresAt };
    const listed = keys.entity(scope, 'api-token', token.id);
    await table.write([admitToken(scope, token, sha256), { put: { ...listed, row: 'api-token', ...token } }]);
    return { authorization: `Bearer ${secret}`, sha256, listed };
  };
  const later = new Date(Date.now() + 60_000).toISOString();
  const authenticate = authenticator(settings(1), table);

  test('is known by its API token, which notes when it was used', async () => {
    const { authorization, sha256, listed } = await give('A', later);
    expect(await authenticate(authorization)).toMatchObject({
      kind: 'api-token',
      workspaceId,
      role: 'operator',
    });
    expect(await table.get(globalKeys.apiToken(sha256))).toHaveProperty('lastUsedAt');
    expect(await table.get(listed)).toHaveProperty('lastUsedAt');
  });

  test('is refused with an expired or unknown token', async () => {
    const { authorization } = await give('B', new Date(Date.now() - 1).toISOString());
    expect(await codeOf(authenticate(authorization))).toBe('bad-token');
    expect(await codeOf(authenticate('Bearer gsm_unknown'))).toBe('bad-token');
  });

  test('is not refused because two of its requests note the use at the same moment', async () => {
    const { authorization } = await give('C', later);
    table.beforeWrite = () => {
      throw new WriteRefused([]);
    };
    expect(await codeOf(authenticate(authorization))).toBe('accepted');
    table.beforeWrite = () => {};
  });
});

test('who may not is told 403 with the role it takes, a stranger 404', () => {
  const person = { kind: 'user', id: 'person-1', name: 'ada' } as const;
  const program = { kind: 'api-token', id: 'tok', name: 'robot', workspaceId, role: 'owner' } as const;
  const told = (
    asker: Principal,
    role: Role | undefined,
    route: Route,
    params: Record<string, string> = {},
  ) => {
    try {
      demandAccess(asker, role, { route, params });
      return 'allowed';
    } catch (error) {
      return error instanceof ApiProblem ? `${error.code}: ${error.message}` : 'another error';
    }
  };
  expect(told(person, 'viewer', routes.createConnection)).toBe(
    'role-too-small: This needs the role editor; yours is viewer.',
  );
  expect(told(person, 'editor', routes.createConnection)).toBe('allowed');
  expect(told(person, undefined, routes.createConnection)).toBe('not-found: There is no such workspace.');
  expect(told(program, undefined, routes.createWorkspace)).toBe(
    'role-too-small: Only a person can do this, no API token.',
  );
  expect(told(person, 'viewer', routes.deleteMember, { userId: 'person-1' })).toBe('allowed');
  expect(told(person, undefined, routes.deleteMember, { userId: 'person-1' })).toMatch('not-found');
  expect(told(person, 'editor', routes.deleteMember, { userId: 'person-2' })).toMatch('role-too-small');
  expect(told({ ...program, id: 'person-1' }, 'viewer', routes.deleteMember, { userId: 'person-1' })).toMatch(
    'role-too-small',
  );
});
