import { Refusal, groupNotFound, resourceNotFound } from './answers.ts';
import { isObject, type JsonObject } from './json.ts';

/** Anything that has a resource id. A resource group is of the type `Microsoft.Resources/resourceGroups`. */
export type Resource = {
  id: string;
  name: string;
  type: string;
  location: string;
  tags: Record<string, string>;
  properties: JsonObject;
  plan?: unknown;
  sku?: unknown;
};

export const GROUP_TYPE = 'Microsoft.Resources/resourceGroups';
const ID = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)(?:\/providers\/([^/]+)\/(.+))?$/i;

export type Place = { subscriptionId: string; group: string; type: string; name: string };

/** Where an id leads; undefined when it is none of a resource or a resource group. */
export const placeOf = (id: string): Place | undefined => {
  const [, subscriptionId, group, namespace, path = ''] = ID.exec(id) ?? [];
  if (subscriptionId === undefined || group === undefined) return undefined;
  if (namespace === undefined) return { subscriptionId, group, type: GROUP_TYPE, name: group };
  const words = path.split('/');
  const levels = words.filter((_, place) => place % 2 === 0);
  return {
    subscriptionId,
    group,
    type: [namespace, ...levels].join('/'),
    name: words.filter((_, place) => place % 2 === 1).join('/'),
  };
};

const key = (id: string): string => id.toLowerCase();

/** Resources by their ids, which are one whatever their capitals. */
export class Store {
  readonly #resources = new Map<string, Resource>();

  find(id: string): Resource | undefined {
    return this.#resources.get(key(id));
  }

  /** Throws the answer that Azure gives when it, or its group, is not there. */
  demand(id: string): Resource {
    const found = this.find(id);
    const place = placeOf(id);
    if (found !== undefined || place === undefined) return found ?? missing(id);
    const { group, type, name, subscriptionId } = place;
    const hasGroup = this.find(`/subscriptions/${subscriptionId}/resourceGroups/${group}`) !== undefined;
    throw new Refusal(hasGroup ? resourceNotFound(type, name, group) : groupNotFound(group));
  }

  /** Throws when its resource group is not there. */
  put(resource: Omit<Resource, 'name' | 'type'>): Resource {
    const place = placeOf(resource.id);
    if (place === undefined) return missing(resource.id);
    const { subscriptionId, group, type, name } = place;
    if (type !== GROUP_TYPE) this.demand(`/subscriptions/${subscriptionId}/resourceGroups/${group}`);
    const whole = { ...resource, type, name: name.split('/').at(-1) ?? name };
    this.#resources.set(key(resource.id), whole);
    return whole;
  }

  /** Takes it away, and whatever lies below it. Answers what went. */
  remove(id: string): Resource[] {
    const gone = [...this.#resources].filter(([one]) => one === key(id) || one.startsWith(`${key(id)}/`));
    for (const [one] of gone) this.#resources.delete(one);
    return gone.map(([, resource]) => resource);
  }

  all(): Resource[] {
    return [...this.#resources.values()];
  }

  /** Resources of a type, in a group if one is named. */
  ofType(type: string, within = '/subscriptions/'): Resource[] {
    return this.all().filter((one) => key(one.type) === key(type) && key(one.id).startsWith(key(within)));
  }
}

const missing = (id: string): never => {
  throw new Refusal(resourceNotFound('unknown', id, 'unknown'));
};

/** A resource as ARM shows it, with what it always adds. */
export const shown = ({ properties, ...rest }: Resource): JsonObject => ({
  ...rest,
  properties: { provisioningState: 'Succeeded', ...(isObject(properties) ? properties : {}) },
});
