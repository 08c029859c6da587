import { changeRun } from '../../shared/actions/change-run.ts';
import type { Engine } from '../../shared/actions/engine.ts';
import { snapshotOf } from '../../shared/actions/platform-access.ts';
import type { ClaimAnswer, ClaimRequest } from '../../shared/contracts/agent-protocol.ts';
import { downloadKey } from '../../shared/contracts/bundle.ts';
import type { RunSnapshot } from '../../shared/contracts/snapshot.ts';
import type { StoredRun } from '../../shared/contracts/stored-run.ts';
import type { RunChanges } from '../../shared/domain/run/lifecycle.ts';
import { deadlineFrom } from '../../shared/domain/run/build-start.ts';
import { silenceLimits } from '../../shared/domain/run/silence.ts';
import { sha256 } from '../../shared/domain/sha256.ts';
import { secretsOf } from '../../shared/packer/variables.ts';
import { platformOf } from '../../shared/platforms/registry.ts';
import { ApiProblem } from '../../shared/runtime/api/problem.ts';
import { newSecret } from '../../shared/runtime/ids.ts';
import { logStore } from '../../shared/store/log-store.ts';
import type { ResourceFiles } from '../../shared/store/resource-files.ts';
import type { WorkspaceScope } from '../../shared/store/workspace-scope.ts';
import { type AgentCall, claimable, isToBeHad } from './lease.ts';

export type Rhythm = { heartbeatSeconds: number; chunkIntervalMilliseconds: number };

/**
 * Gives a run to the runner that asks with its one-time token. The same runner may ask again, as long as the run is its:
 * it gets another lease token, and new links to its files.
 */
export const claim = async (
  engine: Engine & { resources: ResourceFiles },
  rhythm: Rhythm,
  call: AgentCall & { body: ClaimRequest },
): Promise<ClaimAnswer> => {
  const now = engine.now();
  const { scope, run } = await claimable(engine.core, call, call.body.runnerId, now);
  const { bundle } = run;
  if (bundle === undefined) throw new ApiProblem('lease-lost', 'The run has no job.');
  const leaseToken = newSecret();
  const { buildId, ...runner } = call.body;
  const lease = { ...runner, tokenSha256: sha256(leaseToken), claimedAt: now, lastHeardAt: now };
  const [claimed, { lastSeq }, snapshot, url] = await Promise.all([
    takeLease(engine, scope, run, { lease, buildId }),
    logStore(engine.traffic, scope, run.id).head(),
    snapshotOf(engine, run),
    engine.files.bundleUrl(bundle.key),
  ]);
  const platform = platformOf(snapshot.builderConfiguration.platform);
  return {
    leaseToken,
    nextSeq: lastSeq + 1,
    ...rhythm,
    stop: claimed.stopRequestedAt !== undefined,
    deadlineAt: claimed.deadlineAt ?? now,
    now: engine.now(),
    silence: silenceLimits(snapshot.definition),
    bundle: { url, sha256: bundle.sha256 },
    downloads: await linksOf(engine.resources, scope, snapshot),
    ...(await openSecrets(engine, scope, snapshot)),
    credentials: platform.credentials(snapshot),
  };
};

const takeLease = (
  engine: Engine,
  scope: WorkspaceScope,
  run: StoredRun,
  { lease, buildId }: { lease: NonNullable<StoredRun['lease']>; buildId: string | undefined },
) =>
  changeRun(engine.core, scope, run.id, (current) => {
    // Another start may have replaced the claim since it was looked at, and with it whoever comes with this one.
    const isReplaced = current.claim?.tokenSha256 !== run.claim?.tokenSha256;
    if (isReplaced || !isToBeHad(current, lease.runnerId))
      throw new ApiProblem('lease-lost', 'The run is not to be had.');
    const phase = current.stopRequestedAt === undefined ? 'building' : 'stopping';
    const { claimedAt = lease.claimedAt } = current.lease ?? {};
    // The run's time begins with the first claim: what it waited for a runner is not its fault.
    const deadlineAt = current.lease === undefined ? deadlineFrom(current, claimedAt) : current.deadlineAt;
    const changes: RunChanges = {
      lease: { ...lease, claimedAt },
      phase,
      deadlineAt,
      buildId: current.buildId ?? buildId,
    };
    return { changes, options: { remove: ['startAgainAt', 'startTries', 'statusReason'] } };
  });

/** Where the runner fetches the uploaded files of the run, each in the version that the snapshot holds. */
const linksOf = async (
  resources: ResourceFiles,
  scope: WorkspaceScope,
  { files }: RunSnapshot,
): Promise<Record<string, string>> => {
  const links = files.map(async ({ resourceId, version, objectVersion }): Promise<[string, string]> => {
    const place = { resourceId, version };
    return [downloadKey(place), await resources.bytesUrl(scope, place, objectVersion)];
  });
  return Object.fromEntries(await Promise.all(links));
};

/** Values of the template's variables. They go to the runner of this one run, over TLS, and nowhere else. */
const openSecrets = async (engine: Engine, scope: WorkspaceScope, snapshot: RunSnapshot) => {
  const opened = await Promise.all(
    secretsOf(snapshot, platformOf(snapshot.builderConfiguration.platform)).map(
      async ({ variable, ciphertext, field, entityId }) => {
        return [variable, await engine.secrets.open({ scope, entityId, field }, ciphertext)] as const;
      },
    ),
  );
  return { variables: Object.fromEntries(opened), redact: [] };
};
