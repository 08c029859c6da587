import { lookUpImage } from '../../../shared/actions/look-up-image.ts';
import type { ImageVersion } from '../../../shared/contracts/entities/image-version.ts';
import { isLookedUp } from '../../../shared/domain/image-version/look.ts';
import type { Inventory } from '../../../shared/platforms/platform.ts';
import { logger } from '../../../shared/runtime/logger.ts';
import type { Table } from '../../../shared/store/table.ts';
import { WriteRefused } from '../../../shared/store/write-refused.ts';
import type { WorkspaceScope } from '../../../shared/store/workspace-scope.ts';

export type Checking = {
  core: Table;
  inventory: Pick<Inventory, 'locate'>;
  hasTime: () => boolean;
};

/** Versions looked up in one sweep, a call each; the next sweep goes on with the others. */
const MOST = 200;

/**
 * Looks up images of a connection in the platform: a version whose images are all gone is `missing` from then on, one
 * whose image is there again is what it was before. `after` is the id that the last sweep got to; answers how far this one got,
 * undefined when it went through all.
 */
export const checkImages = async (
  checking: Checking,
  scope: WorkspaceScope,
  versions: ImageVersion[],
  after: string | undefined,
): Promise<string | undefined> => {
  const left = versions
    .filter((version) => isLookedUp(version) && (after === undefined || version.id > after))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  let last: string | undefined;
  for (const version of left.slice(0, MOST)) {
    if (!checking.hasTime()) return last;
    await check(checking, scope, version);
    last = version.id;
  }
  return left.length > MOST ? last : undefined;
};

const check = async (
  { core, inventory }: Checking,
  scope: WorkspaceScope,
  version: ImageVersion,
): Promise<void> => {
  try {
    const state = await lookUpImage({ core, inventory }, scope, version);
    if (state === version.state) return;
    logger.info('an image version has another state', { imageVersionId: version.id, state });
  } catch (error) {
    // Nobody can tell now, or somebody changed the version meanwhile: it stays as it is until the next sweep.
    if (!(error instanceof WriteRefused))
      logger.warn('an image could not be looked up', { imageVersionId: version.id, error });
  }
};
