import * as z from 'zod';
import { listQuery, pageOf } from '../common.ts';
import { runnerPoolListSchema } from '../entities/runner-pool.ts';
import {
  apiTokenInput,
  apiTokenSchema,
  createdApiTokenSchema,
  memberInput,
  memberSchema,
  meSchema,
  socketTicketSchema,
  workspaceInput,
  workspaceSchema,
} from '../entities/workspace.ts';
import { patchOf } from '../patch.ts';
import { entityRoutes } from './entity-routes.ts';
import { inWorkspace, type Route } from './route.ts';

const emptyBody = z.strictObject({}).default({});

const apiTokens = entityRoutes({
  path: 'api-tokens',
  noun: 'an API token, never with its secret',
  input: apiTokenInput,
  output: apiTokenSchema,
  query: listQuery,
  patch: 'ApiTokenPatch',
});
const ownersOnly = { area: 'access', role: 'owner' } as const;

/** Who you are, the tenants and tokens. */
export const accessRoutes = {
  getMe: {
    method: 'GET',
    path: '/v1/me',
    area: 'access',
    role: 'signed-in',
    summary: 'Who is asking',
    status: 200,
    response: meSchema,
  },
  listRunnerPools: {
    method: 'GET',
    path: '/v1/runner-pools',
    area: 'access',
    role: 'signed-in',
    summary: 'Where the deployment itself carries out runs, with limits and network',
    status: 200,
    response: runnerPoolListSchema,
  },
  createWorkspace: {
    method: 'POST',
    path: '/v1/workspaces',
    area: 'access',
    role: 'signed-in',
    onlyPeople: true,
    summary: 'Create a workspace; you become its owner',
    body: workspaceInput,
    status: 201,
    response: workspaceSchema,
    located: true,
  },
  listWorkspaces: {
    method: 'GET',
    path: '/v1/workspaces',
    area: 'access',
    role: 'signed-in',
    summary: 'The workspaces you are a member of',
    query: listQuery,
    status: 200,
    response: pageOf(workspaceSchema),
  },
  getWorkspace: {
    method: 'GET',
    path: inWorkspace,
    area: 'access',
    role: 'viewer',
    summary: 'Read the workspace',
    status: 200,
    response: workspaceSchema,
  },
  changeWorkspace: {
    ...ownersOnly,
    method: 'PATCH',
    path: inWorkspace,
    summary: 'Change the workspace by JSON merge patch (RFC 7396)',
    body: patchOf(workspaceInput, 'WorkspacePatch'),
    status: 200,
    response: workspaceSchema,
  },
  deleteWorkspace: {
    ...ownersOnly,
    method: 'DELETE',
    path: inWorkspace,
    summary:
      'Delete the workspace with all that is in it, unless a run is active; images stay where they are',
    status: 204,
  },
  listMembers: {
    method: 'GET',
    path: `${inWorkspace}/members`,
    area: 'access',
    role: 'viewer',
    summary: 'List the members, newest first',
    query: listQuery.pick({ limit: true, cursor: true }),
    status: 200,
    response: pageOf(memberSchema),
  },
  readMember: {
    method: 'GET',
    path: `${inWorkspace}/members/{userId}`,
    area: 'access',
    role: 'viewer',
    summary: 'Read a member',
    status: 200,
    response: memberSchema,
  },
  putMember: {
    ...ownersOnly,
    method: 'PUT',
    path: `${inWorkspace}/members/{userId}`,
    summary: 'Add a member or change the role of one; the last owner stays one',
    body: memberInput,
    status: 200,
    response: memberSchema,
  },
  deleteMember: {
    ...ownersOnly,
    method: 'DELETE',
    path: `${inWorkspace}/members/{userId}`,
    orSelf: 'userId',
    summary: 'Remove a member, or leave; the last owner cannot go',
    status: 204,
  },
  createApiToken: {
    ...apiTokens.create,
    ...ownersOnly,
    summary: 'Create an API token; its secret is answered once',
    response: createdApiTokenSchema,
  },
  listApiTokens: { ...apiTokens.list, area: 'access' },
  readApiToken: { ...apiTokens.read, area: 'access' },
  changeApiToken: { ...apiTokens.change, ...ownersOnly },
  deleteApiToken: { ...apiTokens.remove, ...ownersOnly, summary: 'Revoke an API token at once' },
  createSocketTicket: {
    method: 'POST',
    path: `${inWorkspace}/socket-tickets`,
    area: 'access',
    role: 'viewer',
    summary: 'A single-use ticket to open the WebSocket with, good for 60 seconds',
    body: emptyBody,
    status: 201,
    response: socketTicketSchema,
  },
} as const satisfies Record<string, Route>;
