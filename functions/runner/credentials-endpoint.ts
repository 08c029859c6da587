import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { VendedCredentials } from '../../shared/contracts/agent-protocol.ts';
import type { AgentClient } from './agent-client.ts';
import type { Clock } from './clock.ts';

/** Credentials are fetched anew this long before they expire, like the AWS SDKs do themselves. */
const REFRESH_BEFORE = 5 * 60_000;
/** How long one request of Packer's SDK waits for the agent API; the SDK asks again by itself. */
const PATIENCE = 20_000;

export type CredentialsEndpoint = {
  /** What Packer's SDK needs to find it. */
  environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: string; AWS_CONTAINER_AUTHORIZATION_TOKEN: string };
  close: () => Promise<void>;
};

export type EndpointOptions = {
  client: Pick<AgentClient, 'getCredentials'>;
  clock: Clock;
  /** Told of every value that must not appear in the log, before Packer gets it. */
  onSecrets: (values: string[]) => void;
};

/**
 * Serves run-scoped credentials on the loopback interface in the words of the AWS SDKs' container endpoint, to
 * whoever knows the token. A build may outlive several sessions: each request gets credentials that are fresh.
 */
export const startCredentialsEndpoint = async (options: EndpointOptions): Promise<CredentialsEndpoint> => {
  const token = randomBytes(32).toString('base64url');
  options.onSecrets([token]);
  const getCredentials = createCredentialsCache(options);
  // Packer asks soon, and would wait for as long as this takes. Who asks gets to know when it fails.
  getCredentials().catch(() => undefined);
  const server = createServer(answerWith(getCredentials, token));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    environment: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const answerWith =
  (getCredentials: () => Promise<VendedCredentials>, token: string): RequestListener =>
  (request, response) => {
    if (request.method !== 'GET' || request.url !== '/credentials') return answer(response, 404, 'NotFound');
    if (!isSame(request.headers.authorization ?? '', token)) return answer(response, 403, 'AccessDenied');
    getCredentials().then(
      (credentials) => response.writeHead(200, JSON_TYPE).end(JSON.stringify(credentials)),
      () => answer(response, 503, 'ServiceUnavailable'),
    );
  };

const JSON_TYPE = { 'content-type': 'application/json' };
const answer = (response: ServerResponse, status: number, code: string): void => {
  response.writeHead(status, JSON_TYPE).end(JSON.stringify({ code, message: 'No credentials' }));
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const isSame = (given: string, wanted: string): boolean => timingSafeEqual(digest(given), digest(wanted));

/**
 * Gives the last credentials until shortly before they expire, then new ones, asked for once however many wait.
 * Should that fail, the old ones serve until they have expired.
 */
export const createCredentialsCache = ({ client, clock, onSecrets }: EndpointOptions) => {
  let held: VendedCredentials | undefined;
  let asking: Promise<VendedCredentials> | undefined;

  const expiresAt = () =>
    held?.Expiration === undefined ? Number.POSITIVE_INFINITY : Date.parse(held.Expiration);
  const ask = async (): Promise<VendedCredentials> => {
    const until = clock.now() + PATIENCE;
    const fresh = await client.getCredentials({ until: () => until });
    onSecrets([fresh.SecretAccessKey, ...(fresh.Token === undefined ? [] : [fresh.Token])]);
    held = fresh;
    return fresh;
  };
  return async (): Promise<VendedCredentials> => {
    if (held !== undefined && clock.now() < expiresAt() - REFRESH_BEFORE) return held;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    try {
      return await asking;
    } catch (error) {
      if (held !== undefined && clock.now() < expiresAt()) return held;
      throw error;
    }
  };
};
