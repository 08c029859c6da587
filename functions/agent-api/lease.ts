import { timingSafeEqual } from 'node:crypto';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import { ApiProblem } from '../../shared/runtime/api/problem.ts';
import { runStore } from '../../shared/store/run-store.ts';
import type { Table } from '../../shared/store/table.ts';
import { isWorkspaceId, scopeTo, type WorkspaceScope } from '../../shared/store/workspace-scope.ts';

export type AgentCall = {
  params: { workspaceId: string; runId: string };
  headers: Record<string, string | undefined>;
};

export type LeasedRun = StoredRun & { lease: NonNullable<StoredRun['lease']> };

const bearer = (call: AgentCall): string => {
  const token = /^Bearer ([\w-]+)$/.exec(call.headers['authorization'] ?? '')?.[1];
  if (token === undefined) throw new ApiProblem('no-token', 'Send the token of the claim or the lease.');
  return token;
};

const sameDigest = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a), Buffer.from(b));

const badToken = (): ApiProblem => new ApiProblem('bad-token', 'The token is not of this run.');
const leaseLost = (detail: string): ApiProblem => new ApiProblem('lease-lost', detail);

const find = async (core: Table, call: AgentCall): Promise<{ scope: WorkspaceScope; run: StoredRun }> => {
  if (!isWorkspaceId(call.params.workspaceId)) throw badToken();
  const scope = scopeTo(call.params.workspaceId);
  const run = await runStore(core, scope).get(call.params.runId);
  if (run === undefined) throw badToken();
  return { scope, run };
};

/** Whether a runner may have the run, or has it already: no other does, and its build has no end yet. */
export const isToBeHad = (run: StoredRun, runnerId: string): boolean =>
  run.status === 'Running' &&
  run.completion === undefined &&
  run.verdict === undefined &&
  (run.lease === undefined || run.lease.runnerId === runnerId);

/**
 * The run that a one-time token claims. Throws 401 for a wrong or late token, 409 when another runner has it or its end
 * is known. For the runner that has the run already the token is never late: its links are good for a shorter time
 * than a build may wait for them.
 */
export const claimable = async (core: Table, call: AgentCall, runnerId: string, now: string) => {
  const token = bearer(call);
  const { scope, run } = await find(core, call);
  if (run.status !== 'Running') throw leaseLost('The run has ended.');
  if (run.claim === undefined || !sameDigest(run.claim.tokenSha256, sha256(token))) throw badToken();
  if (run.lease?.runnerId !== runnerId && run.claim.until <= now) throw badToken();
  if (!isToBeHad(run, runnerId)) throw leaseLost('Another runner has the run, or its end is known.');
  return { scope, run };
};

/** The lease may have gone to another build since it was looked at. Throws 409 when it has, or when the run has ended. */
export function demandSame(latest: StoredRun, { lease }: LeasedRun): asserts latest is LeasedRun {
  if (latest.status !== 'Running' || latest.lease?.tokenSha256 !== lease.tokenSha256)
    throw leaseLost('Another runner has the run, or it has ended.');
}

/**
 * The run of a lease. Throws 401 when there is no such run, 409 for any token but that of the lease in force: the
 * token of a runner that was replaced cannot be told from a wrong one. 409 as well when the run has ended.
 */
export const leased = async (
  core: Table,
  call: AgentCall,
  options = { evenEnded: false },
): Promise<{ scope: WorkspaceScope; run: LeasedRun }> => {
  const token = bearer(call);
  const { scope, run } = await find(core, call);
  const { lease } = run;
  if (lease === undefined || !sameDigest(lease.tokenSha256, sha256(token))) {
    throw leaseLost('The lease is not the one in force.');
  }
  if (run.status !== 'Running' && !options.evenEnded) throw leaseLost('The run has ended.');
  return { scope, run: { ...run, lease } };
};
