import { type AuthClient, OAuth2Client } from 'google-auth-library';
import * as z from 'zod';
import { EXCHANGE_URL, exchangeAudience, impersonationUrl, JWT_TYPE } from './credentials.ts';

const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

type Provider = { provider: string; serviceAccountEmail: string };
type Way = {
  fetch: typeof fetch;
  scopes: string[];
  /** Longest wait for one answer, in milliseconds. */
  patience: number;
};

/** What Google's libraries take for an answer that is not tried again. */
const refused = (status: number, message: string): Error => Object.assign(new Error(message), { status });

const oauthError = z.looseObject({ error: z.string(), error_description: z.string().optional() });
const apiError = z.looseObject({ error: z.looseObject({ message: z.string() }) });

const reasonOf = (body: unknown): string => {
  const oauth = oauthError.safeParse(body);
  if (oauth.success) return `${oauth.data.error}: ${oauth.data.error_description ?? ''}`;
  const api = apiError.safeParse(body);
  return api.success ? api.data.error.message : 'Google gave no token.';
};

const ask = async <T>(way: Way, url: string, init: RequestInit, schema: z.ZodType<T>): Promise<T> => {
  const signal = AbortSignal.timeout(way.patience);
  const response = await way.fetch(url, { ...init, method: 'POST', signal });
  const body: unknown = await response.json();
  if (!response.ok) throw refused(response.status, reasonOf(body));
  return schema.parse(body);
};

const exchanged = z.looseObject({ access_token: z.string() });
const impersonated = z.looseObject({ accessToken: z.string(), expireTime: z.string() });

/** The deployment's token for one that Google knows ("Security Token Service API", method token). */
const exchange = async (way: Way, provider: Provider, subjectToken: string): Promise<string> => {
  const form = {
    grant_type: EXCHANGE_GRANT,
    audience: exchangeAudience(provider),
    scope: way.scopes.join(' '),
    requested_token_type: ACCESS_TOKEN_TYPE,
    subject_token: subjectToken,
    subject_token_type: JWT_TYPE,
  };
  const answer = await ask(way, EXCHANGE_URL, { body: new URLSearchParams(form) }, exchanged);
  return answer.access_token;
};

/** That token for one of the service account ("IAM Service Account Credentials API", generateAccessToken). */
const impersonate = (way: Way, { serviceAccountEmail }: Provider, token: string) =>
  ask(
    way,
    impersonationUrl(serviceAccountEmail),
    {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ scope: way.scopes }),
    },
    impersonated,
  );

/**
 * Credentials by workload identity: whoever the provider trusts acts as the service account, without a key. The
 * library's own class for it exchanges its token past every way to the outside that it is given.
 */
export const identityClient = (
  provider: Provider,
  way: Way,
  identityToken: () => Promise<string>,
): AuthClient => {
  const client = new OAuth2Client({ transporterOptions: { fetchImplementation: way.fetch } });
  client.refreshHandler = async () => {
    const subjectToken = await identityToken().catch((error: unknown) => {
      throw refused(401, `This deployment cannot say who it is: ${String(error)}`);
    });
    const federated = await exchange(way, provider, subjectToken);
    const { accessToken, expireTime } = await impersonate(way, provider, federated);
    return { access_token: accessToken, expiry_date: Date.parse(expireTime) };
  };
  return client;
};
