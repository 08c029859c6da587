import { listQuery } from '../common.ts';
import {
  completeInput,
  contentQuery,
  resourceChange,
  resourceInput,
  resourceSchema,
  resourceVersionInput,
  uploadingResourceSchema,
} from '../entities/resource.ts';
import { entityRoutes } from './entity-routes.ts';
import type { Route } from './route.ts';

const resources = entityRoutes({
  path: 'resources',
  patch: 'ResourcePatch',
  noun: 'a resource',
  input: resourceChange,
  output: resourceSchema,
  query: listQuery,
});

/** Uploaded files. Bytes never pass the API: it signs where they go and where they come from. */
export const resourceRoutes = {
  createResource: {
    ...resources.create,
    summary: 'Create a resource; its content is then sent to `upload` and completed',
    body: resourceInput,
    response: uploadingResourceSchema,
  },
  listResources: resources.list,
  readResource: resources.read,
  changeResource: resources.change,
  deleteResource: resources.remove,
  addResourceVersion: {
    method: 'POST',
    path: `${resources.read.path}/versions`,
    area: 'definitions',
    role: 'editor',
    summary: 'Announce new content; the version before stays the current one until it is completed',
    body: resourceVersionInput,
    status: 201,
    response: uploadingResourceSchema,
    located: true,
  },
  completeResource: {
    method: 'POST',
    path: `${resources.read.path}/complete`,
    area: 'definitions',
    role: 'editor',
    summary: 'Say that the content was sent; it is verified and becomes the current version',
    body: completeInput,
    status: 200,
    response: resourceSchema,
  },
  downloadResource: {
    method: 'GET',
    path: `${resources.read.path}/content`,
    area: 'definitions',
    role: 'viewer',
    summary: 'Where to fetch the content: a link that is good for five minutes',
    query: contentQuery,
    status: 302,
  },
} as const satisfies Record<string, Route>;
