import { createPrivateKey } from 'node:crypto';
import { type AuthClient, JWT } from 'google-auth-library';
import * as z from 'zod';
import { type AccountAccess, PlatformError } from '../platform.ts';
import { computeClients, lazy } from './client-compute.ts';
import { identityClient } from './client-identity.ts';

/** All that Google Cloud has; what may be done is decided by the roles of the service account. */
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];

/** How Google's servers are reached; a test says something else. */
export type Outside = {
  /** Every request goes through it. */
  fetch?: typeof fetch;
  /** How long a call that finds no server, or a busy one, is tried again, in milliseconds. */
  patience?: number;
};

/** Below the 25 s of a request to our own API. */
const PATIENCE = 10_000;

/** What the libraries do with a call: Google's status DEADLINE_EXCEEDED and UNAVAILABLE are tried again for a while. */
const callOptions = (total: number) => ({
  timeout: total,
  retry: {
    retryCodes: [4, 14],
    backoffSettings: {
      initialRetryDelayMillis: 200,
      retryDelayMultiplier: 2,
      maxRetryDelayMillis: 2000,
      initialRpcTimeoutMillis: total,
      rpcTimeoutMultiplier: 1,
      maxRpcTimeoutMillis: total,
      totalTimeoutMillis: total,
    },
  },
});

const keyFile = z.looseObject({ client_email: z.string(), private_key: z.string() });

const keyClient = async (json: string, transporterOptions: object): Promise<AuthClient> => {
  const { client_email: email, private_key: key } = keyFile.parse(JSON.parse(json));
  // The library would take a key that it cannot read for a server that does not answer, and try again.
  createPrivateKey(key);
  return new JWT({ email, key, scopes: SCOPES, transporterOptions });
};

type Access = Pick<AccountAccess<'gcp'>, 'connection' | 'decrypt' | 'identityToken'>;

const authOf = async (
  { connection, decrypt, identityToken }: Access,
  outside: Outside,
): Promise<AuthClient> => {
  const { auth } = connection.settings;
  // Node.js' own knows the way through a proxy (NODE_USE_ENV_PROXY); the library's agents do not.
  const transporterOptions = { fetchImplementation: outside.fetch ?? fetch };
  if (auth.type === 'service-account-key') {
    const json = await decrypt(auth.credentialsJson);
    return keyClient(json, transporterOptions).catch((error: unknown) => {
      throw new PlatformError('credentials-invalid', 'The key file is none of a service account.', {
        cause: error,
      });
    });
  }
  if (identityToken === undefined)
    throw new PlatformError(
      'credentials-invalid',
      'This deployment has no identity that Google could trust.',
    );
  const way = { fetch: outside.fetch ?? fetch, scopes: SCOPES, patience: outside.patience ?? PATIENCE };
  return identityClient(auth, way, identityToken);
};

/** One connection: nothing is asked before the first call. */
export type Session = {
  /** The project that builds run in. */
  projectId: string;
  /** Options of a call that reads. */
  patient: ReturnType<typeof callOptions>;
  compute: ReturnType<typeof computeClients>;
  /** Gets a token, or says why there is none. */
  authenticate: () => Promise<void>;
  /** A call to another service of Google. */
  request: (method: 'GET' | 'POST', url: string, data?: object) => Promise<unknown>;
};

/** A connection's session. */
export const openSession = (access: Access, outside: Outside = {}): Session => {
  const auth = lazy(() => authOf(access, outside));
  const patience = outside.patience ?? PATIENCE;
  return {
    projectId: access.connection.settings.projectId,
    patient: callOptions(patience),
    compute: computeClients(auth),
    authenticate: async () => {
      const client = await auth();
      await client.getAccessToken();
    },
    request: async (method, url, data) => {
      const client = await auth();
      const given = data === undefined ? {} : { data };
      const answer = await client.request<unknown>({ method, url, timeout: patience, ...given });
      return answer.data;
    },
  };
};
