import { JwtVerifier } from 'aws-jwt-verify';
import { JwtBaseError } from 'aws-jwt-verify/error';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import type { Role } from '../../contracts/entities/workspace.ts';
import type { Route } from '../../contracts/routes/route.ts';
import { may } from '../../domain/access/may.ts';
import { sha256 } from '../../domain/sha256.ts';
import { type ApiTokenStore, apiTokenStore } from '../../store/api-token-store.ts';
import type { Table } from '../../store/table.ts';
import { TooContended } from '../../store/too-contended.ts';
import { WriteRefused } from '../../store/write-refused.ts';
import type { workspaceStore } from '../../store/workspace-store.ts';
import { now } from '../ids.ts';
import { ApiProblem, notFound } from './problem.ts';

/** Who is asking: a person (by a Cognito access token) or a program (by an API token of one workspace). */
export type Principal =
  | { kind: 'user'; id: string; name: string }
  | { kind: 'api-token'; id: string; name: string; workspaceId: string; role: Role };

export type Authenticate = (authorization: string | undefined) => Promise<Principal>;

type Settings = { TOKEN_ISSUER: string; JWKS_URI: string; TOKEN_CLIENT_ID: string };

/** `lastUsedAt` of a token is written at most this often. */
const TOUCH_SECONDS = 60;

/**
 * How long each try for the keys of people's tokens may take, in milliseconds. A new process asks for them once, at its
 * busiest moment; together well below the 25 s of a function.
 */
const KEY_WAITS_MS = [5000, 10_000];

/** The one place that turns a bearer token into a principal. Throws 401. */
export const authenticator = (
  settings: Settings,
  table: Table,
  keyWaitsMs: readonly number[] = KEY_WAITS_MS,
): Authenticate => {
  const people = peopleVerifier(settings, keyWaitsMs);
  return async (authorization) => {
    const token = /^Bearer ([\w.~+/=-]+)$/i.exec(authorization ?? '')?.[1];
    if (authorization === undefined || authorization === '') {
      throw new ApiProblem('no-token', 'Send Authorization: Bearer <token>.');
    }
    if (token === undefined) throw badToken();
    return token.startsWith('gsm_') ? program(token, apiTokenStore(table)) : person(token, people);
  };
};

/** The library's own fetcher speaks https only; the key set's address is a setting and may be on loopback. */
const jwksCache = (waitsMs: readonly number[]) =>
  new SimpleJwksCache({ fetcher: { fetch: (uri: string) => fetchKeys(uri, waitsMs) } });

/** Asks again when no answer came. Throws the error of the last try. */
const fetchKeys = async (uri: string, [wait = 0, ...later]: readonly number[]): Promise<ArrayBuffer> => {
  try {
    const answer = await fetch(uri, { signal: AbortSignal.timeout(wait) });
    if (!answer.ok) throw new Error(`the keys of people's tokens cannot be had: HTTP ${answer.status}`);
    return await answer.arrayBuffer();
  } catch (error) {
    if (later.length === 0) throw error;
    return fetchKeys(uri, later);
  }
};

const peopleVerifier = (settings: Settings, keyWaitsMs: readonly number[]) =>
  JwtVerifier.create(
    {
      issuer: settings.TOKEN_ISSUER,
      audience: null,
      jwksUri: settings.JWKS_URI,
      customJwtCheck: ({ payload }) => {
        if (payload['token_use'] !== 'access' || payload['client_id'] !== settings.TOKEN_CLIENT_ID) {
          throw badToken();
        }
      },
    },
    { jwksCache: jwksCache(keyWaitsMs) },
  );

const badToken = (): ApiProblem =>
  new ApiProblem('bad-token', 'The token is unknown, expired or not well-formed.');

type Verifier = { verify: (token: string) => Promise<{ sub?: unknown; username?: unknown }> };

const person = async (token: string, people: Verifier): Promise<Principal> => {
  try {
    const claims = await people.verify(token);
    return { kind: 'user', id: String(claims.sub), name: String(claims.username ?? claims.sub) };
  } catch (error) {
    // Anything else, such as keys that cannot be had, is our own trouble and no reason to sign in again.
    throw error instanceof JwtBaseError ? badToken() : error;
  }
};

const program = async (token: string, tokens: ApiTokenStore): Promise<Principal> => {
  const digest = sha256(token);
  const row = await tokens.bySha256(digest);
  const time = now();
  if (row === undefined || row.expiresAt <= time) throw badToken();
  const age = row.lastUsedAt === undefined ? Infinity : Date.parse(time) - Date.parse(row.lastUsedAt);
  if (age > TOUCH_SECONDS * 1000) await noteUse(tokens, row, digest, time);
  return { kind: 'api-token', id: row.id, name: row.name, workspaceId: row.workspaceId, role: row.role };
};

/** Another request may note the use at this very moment, or the token may be revoked: neither spoils this request. */
const noteUse = async (tokens: ApiTokenStore, ...use: Parameters<ApiTokenStore['touch']>): Promise<void> => {
  try {
    await tokens.touch(...use);
  } catch (error) {
    if (!(error instanceof WriteRefused || error instanceof TooContended)) throw error;
  }
};

/** The role of a principal in a workspace; undefined for a stranger. */
export const roleIn = async (
  principal: Principal,
  workspaceId: string,
  workspaces: ReturnType<typeof workspaceStore>,
): Promise<Role | undefined> => {
  if (principal.kind === 'user') return workspaces.roleOf(principal.id, workspaceId);
  // Tokens outlive their workspace until they are removed with it.
  const isOwn = principal.workspaceId === workspaceId && (await workspaces.isThere(workspaceId));
  return isOwn ? principal.role : undefined;
};

type Asked = { route: Route; params: Record<string, string> };

/** Tells the decision of the domain as a problem: 404 to a stranger, 403 to who may not. */
export const demandAccess = (
  principal: Principal,
  role: Role | undefined,
  { route, params }: Asked,
): void => {
  const isSelf = route.orSelf !== undefined && params[route.orSelf] === principal.id;
  const decision = may({ kind: principal.kind, role, isSelf }, route);
  if (decision === 'not-found') throw notFound('workspace');
  if (decision === 'role-too-small') throw new ApiProblem('role-too-small', whyNot(principal, role, route));
};

const whyNot = (principal: Principal, role: Role | undefined, route: Route): string =>
  route.onlyPeople === true && principal.kind !== 'user'
    ? 'Only a person can do this, no API token.'
    : `This needs the role ${route.role}; yours is ${role}.`;
