import { read } from './operations.ts';
import type { Handler } from './context.ts';
import { deleteImage, getFromFamily, getImage, insertImage, listImages } from './images.ts';
import {
  deleteDisk,
  deleteInstance,
  getDisk,
  getInstance,
  insertInstance,
  listAllDisks,
  listAllInstances,
  listInstances,
  serialPort,
} from './instances.ts';
import {
  getDiskType,
  getKey,
  getMachineType,
  getNetwork,
  getRegion,
  getServiceAccountKey,
  getSubnetwork,
  getZone,
  listZones,
  testPermissions,
} from './places.ts';

/** One call: its server, its method and path, and the permission without which it is refused. */
export type Route = { host: string; method: string; path: RegExp; permission?: string; handler: Handler };

const pattern = (path: string): RegExp => new RegExp(`^${path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);

const compute = (method: string, path: string, permission: string, handler: Handler): Route => ({
  host: 'compute.googleapis.com',
  method,
  path: pattern(`/compute/v1/projects/{project}${path}`),
  permission: `compute.${permission}`,
  handler,
});

const operation =
  (wait: boolean): Handler =>
  ({ state, request }) =>
    read(
      state,
      decodeURIComponent(request.url.pathname)
        .replace(/^\/compute\/v1\//, '')
        .replace(/\/wait$/, ''),
      wait,
    );

const zone = '/zones/{zone}';

/** The calls of Packer's googlecompute 1.6.6 and of our client, and no others. */
export const routes: Route[] = [
  compute('GET', '/global/images/family/{family}', 'images.getFromFamily', getFromFamily),
  compute('GET', '/global/images/{image}', 'images.get', getImage),
  compute('GET', '/global/images', 'images.list', listImages),
  compute('POST', '/global/images', 'images.create', insertImage),
  compute('DELETE', '/global/images/{image}', 'images.delete', deleteImage),
  compute('GET', zone, 'zones.get', getZone),
  compute('GET', '/zones', 'zones.list', listZones),
  compute('GET', '/regions/{region}', 'regions.get', getRegion),
  compute('GET', `${zone}/machineTypes/{type}`, 'machineTypes.get', getMachineType),
  compute('GET', `${zone}/diskTypes/{type}`, 'diskTypes.get', getDiskType),
  compute('GET', '/global/networks/{network}', 'networks.get', getNetwork),
  compute('GET', '/regions/{region}/subnetworks/{subnetwork}', 'subnetworks.get', getSubnetwork),
  compute('GET', `${zone}/instances/{instance}`, 'instances.get', getInstance),
  compute('GET', `${zone}/instances`, 'instances.list', listInstances),
  compute('GET', '/aggregated/instances', 'instances.list', listAllInstances),
  compute('POST', `${zone}/instances`, 'instances.create', insertInstance),
  compute('DELETE', `${zone}/instances/{instance}`, 'instances.delete', deleteInstance),
  compute('GET', `${zone}/instances/{instance}/serialPort`, 'instances.getSerialPortOutput', serialPort),
  compute('GET', `${zone}/disks/{disk}`, 'disks.get', getDisk),
  compute('GET', '/aggregated/disks', 'disks.list', listAllDisks),
  compute('DELETE', `${zone}/disks/{disk}`, 'disks.delete', deleteDisk),
  compute('GET', `${zone}/operations/{operation}`, 'zoneOperations.get', operation(false)),
  compute('POST', `${zone}/operations/{operation}/wait`, 'zoneOperations.get', operation(true)),
  compute('GET', '/global/operations/{operation}', 'globalOperations.get', operation(false)),
  compute('POST', '/global/operations/{operation}/wait', 'globalOperations.get', operation(true)),
  {
    host: 'cloudresourcemanager.googleapis.com',
    method: 'POST',
    path: pattern('/v1/projects/{project}:testIamPermissions'),
    handler: testPermissions,
  },
  {
    host: 'cloudkms.googleapis.com',
    method: 'GET',
    path: /^\/v1\/projects\/.+\/cryptoKeys\/[^/]+$/,
    permission: 'cloudkms.cryptoKeys.get',
    handler: getKey,
  },
  {
    host: 'iam.googleapis.com',
    method: 'GET',
    path: pattern('/v1/projects/-/serviceAccounts/{email}/keys/{key}'),
    permission: 'iam.serviceAccountKeys.get',
    handler: getServiceAccountKey,
  },
];
