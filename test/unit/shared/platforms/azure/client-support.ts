/** Azure in memory behind the proxy of the stand-ins: the client speaks TLS to it, as it would to the real one. */
import { type Account, newAccount } from '../../../../../infra/local/standins/clouds/azure/account.ts';
import { azureCloud } from '../../../../../infra/local/standins/clouds/azure/index.ts';
import type { Machines } from '../../../../../infra/local/standins/clouds/cloud.ts';
import { makeAuthority } from '../../../../../infra/local/standins/clouds/authority.ts';
import { startCloudProxy } from '../../../../../infra/local/standins/clouds/proxy.ts';
import type { AzureSnapshot } from '../../../../../shared/platforms/azure/base-image.ts';
import { connect, open } from '../../../../../shared/platforms/azure/client.ts';
import { runTags } from '../../../../../shared/platforms/azure/names.ts';
import { demandPlatform } from '../../../../../shared/platforms/snapshot-of.ts';
import { storedConnection } from '../../../../support/stored-entities.ts';
import { trust } from '../../../../support/trust.ts';
import { run } from '../../packer/fixtures.ts';
import { azureSnapshot } from './cases.ts';

let made: ReturnType<typeof makeAuthority> | undefined;
const authorityOfTests = async () => {
  made ??= makeAuthority();
  const authority = await made;
  trust(authority.certificate);
  return authority;
};

/** Machines that nobody logs in to. */
export const noMachines: Machines = {
  start: () => Promise.resolve({ address: '127.0.0.9' }),
  stop: () => Promise.resolve(),
  capture: () => Promise.resolve(),
};

type Options = { account?: Partial<Account>; secret?: string; identityToken?: () => Promise<string> };

/** A stand-in of its own with a client for a snapshot; `close` ends it. */
export const openAzure = async (options: Options = {}) => {
  const cloud = azureCloud(noMachines, { ...newAccount(), ...options.account });
  const proxy = await startCloudProxy({ clouds: [cloud], authority: await authorityOfTests() });
  const { hostname, port, protocol } = new URL(proxy.url);
  const transport = {
    proxyOptions: { host: `${protocol}//${hostname}`, port: Number(port) },
    retryOptions: { maxRetries: 0 },
    updateIntervalInMs: 1,
  };
  const { secret = cloud.account.clientSecret, identityToken } = options;
  const access = {
    decrypt: () => Promise.resolve(secret),
    ...(identityToken === undefined ? {} : { identityToken }),
  };
  return {
    cloud,
    client: (snapshot: AzureSnapshot, identity = run) =>
      connect({ snapshot, run: identity, ...access }, transport),
    account: (example: Parameters<typeof storedConnection>[0] = 'azure client-secret') => {
      const { connection } = demandPlatform(
        { ...azureSnapshot('azure-managed'), connection: storedConnection(example) },
        'azure',
      );
      return open({ connection, sessionName: 'test', ...access }, transport);
    },
    close: proxy.close,
  };
};
export type Azure = Awaited<ReturnType<typeof openAzure>>;

export const subscription = `/subscriptions/${newAccount().subscriptionId}`;
export const inGroup = (group: string, type = '', name = ''): string =>
  `${subscription}/resourceGroups/${group}${type === '' ? '' : `/providers/${type}/${name}`}`;
export const tags = runTags(run);

/** What the examples of a managed and a gallery builder name. */
export const placeExamples = ({ cloud }: Azure): void => {
  for (const name of ['images', 'network']) cloud.place({ id: inGroup(name) });
  const subnets = [{ name: 'build', properties: { addressPrefix: '10.0.0.0/24' } }];
  cloud.place({
    id: inGroup('network', 'Microsoft.Network/virtualNetworks', 'build-net'),
    properties: { subnets },
  });
  const gallery = inGroup('images', 'Microsoft.Compute/galleries', 'golden.images');
  cloud.place({ id: gallery });
  cloud.place({ id: `${gallery}/images/Web-Base`, properties: definition() });
};

/** GalleryImage_Get of Microsoft.Compute 2023-07-03 (azure-rest-api-specs), for Linux of the second generation. */
export const definition = (fields: object = {}) => ({
  osType: 'Linux',
  osState: 'Generalized',
  hyperVGeneration: 'V2',
  architecture: 'x64',
  identifier: { publisher: 'goldsmith', offer: 'web', sku: 'base' },
  features: [{ name: 'SecurityType', value: 'TrustedLaunchSupported' }],
  ...fields,
});

/** GalleryImageVersion_Get of the same. */
export const version = (fields: object = {}) => ({
  publishingProfile: {
    targetRegions: [{ name: 'West Europe', regionalReplicaCount: 1, storageAccountType: 'Standard_LRS' }],
    publishedDate: '2026-01-01T00:00:00Z',
    replicaCount: 1,
    ...fields,
  },
});
