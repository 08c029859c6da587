import { ComputeManagementClient, type ComputeManagementClientOptionalParams } from '@azure/arm-compute';
import type { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import {
  AzureAuthorityHosts,
  ClientAssertionCredential,
  ClientSecretCredential,
  type GetTokenOptions,
} from '@azure/identity';
import { type AccountAccess, PlatformError } from '../platform.ts';
import type { AzureSnapshot } from './base-image.ts';
import { armErrorOf } from './errors.ts';

type Settings = AzureSnapshot['builderConfiguration']['settings'];
type Credential = ClientSecretCredential | ClientAssertionCredential;

/** How to reach Azure where it is not by the open internet, for tests and stand-ins. */
export type Transport = Pick<ComputeManagementClientOptionalParams, 'proxyOptions' | 'retryOptions'> & {
  /** Milliseconds between two questions whether something is deleted, where Azure does not say. Default: that of the SDKs. */
  updateIntervalInMs?: number;
};

type CloudName = NonNullable<Settings['cloudEnvironmentName']>;

/** Sign-in, Resource Manager and Microsoft Graph of each cloud (Azure documentation, "Compare Azure Government and global Azure" and its like for China). */
const clouds: Record<CloudName, { authorityHost: string; endpoint: string; graph: string }> = {
  Public: {
    authorityHost: AzureAuthorityHosts.AzurePublicCloud,
    endpoint: 'https://management.azure.com',
    graph: 'https://graph.microsoft.com',
  },
  USGovernment: {
    authorityHost: AzureAuthorityHosts.AzureGovernment,
    endpoint: 'https://management.usgovcloudapi.net',
    graph: 'https://graph.microsoft.us',
  },
  China: {
    authorityHost: AzureAuthorityHosts.AzureChina,
    endpoint: 'https://management.chinacloudapi.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
  },
};

/** Clients of one connection. Nothing is asked before the first call. */
export type Session = {
  /** Subscription of the connection. */
  subscriptionId: string;
  /** Client of a subscription; of the connection's own, if none is named. */
  compute: (subscriptionId?: string) => ComputeManagementClient;
  resources: (subscriptionId?: string) => ResourceManagementClient;
  /** The largest of the SDKs is loaded only where a network is looked at. */
  network: () => Promise<NetworkManagementClient>;
  /** For operations that take their time. */
  polling: { updateIntervalInMs?: number };
  /** Body of a GET that the SDKs have no method for. `path` begins with a slash. */
  read: (path: string, apiVersion: string) => Promise<unknown>;
  /** Body of a GET of Microsoft Graph, which knows the applications. `path` begins with a slash. */
  graph: (path: string) => Promise<unknown>;
};

type Access = Pick<AccountAccess<'azure'>, 'connection' | 'decrypt' | 'identityToken'>;

/** Throws where this deployment has no identity: the library of Microsoft would hide the reason. */
const assertionOf = ({ identityToken }: Access): (() => Promise<string>) => {
  if (identityToken !== undefined) return identityToken;
  const message = 'This deployment has no identity that a workload identity could trust.';
  throw new PlatformError('credentials-invalid', message);
};

const credentialOf = async (access: Access, cloud: CloudName, transport: Transport): Promise<Credential> => {
  const { auth } = access.connection.settings;
  const { tenantId, clientId } = auth;
  // The hosts are Microsoft's own: there is no need to ask Microsoft about them first.
  const { authorityHost } = clouds[cloud];
  const options = { authorityHost, disableInstanceDiscovery: true, ...transport };
  if (auth.type === 'workload-identity')
    return new ClientAssertionCredential(tenantId, clientId, assertionOf(access), options);
  return new ClientSecretCredential(tenantId, clientId, await access.decrypt(auth.clientSecret), options);
};

type Policy = NonNullable<ComputeManagementClientOptionalParams['additionalPolicies']>[number];

/** Around all that the SDKs do by themselves, such as trying again. */
const inAzuresWords: Policy = {
  position: 'perCall',
  policy: {
    name: 'inAzuresWords',
    sendRequest: async (request, next) => {
      const response = await next(request);
      if (response.status >= 400) throw armErrorOf(response.status, response.bodyAsText ?? '');
      return response;
    },
  },
};

/** Microsoft Graph has its version in the path, and takes no other. */
const withoutVersion: Policy = {
  position: 'perCall',
  policy: {
    name: 'withoutVersion',
    sendRequest: (request, next) => {
      const url = new URL(request.url);
      url.searchParams.delete('api-version');
      request.url = url.href;
      return next(request);
    },
  },
};

/** The method for any resource, whose answer in the SDK is none: its body is taken as it came. */
const readAny = async (
  client: ResourceManagementClient,
  path: string,
  apiVersion: string,
): Promise<unknown> => {
  let body: unknown;
  await client.resources.getById(path.slice(1), apiVersion, {
    onResponse: ({ parsedBody }) => {
      body = parsedBody;
    },
  });
  return body;
};

/** One client a subscription. */
const remembered = <T>(make: (subscriptionId: string) => T, own: string) => {
  const made = new Map<string, T>();
  return (subscriptionId = own): T => {
    const client = made.get(subscriptionId) ?? make(subscriptionId);
    made.set(subscriptionId, client);
    return client;
  };
};

/** Opens a session for a connection in one of Azure's clouds. */
export const openSession = (
  access: Access,
  { cloud = 'Public', transport: given = {} }: { cloud?: CloudName | undefined; transport?: Transport } = {},
): Session => {
  const { updateIntervalInMs, ...transport } = given;
  const { subscriptionId } = access.connection.settings;
  let opened: Promise<Credential> | undefined;
  const credential = {
    getToken: async (scopes: string | string[], options?: GetTokenOptions) => {
      opened ??= credentialOf(access, cloud, transport);
      return (await opened).getToken(scopes, options);
    },
  };
  const { endpoint, graph } = clouds[cloud];
  const options = {
    endpoint,
    credentials: { scopes: [`${endpoint}/.default`] },
    additionalPolicies: [inAzuresWords],
    ...transport,
  };
  const resources = remembered((id) => new ResourceManagementClient(credential, id, options), subscriptionId);
  return {
    subscriptionId,
    compute: remembered((id) => new ComputeManagementClient(credential, id, options), subscriptionId),
    resources,
    polling: updateIntervalInMs === undefined ? {} : { updateIntervalInMs },
    network: async () => {
      const { NetworkManagementClient: Client } = await import('@azure/arm-network');
      return new Client(credential, subscriptionId, options);
    },
    read: (path, apiVersion) => readAny(resources(), path, apiVersion),
    graph: (path) => {
      const ofGraph = {
        ...options,
        endpoint: graph,
        credentials: { scopes: [`${graph}/.default`] },
        additionalPolicies: [inAzuresWords, withoutVersion],
      };
      return readAny(new ResourceManagementClient(credential, subscriptionId, ofGraph), path, 'v1.0');
    },
  };
};
