import type * as z from 'zod';
import type { CloudAnswer, CloudRequest, Machines } from '../cloud.ts';
import { ApiError, apiError } from './answers.ts';
import { begin, type OperationErrors } from './operations.ts';
import type { State } from './state.ts';

/** What an answer is made from. */
export type Context = {
  state: State;
  machines: Machines;
  planned: OperationErrors;
  request: CloudRequest;
  /** Parts of the path, by the names in the route's pattern. */
  part: (name: string) => string;
};

export type Handler = (context: Context) => CloudAnswer | Promise<CloudAnswer>;

export const ok = (body: object): CloudAnswer => ({ status: 200, body });

/** Begins an operation in the request's zone. */
export const zoneOperation = ({ state, planned, part }: Context, work: () => Promise<void>): CloudAnswer =>
  begin(state, planned, `projects/${part('project')}/zones/${part('zone')}`, work);

/** Begins an operation of the request's project. */
export const globalOperation = ({ state, planned, part }: Context, work: () => Promise<void>): CloudAnswer =>
  begin(state, planned, `projects/${part('project')}/global`, work);

export const URL_BASE = 'https://www.googleapis.com/compute/v1';

/**
 * Resources that a list's `filter` asks for, in the two forms that are used: `labels.KEY=VALUE`, and `name eq REGEX`, which
 * must match the whole name ("instances.list").
 */
export const filtered = <T extends { name: string; labels?: Record<string, string> }>(
  items: T[],
  { request }: Context,
): T[] => {
  const filter = request.url.searchParams.get('filter');
  if (filter === null) return items;
  const [, named] = /^name eq ([a-z0-9.*-]+)$/.exec(filter) ?? [];
  if (named !== undefined) return items.filter(({ name }) => new RegExp(`^(?:${named})$`).test(name));
  const [, key, value] = /^labels\.([a-z0-9_-]+)="?([a-z0-9_-]*)"?$/.exec(filter) ?? [];
  if (key === undefined)
    throw apiError(
      400,
      'invalid',
      `Invalid value for field 'filter': '${filter}'. Invalid list filter expression.`,
    );
  return items.filter(({ labels = {} }) => labels[key] === value);
};

/** The body of an insert; what is no such thing is answered as Compute Engine does. */
export const bodyAs = <T>(schema: z.ZodType<T>, { request }: Context): T => {
  try {
    return schema.parse(JSON.parse(request.body));
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw apiError(400, 'parseError', `Parse Error: ${String(error)}`);
  }
};

/** Names of resources: RFC 1035 ("Naming resources"). */
export const checkName = (name: string): void => {
  if (/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return;
  throw apiError(
    400,
    'invalid',
    `Invalid value for field 'resource.name': '${name}'. Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'`,
  );
};
