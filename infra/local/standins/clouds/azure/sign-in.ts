import type { CloudAnswer, CloudRequest } from '../cloud.ts';
import type { Account } from './account.ts';

/** Seconds that a token lives: an hour, as with Microsoft. */
const LIFE_SECONDS = 3600;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Packer reads `oid` from the token, which nobody here signs. */
const tokenOf = ({ tenantId, clientId }: Account): string => {
  const now = Math.floor(Date.now() / 1000);
  const claims = { oid: clientId, tid: tenantId, appid: clientId, iat: now, exp: now + LIFE_SECONDS };
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`;
};

/** Whether a request carries a token that was given out here. */
export const isSignedIn = (authorization: string | string[] | undefined, account: Account): boolean => {
  const token = typeof authorization === 'string' ? /^Bearer (.+)$/i.exec(authorization)?.[1] : undefined;
  const claims = Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString('utf8');
  return claims.includes(`"appid":"${account.clientId}"`);
};

/** Codes and words of "Microsoft Entra authentication and authorization error codes". */
const refusal = (code: string, message: string, status = 401): CloudAnswer => ({
  status,
  body: {
    error: code === '700016' ? 'unauthorized_client' : 'invalid_client',
    error_description: `AADSTS${code}: ${message} Trace ID: 0 Correlation ID: 0 Timestamp: 2026-01-01 00:00:00Z`,
    error_codes: [Number(code)],
  },
});

const problemOf = (form: URLSearchParams, account: Account): CloudAnswer | undefined => {
  const client = form.get('client_id') ?? '';
  if (client !== account.clientId)
    return refusal('700016', `Application with identifier '${client}' was not found in the directory.`, 400);
  const assertion = form.get('client_assertion');
  if (assertion !== null && assertion !== account.clientAssertion)
    return refusal('700213', 'No matching federated identity record found for presented assertion.');
  if (assertion === null && form.get('client_secret') !== account.clientSecret)
    return refusal('7000215', `Invalid client secret provided for app '${client}'.`);
  return undefined;
};

const token = (request: CloudRequest, account: Account): CloudAnswer => {
  const tenant = request.url.pathname.split('/')[1] ?? '';
  if (tenant !== account.tenantId) return refusal('90002', `Tenant '${tenant}' not found.`, 400);
  const problem = problemOf(new URLSearchParams(request.body), account);
  if (problem !== undefined) return problem;
  const seconds = String(LIFE_SECONDS);
  const until = String(Math.floor(Date.now() / 1000) + LIFE_SECONDS);
  // The first endpoint answers numbers as text, the second one as numbers ("OAuth 2.0 client credentials flow").
  const times = request.url.pathname.includes('/v2.0/')
    ? { expires_in: LIFE_SECONDS, ext_expires_in: LIFE_SECONDS }
    : { expires_in: seconds, ext_expires_in: seconds, expires_on: until, not_before: '0', resource: '' };
  return { status: 200, body: { token_type: 'Bearer', ...times, access_token: tokenOf(account) } };
};

const openIdConfiguration = ({ host }: CloudRequest, { tenantId }: Account): CloudAnswer => ({
  status: 200,
  body: {
    issuer: `https://${host}/${tenantId}/v2.0`,
    authorization_endpoint: `https://${host}/${tenantId}/oauth2/v2.0/authorize`,
    token_endpoint: `https://${host}/${tenantId}/oauth2/v2.0/token`,
    end_session_endpoint: `https://${host}/${tenantId}/oauth2/v2.0/logout`,
    jwks_uri: `https://${host}/${tenantId}/discovery/v2.0/keys`,
  },
});

/** Microsoft Entra: tokens for one application, by its secret or an assertion, at both of its endpoints. */
export const signIn = (request: CloudRequest, account: Account): CloudAnswer => {
  const { pathname } = request.url;
  if (request.method === 'POST' && /\/oauth2\/(v2\.0\/)?token$/.test(pathname))
    return token(request, account);
  if (pathname.endsWith('/.well-known/openid-configuration')) return openIdConfiguration(request, account);
  return { status: 404, body: { error: 'not_found' } };
};
