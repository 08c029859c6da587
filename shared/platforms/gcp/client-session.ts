import { ImagesClient } from '@google-cloud/compute/build/src/v1/images_client.js';
import { InstancesClient } from '@google-cloud/compute/build/src/v1/instances_client.js';
import { DisksClient } from '@google-cloud/compute/build/src/v1/disks_client.js';
import { DiskTypesClient } from '@google-cloud/compute/build/src/v1/disk_types_client.js';
import { ZonesClient } from '@google-cloud/compute/build/src/v1/zones_client.js';
import { RegionsClient } from '@google-cloud/compute/build/src/v1/regions_client.js';
import { MachineTypesClient } from '@google-cloud/compute/build/src/v1/machine_types_client.js';
import { NetworksClient } from '@google-cloud/compute/build/src/v1/networks_client.js';
import { SubnetworksClient } from '@google-cloud/compute/build/src/v1/subnetworks_client.js';
import { ZoneOperationsClient } from '@google-cloud/compute/build/src/v1/zone_operations_client.js';
import { GlobalOperationsClient } from '@google-cloud/compute/build/src/v1/global_operations_client.js';
import { type AuthClient, IdentityPoolClient, JWT } from 'google-auth-library';
import * as z from 'zod';
import { type AccountAccess, PlatformError } from '../platform.ts';
import { EXCHANGE_URL, exchangeAudience, impersonationUrl, JWT_TYPE } from './credentials.ts';

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

const lazy = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

/** Reading all that Google has as protocol buffers takes its time, which is not the time of the first call. */
const ready = async <T extends { initialize: () => Promise<unknown> }>(client: T): Promise<T> => {
  await client.initialize();
  return client;
};

const keyFile = z.looseObject({ client_email: z.string(), private_key: z.string() });

const keyClient = async (json: string, transporterOptions: object): Promise<AuthClient> => {
  const { client_email: email, private_key: key } = keyFile.parse(JSON.parse(json));
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
  return new IdentityPoolClient({
    type: 'external_account',
    audience: exchangeAudience(auth),
    subject_token_type: JWT_TYPE,
    token_url: EXCHANGE_URL,
    service_account_impersonation_url: impersonationUrl(auth.serviceAccountEmail),
    subject_token_supplier: { getSubjectToken: () => identityToken() },
    scopes: SCOPES,
    transporterOptions,
  });
};

/** Clients of the services of Compute Engine, each made when it is needed: making one takes some tenths of a second. */
const clientsOf = (auth: () => Promise<AuthClient>) => {
  const options = async () => ({ fallback: true as const, authClient: await auth() });
  return {
    images: lazy(async () => {
      return ready(new ImagesClient(await options()));
    }),
    instances: lazy(async () => {
      return ready(new InstancesClient(await options()));
    }),
    disks: lazy(async () => {
      return ready(new DisksClient(await options()));
    }),
    diskTypes: lazy(async () => {
      return ready(new DiskTypesClient(await options()));
    }),
    zones: lazy(async () => {
      return ready(new ZonesClient(await options()));
    }),
    regions: lazy(async () => {
      return ready(new RegionsClient(await options()));
    }),
    machineTypes: lazy(async () => {
      return ready(new MachineTypesClient(await options()));
    }),
    networks: lazy(async () => {
      return ready(new NetworksClient(await options()));
    }),
    subnetworks: lazy(async () => {
      return ready(new SubnetworksClient(await options()));
    }),
    zoneOperations: lazy(async () => {
      return ready(new ZoneOperationsClient(await options()));
    }),
    globalOperations: lazy(async () => {
      return ready(new GlobalOperationsClient(await options()));
    }),
  };
};

/** One connection: nothing is asked before the first call. */
export type Session = {
  /** The project that builds run in. */
  projectId: string;
  /** Options of a call that reads. */
  patient: ReturnType<typeof callOptions>;
  compute: ReturnType<typeof clientsOf>;
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
    compute: clientsOf(auth),
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
