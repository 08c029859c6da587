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
import type { AuthClient } from 'google-auth-library';
import { fallback } from 'google-gax';

/** Makes a thing when it is first asked for. */
export const lazy = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

/** Reading all that Google has as protocol buffers takes its time, which is not the time of the first call. */
const ready = async <T extends { initialize: () => Promise<unknown> }>(client: T): Promise<T> => {
  await client.initialize();
  return client;
};

/** What Google's definitions become, by the definitions. */
type Definitions = Parameters<fallback.GrpcClient['loadProtoJSON']>[0];
const known = new WeakMap<Definitions, ReturnType<fallback.GrpcClient['loadProtoJSON']>>();

/**
 * Compares the definitions of Compute Engine (12 MB) with those it knows by their identity. The library takes a checksum
 * of all of them, for each client anew: 80 ms of a whole core where this takes 6.
 */
class QuickGrpcClient extends fallback.GrpcClient {
  override loadProtoJSON(json: Definitions) {
    const found = known.get(json) ?? super.loadProtoJSON(json);
    known.set(json, found);
    return found;
  }
}
const gax = { ...fallback, fallback: { ...fallback, GrpcClient: QuickGrpcClient } };

/** Clients of the services of Compute Engine, each made when it is needed: making one takes some tenths of a second. */
export const computeClients = (auth: () => Promise<AuthClient>) => {
  const options = async () => ({ fallback: true as const, authClient: await auth() });
  return {
    images: lazy(async () => ready(new ImagesClient(await options(), gax))),
    instances: lazy(async () => ready(new InstancesClient(await options(), gax))),
    disks: lazy(async () => ready(new DisksClient(await options(), gax))),
    diskTypes: lazy(async () => ready(new DiskTypesClient(await options(), gax))),
    zones: lazy(async () => ready(new ZonesClient(await options(), gax))),
    regions: lazy(async () => ready(new RegionsClient(await options(), gax))),
    machineTypes: lazy(async () => ready(new MachineTypesClient(await options(), gax))),
    networks: lazy(async () => ready(new NetworksClient(await options(), gax))),
    subnetworks: lazy(async () => ready(new SubnetworksClient(await options(), gax))),
    zoneOperations: lazy(async () => ready(new ZoneOperationsClient(await options(), gax))),
    globalOperations: lazy(async () => ready(new GlobalOperationsClient(await options(), gax))),
  };
};
