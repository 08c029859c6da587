import type { Cloud, CloudAnswer, CloudCall, CloudRequest, Machines } from '../cloud.ts';
import { ApiError, forbidden, notFound } from './answers.ts';
import { type Account, answerToken, checkToken, newAccount } from './oauth.ts';
import type { OperationErrors } from './operations.ts';
import { type Route, routes } from './routes.ts';
import { newState, type State } from './state.ts';

/** A call that fails, the next time that it is made. */
export type Failure = { method: string; path: RegExp; answer: CloudAnswer };

/** Google Cloud in memory, and what a test may look at and change. */
export type GcpCloud = Cloud & {
  projectId: string;
  account: Account;
  state: State;
  /** Answers of the next calls that match, oldest first. */
  failures: Failure[];
  /** Errors of the next operations, oldest first. */
  operationErrors: OperationErrors;
};

const HOSTS = new Set([
  'compute.googleapis.com',
  'oauth2.googleapis.com',
  'sts.googleapis.com',
  'iamcredentials.googleapis.com',
  'cloudresourcemanager.googleapis.com',
  'cloudkms.googleapis.com',
  'iam.googleapis.com',
]);

type Found = { route: Route; parts: Record<string, string> };

const routeOf = ({ host, method, url }: CloudRequest): Found | undefined => {
  const path = decodeURIComponent(url.pathname);
  for (const route of routes) {
    const match = route.host === host && route.method === method ? route.path.exec(path) : null;
    if (match !== null) return { route, parts: { ...match.groups } };
  }
  return undefined;
};

const plannedFailure = (cloud: GcpCloud, { method, url }: CloudRequest): CloudAnswer | undefined => {
  const at = cloud.failures.findIndex((one) => one.method === method && one.path.test(url.pathname));
  return at === -1 ? undefined : cloud.failures.splice(at, 1)[0]?.answer;
};

const answer = async (cloud: GcpCloud, machines: Machines, request: CloudRequest): Promise<CloudAnswer> => {
  const failure = plannedFailure(cloud, request);
  if (failure !== undefined) return failure;
  const token = answerToken(cloud.account, request);
  if (token !== undefined) return token;
  checkToken(cloud.account, request);
  const found = routeOf(request);
  if (found === undefined) throw notFound(`${request.method} ${request.host}${request.url.pathname}`);
  const { route, parts } = found;
  const { state, operationErrors: planned } = cloud;
  const { permission } = route;
  if (permission !== undefined && state.denied.has(permission))
    throw forbidden(permission, request.url.pathname.replace(/^\/(compute\/)?v1\//, ''));
  return route.handler({ state, machines, planned, request, part: (name) => parts[name] ?? '' });
};

/**
 * Compute Engine with one project, its service account and the servers that give out tokens. The answers are modelled
 * on Google's REST reference; each says on which page. Machines behind it start and end with its instances.
 */
export const gcpCloud = (machines: Machines, projectId = 'images-prod'): GcpCloud => {
  const calls: CloudCall[] = [];
  const cloud: GcpCloud = {
    projectId,
    account: newAccount(projectId),
    state: newState(projectId),
    failures: [],
    operationErrors: [],
    calls,
    serves: (host) => HOSTS.has(host),
    handle: async (request) => {
      try {
        return await answer(cloud, machines, request);
      } catch (error) {
        if (error instanceof ApiError) return error.answer;
        throw error;
      }
    },
  };
  return cloud;
};
