import { generateKeyPairSync, type KeyObject, randomUUID, verify } from 'node:crypto';
import * as z from 'zod';
import type { CloudAnswer, CloudRequest } from '../cloud.ts';
import { ApiError, grantError, statusError } from './answers.ts';

/** One service account and the tokens that were given out for it. */
export type Account = {
  /** Key file, as `gcloud iam service-accounts keys create` writes it. */
  keyFile: string;
  email: string;
  publicKey: KeyObject;
  tokens: Set<string>;
  /** What the provider of the workload identity pool takes for this deployment's token; none, if not said. */
  trustedToken: string | undefined;
};

const LIFE_SECONDS = 3599;
const JWT_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** Makes a service account with a key of its own. */
export const newAccount = (projectId: string): Account => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const email = `builder@${projectId}.iam.gserviceaccount.com`;
  const keyFile = JSON.stringify({
    type: 'service_account',
    project_id: projectId,
    private_key_id: '0123456789abcdef0123456789abcdef01234567',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: email,
    client_id: '100000000000000000001',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: 'https://oauth2.googleapis.com/token',
  });
  return { keyFile, email, publicKey, tokens: new Set(), trustedToken: undefined };
};

const give = (account: Account): string => {
  const token = `ya29.${randomUUID()}`;
  account.tokens.add(token);
  return token;
};

const claims = z.object({ iss: z.string(), aud: z.string(), exp: z.number(), scope: z.string() });

/** Whether an assertion (RFC 7523) is signed by the account's key, is its own and has not expired. */
const checkAssertion = ({ publicKey, email }: Account, assertion: string): void => {
  const [header = '', payload = '', signature = ''] = assertion.split('.');
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url')))
    throw grantError('Invalid JWT Signature.');
  const { iss, exp } = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  if (iss !== email) throw grantError('Invalid grant: account not found');
  if (exp * 1000 < Date.now())
    throw grantError(
      'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.',
    );
};

/** `oauth2.googleapis.com/token`: a key file's assertion for a token. */
const exchangeAssertion = (account: Account, form: URLSearchParams): CloudAnswer => {
  if (form.get('grant_type') !== JWT_GRANT) throw grantError('Bad Request');
  checkAssertion(account, form.get('assertion') ?? '');
  return {
    status: 200,
    body: { access_token: give(account), expires_in: LIFE_SECONDS, token_type: 'Bearer' },
  };
};

/** `sts.googleapis.com/v1/token`: the deployment's token for a federated one ("Security Token Service API", method token). */
const exchangeIdentity = (account: Account, form: URLSearchParams): CloudAnswer => {
  if (form.get('grant_type') !== EXCHANGE_GRANT) throw grantError('Bad Request');
  if (account.trustedToken === undefined || form.get('subject_token') !== account.trustedToken)
    throw grantError('The audience in ID Token does not match the expected audience.');
  const body = {
    access_token: give(account),
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: LIFE_SECONDS,
  };
  return { status: 200, body };
};

/** `generateAccessToken` of the IAM Service Account Credentials API. */
const impersonate = (account: Account, request: CloudRequest): CloudAnswer => {
  checkToken(account, request);
  const expected = `/v1/projects/-/serviceAccounts/${account.email}:generateAccessToken`;
  if (decodeURIComponent(request.url.pathname) !== expected)
    throw statusError(
      403,
      'PERMISSION_DENIED',
      "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
    );
  const expireTime = new Date(Date.now() + LIFE_SECONDS * 1000).toISOString();
  return { status: 200, body: { accessToken: give(account), expireTime } };
};

const formOf = (body: string): URLSearchParams =>
  // Google's own libraries send either form.
  new URLSearchParams(body.startsWith('{') ? z.record(z.string(), z.string()).parse(JSON.parse(body)) : body);

/** Gives out tokens; undefined for a request that is not about them. */
export const answerToken = (account: Account, request: CloudRequest): CloudAnswer | undefined => {
  if (request.host === 'oauth2.googleapis.com') return exchangeAssertion(account, formOf(request.body));
  if (request.host === 'sts.googleapis.com') return exchangeIdentity(account, formOf(request.body));
  if (request.host === 'iamcredentials.googleapis.com') return impersonate(account, request);
  return undefined;
};

/** Throws what a call without a good token is answered ("Troubleshooting API errors", 401). */
export const checkToken = ({ tokens }: Account, { headers }: CloudRequest): void => {
  const token = String(headers['authorization'] ?? '').replace(/^Bearer /, '');
  if (tokens.has(token)) return;
  const message =
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.';
  const errors = [{ message: 'Invalid Credentials', domain: 'global', reason: 'authError' }];
  throw new ApiError(
    { status: 401, body: { error: { code: 401, message, errors, status: 'UNAUTHENTICATED' } } },
    message,
  );
};
