import type * as z from 'zod';
import { pageOf } from '../common.ts';
import { patchOf } from '../patch.ts';
import { inWorkspace, type Route } from './route.ts';

type Described<P extends string, I extends z.ZodType, O extends z.ZodType, Q extends z.ZodType> = {
  path: P;
  /** With its article, for the summaries. */
  noun: string;
  input: I;
  output: O;
  query: Q;
};

/** The five verbs of an entity; an entity that has more adds them beside. `patch` is the name of its patch's schema. */
export const entityRoutes = <P extends string, I extends z.ZodType, O extends z.ZodType, Q extends z.ZodType>(
  entity: Described<P, I, O, Q> & { patch: string },
) =>
  ({
    create: {
      method: 'POST',
      path: `${inWorkspace}/${entity.path}`,
      area: 'definitions',
      role: 'editor',
      summary: `Create ${entity.noun}`,
      body: entity.input,
      status: 201,
      response: entity.output,
      located: true,
    },
    list: {
      method: 'GET',
      path: `${inWorkspace}/${entity.path}`,
      area: 'definitions',
      role: 'viewer',
      summary: `List, newest first: ${entity.noun}`,
      query: entity.query,
      status: 200,
      response: pageOf(entity.output),
    },
    read: {
      method: 'GET',
      path: `${inWorkspace}/${entity.path}/{id}`,
      area: 'definitions',
      role: 'viewer',
      summary: `Read ${entity.noun}`,
      status: 200,
      response: entity.output,
    },
    change: {
      method: 'PATCH',
      path: `${inWorkspace}/${entity.path}/{id}`,
      area: 'definitions',
      role: 'editor',
      summary: `Change ${entity.noun} by JSON merge patch (RFC 7396)`,
      body: patchOf(entity.input, entity.patch),
      status: 200,
      response: entity.output,
    },
    remove: {
      method: 'DELETE',
      path: `${inWorkspace}/${entity.path}/{id}`,
      area: 'definitions',
      role: 'editor',
      summary: `Delete ${entity.noun}; what something else refers to stays`,
      status: 204,
    },
  }) as const satisfies Record<string, Route>;
