import type { VendedCredentials } from '../../shared/contracts/agent-protocol.ts';
import type { AgentClient } from './agent-client.ts';
import type { Clock } from './clock.ts';
import { keepAhead, keepFresh } from './fresh.ts';
import { type LoopbackEndpoint, type LoopbackOptions, startLoopback } from './loopback-endpoint.ts';

/** How long one request of Packer's SDK waits for the agent API; the SDK asks again by itself. */
const PATIENCE = 20_000;

/** What a build is given to find its credentials, and how to end it. */
export type Endpoint<Name extends string> = { environment: Record<Name, string>; close: () => Promise<void> };

export type EndpointOptions<C extends keyof AgentClient> = {
  client: Pick<AgentClient, C>;
  clock: Clock;
  /** Told of every value that must not appear in the log, before Packer gets it. */
  onSecrets: (values: string[]) => void;
};

/**
 * Serves run-scoped credentials on the loopback interface in the words of the AWS SDKs' container endpoint, to
 * whoever knows the token. A build may outlive several sessions: each request gets credentials that are fresh.
 */
export const startCredentialsEndpoint = async (
  options: EndpointOptions<'getCredentials'>,
): Promise<Endpoint<'AWS_CONTAINER_CREDENTIALS_FULL_URI' | 'AWS_CONTAINER_AUTHORIZATION_TOKEN'>> => {
  const give = createCredentialsCache(options);
  const { url, token, close } = await serveAhead(
    { path: '/credentials', give, authorization: String },
    give,
    options.clock,
  );
  options.onSecrets([token]);
  return {
    environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: token },
    close,
  };
};

/** Serves a document whose secret is there before anybody asks for it: the first time, and each time it is renewed. */
const serveAhead = async (
  options: LoopbackOptions,
  fresh: () => Promise<unknown>,
  clock: Clock,
): Promise<LoopbackEndpoint> => {
  const endpoint = await startLoopback(options);
  const done = new AbortController();
  void keepAhead(fresh, clock, done.signal);
  return {
    ...endpoint,
    close: () => {
      done.abort();
      return endpoint.close();
    },
  };
};

/** Credentials that are asked for anew before they expire. */
export const createCredentialsCache = ({
  client,
  clock,
  onSecrets,
}: EndpointOptions<'getCredentials'>): (() => Promise<VendedCredentials>) =>
  keepFresh({
    clock,
    ask: async () => {
      const until = clock.now() + PATIENCE;
      const fresh = await client.getCredentials({ until: () => until });
      onSecrets([fresh.SecretAccessKey, ...(fresh.Token === undefined ? [] : [fresh.Token])]);
      return fresh;
    },
    endOf: ({ Expiration }) => Expiration,
  });

/**
 * Serves tokens that say who this deployment is, as Azure's and Google's libraries ask for them: a GET with a bearer
 * token, answered by `{"value": …}`. Whatever audience they ask for, the token is for the run's connection.
 */
export const startIdentityEndpoint = async ({
  client,
  clock,
  onSecrets,
}: EndpointOptions<'getIdentityToken'>): Promise<
  Endpoint<'PKR_VAR_identity_url' | 'PKR_VAR_identity_token'>
> => {
  const fresh = keepFresh({
    clock,
    ask: async () => {
      const until = clock.now() + PATIENCE;
      const made = await client.getIdentityToken({ until: () => until });
      onSecrets([made.token]);
      return made;
    },
    endOf: ({ expiresAt }) => expiresAt,
  });
  const give = async () => ({ value: (await fresh()).token });
  const { url, token, close } = await serveAhead(
    { path: '/identity', give, authorization: (own) => `Bearer ${own}` },
    fresh,
    clock,
  );
  onSecrets([token]);
  return { environment: { PKR_VAR_identity_url: url, PKR_VAR_identity_token: token }, close };
};
