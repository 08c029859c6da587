import type { Subnet } from '@azure/arm-network';
import * as z from 'zod';
import type { PlatformCheck } from '../platform.ts';
import type { AzureSnapshot } from './base-image.ts';
import { fails, passes, setting } from '../checks.ts';
import { locationOf } from './client-place.ts';
import type { Session } from './client-session.ts';
import { ifThere } from './errors.ts';
import { isSameName, regionKey } from './names.ts';
import { parseResourceId } from './resource-id.ts';

const locationsAnswer = z.object({ value: z.array(z.object({ name: z.string() })) });

/** Regions that the settings name, and where they name them. */
const namedRegions = ({ builderConfiguration: builder }: AzureSnapshot) => {
  const { location } = builder.settings;
  const own = location === undefined ? [] : [{ name: location, field: setting('location') }];
  if (builder.builderType === 'azure-managed') return own;
  const { replicationRegions = [], targetRegion = [] } = builder.settings.sharedImageGalleryDestination;
  const at = (...path: (string | number)[]) => setting('sharedImageGalleryDestination', ...path);
  return [
    ...own,
    ...replicationRegions.map((name, place) => ({ name, field: at('replicationRegions', place) })),
    ...targetRegion.map(({ name }, place) => ({ name, field: at('targetRegion', place, 'name') })),
  ];
};

/** Whether the subscription has every region that the settings name. */
export const checkRegions = async (session: Session, snapshot: AzureSnapshot): Promise<PlatformCheck[]> => {
  const body = await session.read(`/subscriptions/${session.subscriptionId}/locations`, '2022-12-01');
  const known = new Set(locationsAnswer.parse(body).value.map(({ name }) => regionKey(name)));
  const named = namedRegions(snapshot);
  const wrong = named.filter(({ name }) => !known.has(regionKey(name)));
  const names = named.map(({ name }) => name).join(', ');
  if (wrong.length === 0)
    return named.length === 0 ? [] : [passes('region', `Regions of the subscription: ${names}.`)];
  return wrong.map(({ name, field }) =>
    fails('region', {
      detail: `The subscription has no region ${name}.`,
      field,
      errorId: 'region-invalid',
    }),
  );
};

type NamedGroup = { name: string; field: string; subscriptionId?: string | undefined };

/** Groups that must be there before the build. */
const namedGroups = ({ builderConfiguration: builder }: AzureSnapshot): NamedGroup[] => {
  const { settings } = builder;
  const named = (['buildResourceGroupName', 'virtualNetworkResourceGroupName'] as const).flatMap((key) => {
    const name = settings[key];
    return name === undefined ? [] : [{ name, field: setting(key) }];
  });
  if (builder.builderType === 'azure-managed') {
    const name = builder.settings.managedImageResourceGroupName;
    return [...named, { name, field: setting('managedImageResourceGroupName') }];
  }
  const { resourceGroup: name, subscription: subscriptionId } =
    builder.settings.sharedImageGalleryDestination;
  return [
    ...named,
    { name, subscriptionId, field: setting('sharedImageGalleryDestination', 'resourceGroup') },
  ];
};

/** Whether each resource group that the settings name is there (S162). */
export const checkGroups = async (session: Session, snapshot: AzureSnapshot): Promise<PlatformCheck[]> => {
  const groups = await Promise.all(
    namedGroups(snapshot).map(async ({ name, field, subscriptionId }) => {
      const found = await ifThere(session.resources(subscriptionId).resourceGroups.get(name));
      if (found !== undefined) return passes('resource-group', `${name} is in ${found.location}.`);
      const detail = `There is no resource group ${name} in the subscription ${subscriptionId ?? session.subscriptionId}.`;
      return fails('resource-group', { detail, field, errorId: 'resource-group-not-found' });
    }),
  );
  return groups;
};

const networkFailure = (detail: string, key: string, remedy?: string): PlatformCheck =>
  fails('network', {
    detail,
    field: setting(key),
    errorId: 'network-not-found',
    ...(remedy === undefined ? {} : { remedy }),
  });

/** Resource groups that have a network of this name: Packer looks for it where nobody names the group. */
const groupsOfNetwork = async (session: Session, name: string): Promise<string[]> => {
  const network = await session.network();
  const found: string[] = [];
  for await (const one of network.virtualNetworks.listAll()) {
    const group = parseResourceId(one.id ?? '')?.resourceGroup;
    if (isSameName(one.name ?? '', name) && group !== undefined) found.push(group);
  }
  return found;
};

/** Azure keeps five addresses of each subnet for itself ("Azure Virtual Network FAQ"). */
const KEPT = 5;

/** Free addresses of a subnet; undefined where its size is not told, or is one of IPv6, which never runs out. */
const freeAddresses = ({
  addressPrefix,
  addressPrefixes,
  ipConfigurations = [],
}: Subnet): number | undefined => {
  const prefixes = addressPrefix === undefined ? (addressPrefixes ?? []) : [addressPrefix];
  const bits = prefixes.flatMap((one) => (one.includes(':') ? [] : [Number(one.split('/')[1])]));
  if (bits.length === 0 || bits.some((one) => !Number.isInteger(one))) return undefined;
  const sizes = bits.map((one) => 2 ** (32 - one) - KEPT);
  return sizes.reduce((sum, one) => sum + one, 0) - ipConfigurations.length;
};

/** Whether a machine can stand in a subnet that is there. */
const checkRoom = (subnet: Subnet, network: string): PlatformCheck[] => {
  const field = setting('virtualNetworkSubnetName');
  const [delegation] = subnet.delegations ?? [];
  if (delegation !== undefined) {
    const detail = `The subnet ${subnet.name} of ${network} is for ${delegation.serviceName} alone.`;
    return [fails('network', { detail, field, errorId: 'network-not-found' })];
  }
  const free = freeAddresses(subnet);
  if (free === undefined || free > 0) return [];
  const detail = `The subnet ${subnet.name} of ${network} has no free address.`;
  return [fails('network', { detail, field, errorId: 'insufficient-capacity' })];
};

const checkSubnet = (subnets: Subnet[], network: string, subnet: string | undefined): PlatformCheck[] => {
  const names = subnets.flatMap((one) => one.name ?? []);
  const chosen = subnet === undefined ? subnets : subnets.filter((one) => isSameName(one.name ?? '', subnet));
  const [only] = chosen;
  const taken = only === undefined || chosen.length > 1 ? [] : checkRoom(only, network);
  if (taken.length > 0) return taken;
  if (subnet === undefined) {
    if (names.length === 1) return [passes('network', `${network} has the one subnet ${names.join('')}.`)];
    const detail = `${network} has ${names.length} subnets, and virtualNetworkSubnetName names none.`;
    const remedy = 'Name the subnet and the resource group of the network.';
    return [networkFailure(detail, 'virtualNetworkSubnetName', remedy)];
  }
  if (names.some((name) => isSameName(name, subnet)))
    return [passes('network', `${network} has the subnet ${subnet}.`)];
  return [
    networkFailure(
      `${network} has no subnet ${subnet}, only ${names.join(', ')}.`,
      'virtualNetworkSubnetName',
    ),
  ];
};

/** Whether the virtual network and its subnet are there, in the region of the build (S162). */
export const checkNetwork = async (session: Session, snapshot: AzureSnapshot): Promise<PlatformCheck[]> => {
  const { settings } = snapshot.builderConfiguration;
  const { virtualNetworkName: name, virtualNetworkResourceGroupName: named } = settings;
  if (name === undefined) return [];
  const groups = named === undefined ? await groupsOfNetwork(session, name) : [named];
  const [group, another] = groups;
  if (another !== undefined) {
    const detail = `There are networks ${name} in ${groups.join(', ')}.`;
    return [
      networkFailure(detail, 'virtualNetworkResourceGroupName', 'Name the resource group and the subnet.'),
    ];
  }
  const { virtualNetworks } = await session.network();
  const network = group === undefined ? undefined : await ifThere(virtualNetworks.get(group, name));
  if (network === undefined) {
    const where = group ?? `the subscription ${session.subscriptionId}`;
    return [networkFailure(`There is no virtual network ${name} in ${where}.`, 'virtualNetworkName')];
  }
  const location = await locationOf(session, snapshot);
  if (network.location !== undefined && regionKey(network.location) !== location) {
    const detail = `The virtual network ${name} is in ${network.location}, the build is in ${location}.`;
    return [networkFailure(detail, 'virtualNetworkName')];
  }
  return checkSubnet(network.subnets ?? [], name, settings.virtualNetworkSubnetName);
};
