import type { RunSnapshot } from '../contracts/snapshot.ts';
import type { StoredRun } from '../contracts/stored-run.ts';
import { identityAudience } from '../domain/connection/identity-audience.ts';
import { type PlatformClient, PlatformError, type RunIdentity } from '../platforms/platform.ts';
import { platformOf } from '../platforms/registry.ts';
import { scopeTo } from '../store/workspace-scope.ts';
import type { Engine } from './engine.ts';

/** What identifies a run in names and tags. */
export const identityOf = (run: StoredRun, deploymentId: string): RunIdentity => ({
  deploymentId,
  workspaceId: run.workspaceId,
  definitionId: run.imageDefinitionId,
  runId: run.id,
  imageName: run.imageName,
  number: run.number,
});

export const snapshotOf = (engine: Pick<Engine, 'files'>, run: StoredRun): Promise<RunSnapshot> =>
  engine.files.getSnapshot(scopeTo(run.workspaceId), run.snapshotSha256);

/** Lets a client ask for tokens that are made for this one connection. */
export const identityOfConnection = (
  { identityToken }: Pick<Engine, 'identityToken'>,
  connectionId: string,
): { identityToken?: () => Promise<string> } =>
  identityToken === undefined
    ? {}
    : { identityToken: async () => (await identityToken(identityAudience(connectionId))).token };

/** The customer's account as this run may use it. Needs the right to decrypt. */
export const connectPlatform = async (
  engine: Pick<Engine, 'secrets' | 'deploymentId' | 'identityToken'>,
  run: StoredRun,
  snapshot: RunSnapshot,
): Promise<PlatformClient> => {
  const { client } = platformOf(snapshot.builderConfiguration.platform);
  if (client === undefined)
    throw new PlatformError('platform-unreachable', 'Only a connector at the site reaches this platform.');
  const { connect } = await client();
  const place = { scope: scopeTo(run.workspaceId), entityId: snapshot.connection.id };
  return connect({
    snapshot,
    run: identityOf(run, engine.deploymentId),
    decrypt: ({ ciphertext, field }) => engine.secrets.open({ ...place, field }, ciphertext),
    ...identityOfConnection(engine, snapshot.connection.id),
  });
};
