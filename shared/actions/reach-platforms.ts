import type { ConnectionStored } from '../contracts/entities/connection.ts';
import type { RunSnapshot } from '../contracts/snapshot.ts';
import type { AccountClient, PlatformClient, RunIdentity } from '../platforms/platform.ts';
import { platformOf } from '../platforms/registry.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';
import type { Engine } from './engine.ts';
import { accessOf, connectAs } from './platform-access.ts';

/** The ways to customers' platforms; each answers undefined where only a connector at the site has one. */
export type Reach = {
  /** For one run, or for one that would start now. */
  connect: (snapshot: RunSnapshot, run: RunIdentity) => Promise<PlatformClient | undefined>;
  /** As a connection, without a run. */
  open: (scope: WorkspaceScope, connection: ConnectionStored) => Promise<AccountClient | undefined>;
};

/** Nothing is asked before the first call of a client. Needs the right to decrypt. */
export const reachPlatforms = (engine: Pick<Engine, 'secrets' | 'identityToken'>): Reach => ({
  connect: (snapshot, run) => connectAs(engine, run, snapshot),
  open: async (scope, connection) => {
    const { client } = platformOf(connection.platform);
    if (client === undefined) return undefined;
    const { open } = await client();
    return open({ connection, sessionName: connection.id, ...accessOf(engine, scope, connection.id) });
  },
});
