import type { CloudAnswer } from '../cloud.ts';
import { type Context, machineOf } from './context.ts';
import { created, list, ok, refuse } from './answers.ts';
import { at, isObject, listAt, objectAt, type JsonObject, tagsAt, textAt } from './json.ts';
import { type Resource, shown } from './store.ts';
import { resolve, type Scope } from './template.ts';

/**
 * Deployments of templates, as Packer makes them. Answers after PutDeploymentResourceGroup, GetDeploymentOperations of
 * Microsoft.Resources 2021-04-01 (azure-rest-api-specs).
 */

type Site = { subscriptionId: string; group: string };
const groupId = ({ subscriptionId, group }: Site): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${group}`;
const deploymentId = (site: Site, name: string): string =>
  `${groupId(site)}/providers/Microsoft.Resources/deployments/${name}`;

/** What a VM needs is there before it, whatever the order of the template. */
const ORDER = ['publicIPAddresses', 'networkSecurityGroups', 'virtualNetworks', 'networkInterfaces'];
const rank = (type: string): number => {
  const place = ORDER.indexOf(type.split('/')[1] ?? '');
  return place === -1 ? ORDER.length : place;
};

type Planned = { id: string; type: string; body: JsonObject };

const planned = ({ store }: Context, site: Site, body: unknown): Planned[] => {
  const group = store.demand(groupId(site));
  const template = at(body, 'properties', 'template');
  const scope: Scope = {
    subscriptionId: site.subscriptionId,
    group: { name: group.name, location: group.location },
    parameters: at(body, 'properties', 'parameters'),
    variables: at(template, 'variables'),
  };
  const resources = listAt(template, 'resources').map((one) => resolve(one, scope));
  return resources
    .filter(isObject)
    .map((one) => ({
      id: `${groupId(site)}/providers/${textAt(one, 'type') ?? ''}/${textAt(one, 'name') ?? ''}`,
      type: textAt(one, 'type') ?? '',
      body: one,
    }))
    .toSorted((a, b) => rank(a.type) - rank(b.type));
};

/** Why a VM cannot be; the codes and words of "Troubleshoot common Azure deployment errors". */
const refuseMachine = ({ account, store, captured }: Context, body: unknown): void => {
  const size = textAt(body, 'properties', 'hardwareProfile', 'vmSize') ?? '';
  const offered = account.sizes.find((one) => one.name.toLowerCase() === size.toLowerCase());
  if (offered === undefined || offered.restriction !== undefined)
    refuse(
      409,
      'SkuNotAvailable',
      `The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: ${size}' is currently not available in location '${textAt(body, 'location')}'. Please try another size or deploy to a different location or different zone.`,
    );
  const image = objectAt(body, 'properties', 'storageProfile', 'imageReference');
  const id = textAt(image, 'id');
  if (id !== undefined && !captured.has(id.toLowerCase())) store.demand(id);
  if (id !== undefined) return;
  const [publisher, offer, sku, version] = ['publisher', 'offer', 'sku', 'version'].map((key) =>
    textAt(image, key),
  );
  const isThere = account.images.some(
    (one) =>
      one.publisher === publisher &&
      one.offer === offer &&
      one.sku === sku &&
      (version === 'latest' || one.version === version),
  );
  if (!isThere)
    refuse(
      404,
      'PlatformImageNotFound',
      `The platform image '${publisher}:${offer}:${sku}:${version}' is not available. Verify that all fields in the storage profile are correct.`,
    );
};

const addressOf = (context: Context, interfaceId: string, address: string): void => {
  const card = context.store.demand(interfaceId);
  const [configuration] = listAt(card.properties, 'ipConfigurations');
  const properties = objectAt(configuration, 'properties');
  const publicId = textAt(properties, 'publicIPAddress', 'id');
  const ipConfigurations = [
    { ...objectAt(configuration), properties: { ...properties, privateIPAddress: address } },
  ];
  context.store.put({ ...card, properties: { ...card.properties, ipConfigurations } });
  if (publicId === undefined) return;
  const publicAddress = context.store.demand(publicId);
  context.store.put({ ...publicAddress, properties: { ...publicAddress.properties, ipAddress: address } });
};

/** Disks of a VM are resources of their own, without its tags. */
const putDisk = ({ store }: Context, vm: Resource, name: string): string => {
  const id = vm.id.replace(/Microsoft\.Compute\/.*$/i, `Microsoft.Compute/disks/${name}`);
  store.put({ id, location: vm.location, tags: {}, properties: { diskState: 'Attached' } });
  return id;
};

const putMachine = async (context: Context, { id, body }: Planned): Promise<void> => {
  refuseMachine(context, body);
  const properties = objectAt(body, 'properties');
  const location = textAt(body, 'location') ?? '';
  const vm = context.store.put({ id, location, tags: tagsAt(body, 'tags'), properties });
  const image = textAt(properties, 'storageProfile', 'imageReference', 'id')?.toLowerCase();
  const captured = image === undefined ? undefined : context.captured.get(image);
  const { address } = await context.machines.start({
    name: machineOf(id),
    publicKey: textAt(properties, 'osProfile', 'linuxConfiguration', 'ssh', 'publicKeys', 0, 'keyData') ?? '',
    ...(captured === undefined ? {} : { image: captured }),
  });
  for (const card of listAt(properties, 'networkProfile', 'networkInterfaces'))
    addressOf(context, textAt(card, 'id') ?? '', address);
  const storage = objectAt(properties, 'storageProfile');
  const osDisk = objectAt(storage, 'osDisk');
  const managedDisk = { id: putDisk(context, vm, textAt(osDisk, 'name') ?? 'os') };
  const dataDisks = listAt(storage, 'dataDisks').map((disk) => ({
    ...objectAt(disk),
    managedDisk: { id: putDisk(context, vm, textAt(disk, 'name') ?? 'data') },
  }));
  const storageProfile = { ...storage, osDisk: { ...osDisk, managedDisk }, dataDisks };
  context.store.put({ ...vm, properties: { ...properties, storageProfile } });
};

const putOne = async (context: Context, one: Planned): Promise<void> => {
  if (one.type.toLowerCase() === 'microsoft.compute/virtualmachines') return putMachine(context, one);
  context.store.put({
    id: one.id,
    location: textAt(one.body, 'location') ?? '',
    tags: tagsAt(one.body, 'tags'),
    properties: objectAt(one.body, 'properties'),
  });
};

/** Makes what a template says, and keeps the list of it. */
export const deploy = async (
  context: Context,
  site: Site,
  name: string,
  body: unknown,
): Promise<CloudAnswer> => {
  const resources = planned(context, site, body);
  for (const one of resources) await putOne(context, one);
  const group = context.store.demand(groupId(site));
  const deployment = context.store.put({
    id: deploymentId(site, name),
    location: group.location,
    tags: {},
    properties: {
      mode: 'Incremental',
      timestamp: new Date().toISOString(),
      duration: 'PT1S',
      outputResources: resources.map(({ id }) => ({ id })),
    },
  });
  return created(shown(deployment));
};

/** Says whether a template could be deployed, without making anything. */
export const validate = (context: Context, site: Site, body: unknown): CloudAnswer => {
  for (const one of planned(context, site, body)) {
    if (one.type.toLowerCase() === 'microsoft.compute/virtualmachines') refuseMachine(context, one.body);
  }
  return ok({ properties: { mode: 'Incremental', provisioningState: 'Succeeded' } });
};

/** What a deployment made, the last first: Packer deletes it one by one in a group that is not its own. */
export const operations = ({ store }: Context, site: Site, name: string): CloudAnswer => {
  const { properties } = store.demand(deploymentId(site, name));
  return list(
    listAt(properties, 'outputResources')
      .toReversed()
      .map((one, place) => {
        const resource = store.find(textAt(one, 'id') ?? '');
        return {
          operationId: String(place),
          properties: {
            provisioningState: 'Succeeded',
            targetResource: resource && {
              id: resource.id,
              resourceType: resource.type,
              resourceName: resource.name,
            },
          },
        };
      }),
  );
};
