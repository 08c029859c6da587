import { randomUUID } from 'node:crypto';
import type { CloudAnswer, CloudRequest } from '../cloud.ts';
import { armError, created, list, ok } from './answers.ts';
import {
  locations,
  marketplaceImages,
  permissions,
  sizes,
  subscription,
  terms,
  usages,
} from './catalogue.ts';
import type { Context } from './context.ts';
import { deploy, operations, validate } from './deployments.ts';
import { actOnMachine, putImage, putVersion, remove } from './images.ts';
import { objectAt, parseBody, tagsAt, textAt } from './json.ts';
import { GROUP_TYPE, placeOf, type Resource, shown } from './store.ts';

type Call = {
  context: Context;
  request: CloudRequest;
  body: unknown;
  /** The path, and what the route's expression found in it. */
  path: string;
  found: string[];
};
type Route = {
  method: string;
  path: RegExp;
  handle: (call: Call) => CloudAnswer | Promise<CloudAnswer>;
};

const SUBSCRIPTION = String.raw`^/subscriptions/([^/]+)`;
const GROUP = String.raw`${SUBSCRIPTION}/resourceGroups/([^/]+)`;
const route = (method: string, path: string, handle: Route['handle']): Route => ({
  method,
  path: new RegExp(`${path}$`, 'i'),
  handle,
});

const siteOf = ([subscriptionId = '', group = '']: string[]) => ({ subscriptionId, group });
const queryOf = ({ request }: Call, name: string): string => request.url.searchParams.get(name) ?? '';

/** Whether a resource has the tag that a list's filter names; the one form that is used. */
const tagFilter = (call: Call): ((resource: Resource) => boolean) => {
  const [, name, value] =
    /^tagName eq '((?:[^']|'')*)' and tagValue eq '((?:[^']|'')*)'$/.exec(queryOf(call, '$filter')) ?? [];
  return ({ tags }) =>
    Object.entries(tags).some(([key, tag]) => key.toLowerCase() === name?.toLowerCase() && tag === value);
};
// Properties are not among what these lists show.
const brief = ({ id, name, type, location, tags }: Resource) => ({ id, name, type, location, tags });

/** `ListResources` of Microsoft.Resources 2021-04-01, by a tag. */
const byTag = (call: Call): CloudAnswer => {
  const resources = call.context.store.all().filter(({ type }) => type !== GROUP_TYPE);
  return list(resources.filter(tagFilter(call)).map(brief));
};

/** `ListResourceGroups` of the same, by a tag. */
const groupsByTag = (call: Call): CloudAnswer => {
  const groups = call.context.store.all().filter(({ type }) => type === GROUP_TYPE);
  return list(groups.filter(tagFilter(call)).map(brief));
};

/** Lists of a type: in a group, in a subscription, or below a resource (versions, subnets). */
const ofType = ({ context, path }: Call, type: string): CloudAnswer => {
  const within = path.replace(/\/providers\/.*$/i, '');
  return list(context.store.ofType(type, `${within}/`).map(shown));
};
const below = ({ context, path }: Call): CloudAnswer => {
  const parent = context.store.demand(path.replace(/\/[^/]+$/, ''));
  const type = `${parent.type}/${path.split('/').at(-1)}`;
  return list(context.store.ofType(type, `${parent.id}/`).map(shown));
};
const subnets = ({ context, path }: Call): CloudAnswer => {
  const { properties } = context.store.demand(path.replace(/\/subnets$/i, ''));
  return list(Array.isArray(properties['subnets']) ? properties['subnets'] : []);
};

const putGroup = ({ context, path, body }: Call): CloudAnswer => {
  const group = { id: path, location: textAt(body, 'location') ?? '', tags: tagsAt(body, 'tags') };
  return created(shown(context.store.put({ ...group, properties: {} })));
};

const accepted = ({ request, found }: Call, operation: string): CloudAnswer => ({
  status: 202,
  headers: {
    location: `https://${request.host}/subscriptions/${found[0]}/operationresults/${operation}?api-version=2021-04-01`,
    'retry-after': '0',
  },
});

/** Deleting takes its time: Azure accepts it, and answers elsewhere whether it is done. */
const removeSlowly = async (call: Call): Promise<CloudAnswer> => {
  const { context, path } = call;
  context.store.demand(path);
  await remove(context, path);
  const operation = randomUUID();
  context.underWay.add(operation);
  return accepted(call, operation);
};
/** At the first question it is still under way. */
const operationResult = (call: Call): CloudAnswer => {
  const operation = call.found[1] ?? '';
  return call.context.underWay.delete(operation) ? accepted(call, operation) : { status: 200 };
};

const put = async (call: Call): Promise<CloudAnswer> => {
  const { context, path, body } = call;
  const type = placeOf(path)?.type.toLowerCase();
  if (type === 'microsoft.compute/images') return putImage(context, path, body);
  if (type === 'microsoft.compute/galleries/images/versions') return putVersion(context, path, body);
  if (type !== 'microsoft.compute/snapshots') return unknown(call);
  const properties = objectAt(body, 'properties');
  const location = textAt(body, 'location') ?? '';
  return created(shown(context.store.put({ id: path, location, tags: tagsAt(body, 'tags'), properties })));
};

const get = ({ context, path }: Call): CloudAnswer => ok(shown(context.store.demand(path)));

const removeOne = async (call: Call): Promise<CloudAnswer> => {
  const { context, path } = call;
  if (context.store.find(path) === undefined) return { status: 204 };
  const isSlow = /\/(images|versions|virtualMachines)\/[^/]+$/i.test(path);
  return isSlow ? removeSlowly(call) : remove(context, path);
};

const unknown = ({ request }: Call): CloudAnswer =>
  armError(404, 'InvalidResourceType', `${request.method} ${request.url.pathname} is not known here.`);

const COMPUTE = String.raw`${SUBSCRIPTION}/providers/Microsoft\.Compute`;
const MARKET = String.raw`${COMPUTE}/locations/([^/]+)/publishers/([^/]+)/artifacttypes/vmimage/offers/([^/]+)/skus/([^/]+)/versions(?:/([^/]+))?`;
const TERMS = String.raw`${SUBSCRIPTION}/providers/Microsoft\.MarketplaceOrdering/offerTypes/virtualmachine/publishers/([^/]+)/offers/([^/]+)/plans/([^/]+)/agreements/current`;
const DEPLOYMENT = String.raw`${GROUP}/providers/Microsoft\.Resources/deployments/([^/]+)`;

const routes: Route[] = [
  route('GET', SUBSCRIPTION, ({ context }) => subscription(context.account)),
  route('GET', `${SUBSCRIPTION}/locations`, ({ context }) => locations(context.account)),
  route('GET', `${SUBSCRIPTION}/resources`, byTag),
  route('GET', `${SUBSCRIPTION}/resourcegroups`, groupsByTag),
  route('GET', `${SUBSCRIPTION}/operationresults/([^/]+)`, operationResult),
  route('GET', String.raw`.*/providers/Microsoft\.Authorization/permissions`, ({ context, path }) =>
    permissions(context.account, path.replace(/\/providers\/Microsoft\.Authorization\/.*$/i, '')),
  ),
  route('GET', `${COMPUTE}/skus`, (call) => sizes(call.context.account, queryOf(call, '$filter'))),
  route('GET', `${COMPUTE}/locations/[^/]+/usages`, ({ context }) => usages(context.account)),
  route('GET', MARKET, ({ context, found }) => marketplaceImages(context.account, found.slice(1))),
  route('GET', TERMS, ({ context, found }) => terms(context.account, found.slice(1))),
  route('GET', String.raw`${SUBSCRIPTION}/providers/Microsoft\.Network/virtualNetworks`, (call) =>
    ofType(call, 'Microsoft.Network/virtualNetworks'),
  ),
  route('HEAD', GROUP, ({ context, path }) => ({ status: context.store.find(path) ? 204 : 404 })),
  route('GET', GROUP, get),
  route('PUT', GROUP, putGroup),
  route('DELETE', GROUP, removeSlowly),
  route('POST', `${DEPLOYMENT}/validate`, ({ context, found, body }) =>
    validate(context, siteOf(found), body),
  ),
  // Packer 1.6 leaves the provider out, as its version of the interface does.
  route('GET', `${GROUP}/deployments/([^/]+)/operations`, ({ context, found }) =>
    operations(context, siteOf(found), found[2] ?? ''),
  ),
  route('PUT', DEPLOYMENT, ({ context, found, body }) =>
    deploy(context, siteOf(found), found[2] ?? '', body),
  ),
  route('POST', String.raw`(${GROUP}/providers/Microsoft\.Compute/virtualMachines/[^/]+)/(\w+)`, (call) =>
    actOnMachine(call.context, call.found[0] ?? '', call.found[3] ?? ''),
  ),
  route('GET', String.raw`${GROUP}/providers/Microsoft\.Compute/(images|disks)`, (call) =>
    ofType(call, `Microsoft.Compute/${call.found[2]}`),
  ),
  route('GET', String.raw`${GROUP}/providers/Microsoft\.Network/virtualNetworks/[^/]+/subnets`, subnets),
  route('GET', String.raw`${GROUP}/providers/Microsoft\.Resources/deployments`, (call) =>
    ofType(call, 'Microsoft.Resources/deployments'),
  ),
  route(
    'GET',
    String.raw`${GROUP}/providers/Microsoft\.Compute/galleries/[^/]+/images/[^/]+/versions`,
    below,
  ),
  route('GET', `${GROUP}/providers/.+`, get),
  route('PUT', `${GROUP}/providers/.+`, put),
  route('DELETE', `${GROUP}/providers/.+`, removeOne),
];

/** Azure Resource Manager. Paths count whatever their capitals. */
export const handleManagement = async (context: Context, request: CloudRequest): Promise<CloudAnswer> => {
  const path = decodeURIComponent(request.url.pathname).replace(/\/$/, '');
  const call: Call = { context, request, path, body: parseBody(request.body), found: [] };
  const subscriptionId = /^\/subscriptions\/([^/]+)/i.exec(path)?.[1];
  const isOwn = subscriptionId === context.account.subscriptionId;
  const isPlaced = context.store.all().some(({ id }) => id.split('/')[2] === subscriptionId);
  if (!isOwn && !isPlaced)
    return armError(404, 'SubscriptionNotFound', `The subscription '${subscriptionId}' could not be found.`);
  for (const { method, path: form, handle } of routes) {
    const match = method === request.method ? form.exec(path) : null;
    if (match !== null)
      return handle({
        ...call,
        found: match
          .slice(1)
          .map((one) => one ?? '')
          .filter(Boolean),
      });
  }
  return unknown(call);
};
