import * as z from 'zod';
import {
  chunkRequestSchema,
  claimAnswerSchema,
  claimRequestSchema,
  completionSchema,
  heartbeatRequestSchema,
  identityTokenSchema,
  standingSchema,
  vendedCredentialsSchema,
} from '../agent-protocol.ts';
import type { Route } from './route.ts';

/** Base path of what runners and agents call. */
export const agentApiPath = '/v1/agent/workspaces/{workspaceId}/runs/{runId}';

/**
 * What runners and agents call; not part of the public API. `public` here means: no person's token. Each operation
 * checks the one-time token (claim) or the lease token (everything else) itself.
 */
export const agentRoutes = {
  claim: {
    method: 'POST',
    path: `${agentApiPath}/claim`,
    area: 'agent',
    role: 'public',
    summary: 'Claim the job of a run',
    body: claimRequestSchema,
    status: 200,
    response: claimAnswerSchema,
  },
  log: {
    method: 'POST',
    path: `${agentApiPath}/log`,
    area: 'agent',
    role: 'public',
    summary: 'Hand in a numbered chunk of log lines',
    body: chunkRequestSchema,
    status: 200,
    response: standingSchema,
  },
  heartbeat: {
    method: 'POST',
    path: `${agentApiPath}/heartbeat`,
    area: 'agent',
    role: 'public',
    summary: 'Say that the build goes on',
    body: heartbeatRequestSchema,
    status: 200,
    response: standingSchema,
  },
  credentials: {
    method: 'GET',
    path: `${agentApiPath}/credentials`,
    area: 'agent',
    role: 'public',
    summary: "Credentials for the customer's account, good for an hour at most",
    status: 200,
    response: vendedCredentialsSchema,
  },
  identityToken: {
    method: 'GET',
    path: `${agentApiPath}/identity-token`,
    area: 'agent',
    role: 'public',
    summary: "A token that says who this deployment is to the customer's account, good for some minutes",
    status: 200,
    response: identityTokenSchema,
  },
  complete: {
    method: 'POST',
    path: `${agentApiPath}/complete`,
    area: 'agent',
    role: 'public',
    summary: 'Say how the build ended',
    body: completionSchema,
    status: 200,
    response: z.object({}),
  },
} as const satisfies Record<string, Route>;
