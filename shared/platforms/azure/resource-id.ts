/** A resource of a resource group: `names` has one name more for each further level, as in a version of an image of a gallery. */
export type ResourceId = { subscriptionId: string; resourceGroup: string; type: string; names: string[] };

/** Resource id as Azure writes it. */
export const resourceIdOf = ({ subscriptionId, resourceGroup, type, names }: ResourceId): string => {
  const [namespace = '', ...levels] = type.split('/');
  const path = levels.map((level, place) => `${level}/${names[place] ?? ''}`).join('/');
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${namespace}/${path}`;
};

const FORM =
  /^\/subscriptions\/([^/\s]+)\/resourceGroups\/([^/\s]+)\/providers\/([^/\s]+)((?:\/[^/\s]+\/[^/\s]+)+)$/i;

/** Parts of a resource id, whatever its capitals; undefined when it is none. */
export const parseResourceId = (id: string): ResourceId | undefined => {
  const [, subscriptionId, resourceGroup, namespace, path] = FORM.exec(id) ?? [];
  if (subscriptionId === undefined || resourceGroup === undefined || namespace === undefined)
    return undefined;
  const words = (path ?? '').split('/').slice(1);
  const levels = words.filter((_, place) => place % 2 === 0);
  const names = words.filter((_, place) => place % 2 === 1);
  return { subscriptionId, resourceGroup, type: [namespace, ...levels].join('/'), names };
};

/** Parts of a resource id of this type; undefined of any other. */
export const parseIdOf = (type: string, id: string): ResourceId | undefined => {
  const parts = parseResourceId(id);
  return parts?.type.toLowerCase() === type.toLowerCase() ? parts : undefined;
};

export const MANAGED_IMAGE = 'Microsoft.Compute/images';
export const GALLERY_VERSION = 'Microsoft.Compute/galleries/images/versions';
export const DEPLOYMENT = 'Microsoft.Resources/deployments';
export const VIRTUAL_MACHINE = 'Microsoft.Compute/virtualMachines';
