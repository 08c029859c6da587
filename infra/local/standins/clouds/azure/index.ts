import type { Cloud, CloudAnswer, CloudCall, CloudRequest, Machines } from '../cloud.ts';
import { type Account, newAccount } from './account.ts';
import { armError, Refusal } from './answers.ts';
import type { Context } from './context.ts';
import { handleManagement } from './management.ts';
import { readApplication } from './graph.ts';
import { isSignedIn, signIn } from './sign-in.ts';
import { GROUP_TYPE, placeOf, type Resource, Store } from './store.ts';

/** Servers of the three clouds: sign-in, Azure Resource Manager, and Microsoft Graph. */
const SIGN_IN = ['login.microsoftonline.com', 'login.microsoftonline.us', 'login.chinacloudapi.cn'];
const MANAGEMENT = ['management.azure.com', 'management.usgovcloudapi.net', 'management.chinacloudapi.cn'];

const GRAPH = ['graph.microsoft.com', 'graph.microsoft.us', 'microsoftgraph.chinacloudapi.cn'];

/** An answer instead of the usual one, for the calls that a condition is true of. */
export type Disturbance = {
  when: (call: CloudCall) => boolean;
  answer: CloudAnswer;
  /** How often; for ever, if not said. */
  times?: number;
};

export type AzureCloud = Cloud & {
  account: Account;
  /** Puts a resource there as if it had always been; its resource group is made with it. */
  place: (resource: Pick<Resource, 'id'> & Partial<Resource>) => void;
  find: (id: string) => Resource | undefined;
  /** Ids of all that is there. */
  ids: () => string[];
  disturb: (disturbance: Disturbance) => void;
};

const disturbed = (all: Disturbance[], call: CloudCall): CloudAnswer | undefined => {
  const found = all.find(({ when, times = 1 }) => times > 0 && when(call));
  if (found === undefined) return undefined;
  if (found.times !== undefined) found.times -= 1;
  return found.answer;
};

const answerTo = async (context: Context, request: CloudRequest): Promise<CloudAnswer> => {
  if (SIGN_IN.includes(request.host)) return signIn(request, context.account);
  if (!isSignedIn(request.headers['authorization'], context.account))
    return armError(401, 'InvalidAuthenticationToken', 'The access token is missing or invalid.');
  if (GRAPH.includes(request.host)) return readApplication(request, context.account);
  return handleManagement(context, request);
};

/** What a group and its resources say of themselves where nobody says otherwise. */
const placeIn = (
  store: Store,
  { id, location = 'westeurope', tags = {}, properties = {} }: Partial<Resource>,
) => {
  const place = placeOf(id ?? '');
  if (id === undefined || place === undefined) throw new Error(`${id} is no resource id`);
  const group = `/subscriptions/${place.subscriptionId}/resourceGroups/${place.group}`;
  if (place.type !== GROUP_TYPE && store.find(group) === undefined)
    store.put({ id: group, location, tags: {}, properties: {} });
  store.put({ id, location, tags, properties });
};

/**
 * One subscription of Azure in memory: sign-in, and the calls of Azure Resource Manager that Packer's azure-arm 1.6 and
 * Goldsmith's own client make. Any other call is refused, and so is what they would be refused.
 */
export const azureCloud = (machines: Machines, account: Account = newAccount()): AzureCloud => {
  const store = new Store();
  const context: Context = { account, store, machines, captured: new Map(), underWay: new Set() };
  const disturbances: Disturbance[] = [];
  return {
    account,
    calls: [],
    serves: (host) => [...SIGN_IN, ...MANAGEMENT, ...GRAPH].includes(host),
    handle: async (request) => {
      const call = { method: request.method, host: request.host, path: request.url.pathname };
      try {
        return disturbed(disturbances, call) ?? (await answerTo(context, request));
      } catch (error) {
        if (error instanceof Refusal) return error.answer;
        throw error;
      }
    },
    place: (resource) => placeIn(store, resource),
    find: (id) => store.find(id),
    ids: () => store.all().map(({ id }) => id),
    disturb: (disturbance) => {
      disturbances.push(disturbance);
    },
  };
};
