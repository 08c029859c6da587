import * as z from 'zod';
import {
  type ChunkRequest,
  type ClaimAnswer,
  type ClaimRequest,
  type Completion,
  claimAnswerSchema,
  type HeartbeatRequest,
  type IdentityToken,
  identityTokenSchema,
  type Standing,
  standingSchema,
  type VendedCredentials,
  vendedCredentialsSchema,
} from '../../shared/contracts/agent-protocol.ts';
import { type CallTools, callAgentApi } from './http-call.ts';

/** How long a call may go on trying: `until` in milliseconds since 1970, and a signal that ends it at once. */
export type Patience = { until: () => number; signal?: AbortSignal | undefined };

/** Makes a call with the lease's token. */
export type Hold = <T>(call: (leaseToken: string) => Promise<T>) => Promise<T>;

/** The agent API's calls of one run after its claim; each throws the errors of `callAgentApi`. */
export type AgentClient = {
  sendLog: (chunk: ChunkRequest, patience: Patience) => Promise<Standing>;
  sendHeartbeat: (heartbeat: HeartbeatRequest, patience: Patience) => Promise<Standing>;
  getCredentials: (patience: Patience) => Promise<VendedCredentials>;
  getIdentityToken: (patience: Patience) => Promise<IdentityToken>;
  complete: (completion: Completion, patience: Patience) => Promise<void>;
};

export type RunAddress = { apiUrl: string; workspaceId: string; runId: string };

const urlOf = ({ apiUrl, workspaceId, runId }: RunAddress, verb: string): string =>
  `${apiUrl}/v1/agent/workspaces/${encodeURIComponent(workspaceId)}/runs/${encodeURIComponent(runId)}/${verb}`;

/** Claims the run with the one-time token; repeated with the same `runnerId` it is answered again. */
export const claimRun = (
  tools: CallTools,
  address: RunAddress,
  claimToken: string,
  request: ClaimRequest,
  patience: Patience,
): Promise<ClaimAnswer> =>
  callAgentApi(
    tools,
    { method: 'POST', url: urlOf(address, 'claim'), token: claimToken, body: request, ...patience },
    claimAnswerSchema,
  );

/** The calls of a claimed run, each with the lease's token that `hold` gives. */
export const createAgentClient = (tools: CallTools, address: RunAddress, hold: Hold): AgentClient => {
  const call = <T extends z.ZodType>(verb: string, body: unknown, patience: Patience, answer: T) => {
    const method = body === undefined ? 'GET' : 'POST';
    const url = urlOf(address, verb);
    return hold((token) => callAgentApi(tools, { method, url, token, body, ...patience }, answer));
  };
  return {
    sendLog: (chunk, patience) => call('log', chunk, patience, standingSchema),
    sendHeartbeat: (heartbeat, patience) => call('heartbeat', heartbeat, patience, standingSchema),
    getCredentials: (patience) => call('credentials', undefined, patience, vendedCredentialsSchema),
    getIdentityToken: (patience) => call('identity-token', undefined, patience, identityTokenSchema),
    complete: async (completion, patience) => {
      await call('complete', completion, patience, z.unknown());
    },
  };
};
