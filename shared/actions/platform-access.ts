import type { RunSnapshot } from '../contracts/snapshot.ts';
import type { StoredRun } from '../contracts/stored-run.ts';
import { identityAudience } from '../domain/connection/identity-audience.ts';
import { type PlatformClient, PlatformError, type RunIdentity } from '../platforms/platform.ts';
import { platformOf } from '../platforms/registry.ts';
import { scopeTo, type WorkspaceScope } from '../store/workspace-scope.ts';
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
const identityOfConnection = (
  { identityToken }: Pick<Engine, 'identityToken'>,
  connectionId: string,
): { identityToken?: () => Promise<string> } =>
  identityToken === undefined
    ? {}
    : { identityToken: async () => (await identityToken(identityAudience(connectionId))).token };

type Opener = Pick<Engine, 'secrets' | 'identityToken' | 'connect'>;

/** What KMS says of a key that is gone, shut or another, and of a text that it never sealed: it will say so again. */
const UNOPENABLE =
  /^(AccessDenied|Disabled|NotFound|KMSInvalidState|InvalidCiphertext|IncorrectKey)Exception$/;

/** Opens the secrets of a connection. Throws PlatformError for one that cannot be opened, as for one that is refused. */
export const accessOf = (engine: Opener, scope: WorkspaceScope, entityId: string) => ({
  decrypt: async ({ ciphertext, field }: { ciphertext: string; field: string }): Promise<string> => {
    try {
      return await engine.secrets.open({ scope, entityId, field }, ciphertext);
    } catch (error) {
      if (!(error instanceof Error && UNOPENABLE.test(error.name))) throw error;
      const message = `The secret ${field} of the connection ${entityId} cannot be opened any more (${error.name}).`;
      throw new PlatformError('credentials-invalid', message, { cause: error });
    }
  },
  ...identityOfConnection(engine, entityId),
});

/** The customer's account as a run may use it; undefined where only a connector at the site reaches it. */
export const connectAs = async (
  engine: Opener,
  run: RunIdentity,
  snapshot: RunSnapshot,
): Promise<PlatformClient | undefined> => {
  if (engine.connect !== undefined) return engine.connect(run, snapshot);
  const { client } = platformOf(snapshot.builderConfiguration.platform);
  if (client === undefined) return undefined;
  const { connect } = await client();
  return connect({
    snapshot,
    run,
    ...accessOf(engine, scopeTo(run.workspaceId), snapshot.connection.id),
  });
};

/** The customer's account as this run may use it. Needs the right to decrypt. */
export const connectPlatform = async (
  engine: Opener & Pick<Engine, 'deploymentId'>,
  run: StoredRun,
  snapshot: RunSnapshot,
): Promise<PlatformClient> => {
  const client = await connectAs(engine, identityOf(run, engine.deploymentId), snapshot);
  if (client !== undefined) return client;
  throw new PlatformError('platform-unreachable', 'Only a connector at the site reaches this platform.');
};
