import * as z from 'zod';
import { apiError, notFound } from './answers.ts';
import { type Context, type Handler, ok, URL_BASE } from './context.ts';

const regionOf = (zone: string): string => zone.replace(/-[a-z]$/, '');

/** "REST Resource: zones". */
export const getZone: Handler = ({ state, part }) => {
  const path = `projects/${part('project')}/zones/${part('zone')}`;
  const zone = state.zones.get(part('zone'));
  if (zone === undefined) throw notFound(path);
  const region = `${URL_BASE}/projects/${part('project')}/regions/${regionOf(part('zone'))}`;
  return ok({ kind: 'compute#zone', name: part('zone'), ...zone, region, selfLink: `${URL_BASE}/${path}` });
};

export const listZones: Handler = ({ state }) => {
  const items = [...state.zones].map(([name, zone]) => ({ kind: 'compute#zone', name, ...zone }));
  return ok({ kind: 'compute#zoneList', items });
};

/** "REST Resource: regions", with its quotas. */
export const getRegion: Handler = ({ state, part }) => {
  const path = `projects/${part('project')}/regions/${part('region')}`;
  if (![...state.zones.keys()].some((zone) => regionOf(zone) === part('region'))) throw notFound(path);
  const quotas = [...state.quotas].map(([metric, quota]) => ({ metric, ...quota }));
  return ok({
    kind: 'compute#region',
    name: part('region'),
    status: 'UP',
    quotas,
    selfLink: `${URL_BASE}/${path}`,
  });
};

/** "REST Resource: machineTypes". */
export const getMachineType: Handler = ({ state, part }) => {
  const path = `projects/${part('project')}/zones/${part('zone')}/machineTypes/${part('type')}`;
  const type = state.machineTypes.get(part('type'));
  if (type === undefined) throw notFound(path);
  return ok({ kind: 'compute#machineType', name: part('type'), ...type, selfLink: `${URL_BASE}/${path}` });
};

/** "REST Resource: diskTypes". */
export const getDiskType: Handler = ({ state, part }) => {
  const path = `projects/${part('project')}/zones/${part('zone')}/diskTypes/${part('type')}`;
  if (!state.diskTypes.has(part('type'))) throw notFound(path);
  return ok({ kind: 'compute#diskType', name: part('type'), selfLink: `${URL_BASE}/${path}` });
};

/** "REST Resource: networks". */
export const getNetwork: Handler = ({ state, part }) => {
  const path = `projects/${part('project')}/global/networks/${part('network')}`;
  const network = state.networks.get(`${part('project')}/${part('network')}`);
  if (network === undefined) throw notFound(path);
  return ok({ kind: 'compute#network', name: part('network'), ...network, selfLink: `${URL_BASE}/${path}` });
};

/** "REST Resource: subnetworks". */
export const getSubnetwork: Handler = ({ state, part }) => {
  const { project, region, name } = {
    project: part('project'),
    region: part('region'),
    name: part('subnetwork'),
  };
  const path = `projects/${project}/regions/${region}/subnetworks/${name}`;
  if (!state.subnetworks.has(`${project}/${region}/${name}`)) throw notFound(path);
  return ok({
    kind: 'compute#subnetwork',
    name,
    ipCidrRange: '10.132.0.0/20',
    selfLink: `${URL_BASE}/${path}`,
  });
};

type Interface = { network?: string | undefined; subnetwork?: string | undefined };

/** What an instance's first interface names must be there. */
export const checkNetwork = ({ state, part }: Context, { network, subnetwork }: Interface): void => {
  const own = part('project');
  const [, netProject = own, netName] =
    /(?:projects\/([^/]+)\/)?global\/networks\/([^/]+)$/.exec(network ?? '') ?? [];
  if (netName !== undefined && !state.networks.has(`${netProject}/${netName}`))
    throw notFound(`projects/${netProject}/global/networks/${netName}`);
  const [, project, region, name] =
    /projects\/([^/]+)\/regions\/([^/]+)\/subnetworks\/([^/]+)$/.exec(subnetwork ?? '') ?? [];
  if (name !== undefined && !state.subnetworks.has(`${project}/${region}/${name}`))
    throw apiError(
      400,
      'invalid',
      `Invalid value for field 'resource.networkInterfaces[0].subnetwork': '${subnetwork}'. The referenced subnetwork resource cannot be found.`,
    );
};

const permissionsBody = z.object({ permissions: z.array(z.string()) });

/** "Method: projects.testIamPermissions" of the Resource Manager: those of the permissions that the caller has. */
export const testPermissions: Handler = ({ state, request }) => {
  const asked = permissionsBody.parse(JSON.parse(request.body)).permissions;
  const permissions = asked.filter((permission) => !state.denied.has(permission));
  return ok(permissions.length === 0 ? {} : { permissions });
};

/** "REST Resource: projects.locations.keyRings.cryptoKeys" of Cloud KMS. */
export const getKey: Handler = ({ state, request }) => {
  const name = request.url.pathname.replace(/^\/v1\//, '');
  const found = state.keys.get(name);
  if (found === undefined) throw notFound(name);
  return ok({
    name,
    purpose: 'ENCRYPT_DECRYPT',
    primary: { name: `${name}/cryptoKeyVersions/1`, state: found },
  });
};

/** "REST Resource: projects.serviceAccounts.keys" of the IAM API. */
export const getServiceAccountKey: Handler = ({ state, part }) =>
  ok({
    name: `projects/-/serviceAccounts/${part('email')}/keys/${part('key')}`,
    validAfterTime: '2026-01-01T00:00:00Z',
    validBeforeTime: state.accountKeyEndsAt,
    keyAlgorithm: 'KEY_ALG_RSA_2048',
    keyOrigin: 'GOOGLE_PROVIDED',
    keyType: 'USER_MANAGED',
  });
