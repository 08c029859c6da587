import type { Engine } from '../../../shared/actions/engine.ts';
import type { Reach } from '../../../shared/actions/reach-platforms.ts';
import { connectionStored } from '../../../shared/contracts/entities/connection.ts';
import type { ImageVersion } from '../../../shared/contracts/entities/image-version.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import { entityStore } from '../../../shared/store/entity-store.ts';
import { imageVersionStore } from '../../../shared/store/image-version-store.ts';
import { sweepStore } from '../../../shared/store/sweep-store.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';
import { checkImages } from './check-images.ts';
import type { Tidying } from './account.ts';
import { sweepAccount } from './sweep-account.ts';

export type AccountSweeper = Tidying & Pick<Engine, 'deploymentId'> & { open: Reach['open'] };

const DAY_MS = 86_400_000;
/** When there was no time for all of it. */
const GO_ON_MS = 600_000;

/**
 * The daily sweep of the account of one connection, with the credentials that it has now: what carries this workspace's
 * tags and belongs to no run that goes on, and images that are gone. Harmless to repeat. When it cannot be done the
 * reconciler asks again within the hour.
 */
export const sweepConnection = async (
  engine: AccountSweeper,
  scope: WorkspaceScope,
  connectionId: string,
  hasTime: () => boolean = () => true,
): Promise<void> => {
  const sweeps = sweepStore(engine.core);
  const sweep = await sweeps.get(scope, connectionId);
  if (sweep === undefined) return;
  const row = await entityStore(engine.core, scope).get('connection', connectionId);
  if (row === undefined) return sweeps.forget(scope, connectionId);
  const client = await engine.open(scope, connectionStored.parse(row));
  if (client === undefined) return sweeps.forget(scope, connectionId);
  const { inventory } = client;
  const readVersions = () => allVersions(engine, scope);
  const owner = { deploymentId: engine.deploymentId, workspaceId: scope.workspaceId };
  const { regions, checkedUpTo } = sweep;
  const isDone = await sweepAccount({ ...engine, inventory, owner, regions, readVersions, hasTime }, scope);
  const own = (await readVersions()).filter((version) => version.connectionId === connectionId);
  const upTo = await checkImages({ core: engine.core, inventory, hasTime }, scope, own, checkedUpTo);
  const dueAt = new Date(Date.parse(engine.now()) + (isDone ? DAY_MS : GO_ON_MS)).toISOString();
  logger.info('swept an account', { connectionId, isDone });
  // An empty mark: the next sweep begins with the first version again.
  await sweeps.putOff(scope, connectionId, { dueAt, checkedUpTo: upTo ?? '' }).catch((error: unknown) => {
    if (!(error instanceof WriteRefused)) throw error;
  });
};

const allVersions = async ({ core }: AccountSweeper, scope: WorkspaceScope): Promise<ImageVersion[]> => {
  const versions: ImageVersion[] = [];
  for await (const page of imageVersionStore(core, scope).pages()) versions.push(...page);
  return versions;
};
