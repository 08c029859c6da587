import * as z from 'zod';
import type { Role } from '../entities/workspace.ts';

/** The Lambda that serves a route; `agent` is what runners call and no part of the public document. */
export type Area = 'public' | 'access' | 'definitions' | 'runs' | 'platforms' | 'agent';

/**
 * One operation of the API. Validation, the gateway's routes, the OpenAPI document and the handlers' types all come
 * from this. `role` is the smallest role that may; `public` needs no token, `signed-in` any valid one.
 */
export type Route = {
  method: 'GET' | 'POST' | 'DELETE' | 'PATCH' | 'PUT';
  path: string;
  area: Area;
  role: Role | 'public' | 'signed-in';
  /** Whether it is closed to API tokens, whatever their role. */
  onlyPeople?: true;
  /** The path's parameter that names a person: who asks about themselves needs no role but membership. */
  orSelf?: 'userId';
  summary: string;
  query?: z.ZodType;
  body?: z.ZodType;
  /** Status and body of the good answer. */
  status: 200 | 201 | 202 | 204 | 302;
  response?: z.ZodType;
  /** Whether the good answer says with `Location` where what it made can be read. */
  located?: true;
  /** The media type of the good answer when it is not JSON. */
  contentType?: string;
  /** Other good answers: with another status, or of another type when `Accept` asks for it. */
  otherAnswers?: readonly OtherAnswer[];
};

export type OtherAnswer = { status: 200 | 302; summary: string; contentType?: string; response?: z.ZodType };

const nothing = z.strictObject({});

/**
 * What a route takes in its query. One that changes something takes no parameter that it does not know: whoever adds
 * `dryRun=true` to a delete that has none must not lose what is deleted. One that only reads may be given any.
 */
export const queryOf = (route: Route): z.ZodType | undefined =>
  route.query ?? (route.method === 'GET' ? undefined : nothing);

/** Base path of everything that lives in a workspace. */
export const inWorkspace = '/v1/workspaces/{workspaceId}';

/** Names of the `{parameters}` of a path. */
export type PathParameters<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathParameters<Rest>
  : never;
