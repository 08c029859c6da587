import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Role, roles } from '../../shared/contracts/entities/workspace.ts';
import { routes } from '../../shared/contracts/routes/index.ts';
import type { Route } from '../../shared/contracts/routes/route.ts';
import { globalKeys } from '../../shared/store/keys.ts';
import { ulid } from '../support/builders.ts';
import { localStack } from '../support/e2e-client.ts';
import { type Answered, call, makeWorkspace, problem, type TestWorkspace } from './client.ts';
import { openTables } from './inside.ts';
import { makePerson } from './person.ts';

/** Every route of the list, whichever come: who is let in, asked over HTTP. */

const all = Object.entries<Route>(routes);
const closed = all.filter(([, { role }]) => role !== 'public');
const inWorkspace = closed.filter(([, { path }]) => path.includes('{workspaceId}'));

/** How many requests are under way together. */
const TOGETHER = 8;

/** Asks for each thing, a few at a time, and gives the answers in their order. */
const each = async <T, A>(things: T[], ask: (thing: T) => Promise<A>): Promise<A[]> => {
  const answers: A[] = [];
  for (let at = 0; at < things.length; at += TOGETHER)
    answers.push(...(await Promise.all(things.slice(at, at + TOGETHER).map(ask))));
  return answers;
};

/**
 * A request that gets past the decision who may and changes nothing: a body of a wrong type, a revision that never is,
 * an id that nothing has.
 */
const knock = ({ method, path, body }: Route, workspaceId: string, token: string | undefined) => {
  const filled = path.replace('{workspaceId}', workspaceId).replaceAll(/\{\w+\}/g, `run_${ulid('NONE')}`);
  const headers = { 'if-match': '"0"', ...(body === undefined ? {} : { 'content-type': 'text/plain' }) };
  return call(method, filled, { token, headers, ...(body === undefined ? {} : { raw: 'x' }) });
};

/** The word of a refusal, `let in` for whatever else the answer is. */
const toldOf = (answer: Answered): string => {
  if (answer.status < 400) return 'let in';
  const { code, detail } = problem(answer);
  if (code === 'not-found') return detail === 'There is no such workspace.' ? 'no such workspace' : 'let in';
  return ['no-token', 'bad-token', 'role-too-small'].includes(code) ? code : 'let in';
};

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await makeWorkspace();
});

describe('a token that is no good opens no route', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claimsOf = (token: string) =>
    z
      .looseObject({ exp: z.int() })
      .parse(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signed = (changes: object) => {
    const { token } = localStack();
    const text = `${token.split('.')[0]}.${encode({ ...claimsOf(token), ...changes })}`;
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`;
  };
  /** An API token that was good until a second ago, as the table keeps it. */
  const expired = async () => {
    const secret = await workspace.token('owner', 'robot of yesterday');
    const { core } = await openTables();
    const update = globalKeys.apiToken(createHash('sha256').update(secret).digest('hex'));
    const expiresAt = new Date(Date.now() - 1000).toISOString();
    await core.write([{ update, set: { expiresAt }, if: { exists: true } }]);
    return secret;
  };
  const revoked = async () => {
    const body = {
      name: `gone ${randomBytes(4).toString('hex')}`,
      role: 'owner',
      expiresAt: '2090-01-01T00:00:00Z',
    };
    const made = await workspace.at('POST', '/api-tokens', { body });
    const { id, secret } = z.object({ id: z.string(), secret: z.string() }).parse(made.body);
    expect((await workspace.at('DELETE', `/api-tokens/${id}`)).status).toBe(204);
    return secret;
  };

  test.each([
    ['none', () => undefined, 'no-token'],
    ['nonsense', () => 'nonsense', 'bad-token'],
    [
      'a person’s, changed after it was signed',
      () => localStack().token.replace(/.{6}$/, 'AAAAAA'),
      'bad-token',
    ],
    ['a person’s, signed by somebody else', () => signed({}), 'bad-token'],
    ['a person’s that has expired', () => signed({ exp: Math.floor(Date.now() / 1000) - 60 }), 'bad-token'],
    [
      'a person’s without a signature',
      () => `${encode({ alg: 'none' })}.${encode({ sub: 'x' })}.`,
      'bad-token',
    ],
    ['an API token that nobody gave out', () => `gsm_${randomBytes(32).toString('base64url')}`, 'bad-token'],
    ['an API token that has expired', expired, 'bad-token'],
    ['an API token that was revoked', revoked, 'bad-token'],
  ])('%s', { timeout: 120_000 }, async (_case, give, code) => {
    const token = await give();
    const answers = await each(closed, async ([id, route]) => {
      const answer = await knock(route, workspace.id, token);
      return [id, answer.status, toldOf(answer), answer.headers.get('www-authenticate')];
    });
    expect(answers).toEqual(closed.map(([id]) => [id, 401, code, 'Bearer']));
  });
});

describe('a workspace is not there for strangers, on any route (S37)', () => {
  const strangers: [string, () => Promise<string>][] = [
    ['a person who is a member of nothing', async () => (await makePerson()).token],
    ['the owner of another workspace', async () => ownerElsewhere()],
    ['an owner’s API token of another workspace', async () => (await makeWorkspace()).token('owner')],
  ];
  const ownerElsewhere = async () => {
    const { token } = await makePerson();
    expect((await call('POST', '/v1/workspaces', { token, body: { name: 'elsewhere' } })).status).toBe(201);
    return token;
  };

  test.each(strangers)('%s', { timeout: 120_000 }, async (_who, give) => {
    const token = await give();
    const missing = problem(await call('GET', `/v1/workspaces/ws_${ulid('NONE')}`, { token }));
    const answers = await each(inWorkspace, async ([id, route]) => {
      const told = problem(await knock(route, workspace.id, token));
      return [id, { ...told, instance: '' }];
    });
    expect(answers).toEqual(inWorkspace.map(([id]) => [id, { ...missing, instance: '' }]));
  });
});

describe('each role is let in from its own routes on, and to no other', () => {
  const member = async (role: Role) => {
    const person = await makePerson();
    const answer = await workspace.at('PUT', `/members/${person.id}`, { body: { role } });
    expect(answer.status).toBeLessThan(300);
    return person;
  };
  const expected = (role: Role, kind: 'user' | 'api-token') =>
    closed.map(([id, route]) => {
      const needed = roles.findIndex((one) => one === route.role);
      const isShut = roles.indexOf(role) < needed || (route.onlyPeople === true && kind === 'api-token');
      return [id, isShut ? 'role-too-small' : 'let in'];
    });
  const doors = (token: string) =>
    each(closed, async ([id, route]) => [id, toldOf(await knock(route, workspace.id, token))]);

  test.each(roles)('%s, a person', { timeout: 120_000 }, async (role) => {
    expect(await doors((await member(role)).token)).toEqual(expected(role, 'user'));
  });

  test.each(roles)('%s, an API token', { timeout: 120_000 }, async (role) => {
    expect(await doors(await workspace.token(role))).toEqual(expected(role, 'api-token'));
  });

  test('and knocking has changed nothing', async () => {
    expect((await workspace.at('GET', '')).body).toMatchObject({ rev: 1 });
    const events = z.object({ items: z.array(z.object({ entity: z.object({ kind: z.string() }) })) });
    const { items } = events.parse((await workspace.at('GET', '/audit-events?limit=200')).body);
    const touched = new Set(items.map(({ entity }) => entity.kind));
    expect([...touched].filter((kind) => !['api-token', 'member', 'workspace'].includes(kind))).toEqual([]);
  });
});

test('whoever loses a role or the membership loses what it opened (S37)', async () => {
  const person = await makePerson();
  const { token } = person;
  const put = (role: Role) => workspace.at('PUT', `/members/${person.id}`, { body: { role } });
  const open = async () => toldOf(await knock(routes.createConnection, workspace.id, token));
  await put('editor');
  expect(await open()).toBe('let in');
  await put('viewer');
  expect(await open()).toBe('role-too-small');
  expect((await workspace.at('DELETE', `/members/${person.id}`)).status).toBe(204);
  expect(await open()).toBe('no such workspace');
});
