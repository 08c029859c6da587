import type { AzureSnapshot } from './base-image.ts';

/** Actions that a build needs at a scope, which is the path of a subscription or a resource group. */
export type NeededActions = { scope: string; actions: string[] };
export type Permission = { actions: string[]; notActions: string[] };

const actions = (resource: string, ...verbs: string[]): string[] =>
  verbs.map((verb) => `${resource}/${verb}`);
const whole = (resource: string, ...more: string[]): string[] =>
  actions(resource, 'read', 'write', 'delete', ...more);

const temporaryGroup = whole('Microsoft.Resources/subscriptions/resourceGroups');
/** What Packer deploys, whatever the settings: the calls of the plugin's steps and their clean-up. */
const machine = [
  ...whole('Microsoft.Resources/deployments', 'validate/action', 'operations/read'),
  ...whole('Microsoft.Compute/virtualMachines', 'deallocate/action', 'generalize/action'),
  ...whole('Microsoft.Compute/disks'),
  ...whole('Microsoft.Network/networkInterfaces', 'join/action'),
];
const publicAddress = whole('Microsoft.Network/publicIPAddresses', 'join/action');
const ownNetwork = whole('Microsoft.Network/virtualNetworks', 'subnets/join/action');
const securityGroup = whole('Microsoft.Network/networkSecurityGroups', 'join/action');
const foreignNetwork = actions(
  'Microsoft.Network/virtualNetworks',
  'read',
  'subnets/read',
  'subnets/join/action',
);
const ownVault = whole('Microsoft.KeyVault/vaults', 'deploy/action', 'secrets/write');
const foreignVault = actions('Microsoft.KeyVault/vaults', 'read', 'deploy/action', 'secrets/write');
const managedImage = whole('Microsoft.Compute/images');
const snapshots = whole('Microsoft.Compute/snapshots');
const galleryVersion = [
  ...actions('Microsoft.Compute/galleries', 'read', 'images/read'),
  ...whole('Microsoft.Compute/galleries/images/versions'),
];

/** What a connection needs at its subscription for a build that makes a resource group of its own. */
export const subscriptionActions = [...temporaryGroup, ...machine, ...publicAddress, ...ownNetwork];

const buildActions = ({ builderConfiguration: builder, operatingSystem }: AzureSnapshot): string[] => {
  const { settings } = builder;
  const hasNetwork = settings.virtualNetworkName !== undefined;
  const hasAddress = !hasNetwork || settings.privateVirtualNetworkWithPublicIp === true;
  const vault = settings.buildKeyVaultName === undefined ? ownVault : foreignVault;
  return [
    ...(settings.buildResourceGroupName === undefined ? temporaryGroup : []),
    ...machine,
    ...(hasAddress ? publicAddress : []),
    ...(hasNetwork ? [] : ownNetwork),
    ...(settings.allowedInboundIpAddresses === undefined ? [] : securityGroup),
    ...(operatingSystem.family === 'windows' ? vault : []),
  ];
};

/** What a run needs, by the scopes that it needs it at. */
export const neededActions = (snapshot: AzureSnapshot): NeededActions[] => {
  const { builderConfiguration: builder, connection } = snapshot;
  const { settings } = builder;
  const own = `/subscriptions/${connection.settings.subscriptionId}`;
  const group = (name: string, subscription = own) => `${subscription}/resourceGroups/${name}`;
  const { buildResourceGroupName: buildGroup, virtualNetworkResourceGroupName: networkGroup } = settings;
  const needed = [
    { scope: buildGroup === undefined ? own : group(buildGroup), actions: buildActions(snapshot) },
    ...(settings.virtualNetworkName === undefined
      ? []
      : [{ scope: networkGroup === undefined ? own : group(networkGroup), actions: foreignNetwork }]),
  ];
  if (builder.builderType === 'azure-managed') {
    const { managedImageOsDiskSnapshotName: os, managedImageDataDiskSnapshotPrefix: data } = builder.settings;
    const scope = group(builder.settings.managedImageResourceGroupName);
    return [
      ...needed,
      { scope, actions: [...managedImage, ...((os ?? data) === undefined ? [] : snapshots)] },
    ];
  }
  const { subscription, resourceGroup } = builder.settings.sharedImageGalleryDestination;
  const place = subscription === undefined ? own : `/subscriptions/${subscription}`;
  return [...needed, { scope: group(resourceGroup, place), actions: galleryVersion }];
};

/** `*` stands for any text, and capitals do not count ("Azure custom roles", Actions format). */
const covers = (pattern: string, action: string): boolean => {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(action);
};

/** Those of the actions that no role allows: what one role leaves out another may add. */
export const missingActions = (needed: readonly string[], roles: readonly Permission[]): string[] =>
  needed.filter(
    (action) =>
      !roles.some(
        (role) =>
          role.actions.some((one) => covers(one, action)) &&
          !role.notActions.some((one) => covers(one, action)),
      ),
  );
