import type { ImageVersion } from '../contracts/entities/image-version.ts';
import { afterLook } from '../domain/image-version/look.ts';
import type { Inventory } from '../platforms/platform.ts';
import { imageVersionStore } from '../store/image-version-store.ts';
import type { Table } from '../store/table.ts';
import type { WorkspaceScope } from '../store/workspace-scope.ts';

/** Where it is looked up, and where the answer is put on record. */
export type Looking = { core: Table; inventory: Pick<Inventory, 'locate'> };

/**
 * Asks the platform for the images of a version and puts on record what it says: one whose images are all gone is `missing`
 * from then on, one whose image is there again what it was before. Answers the state that holds now. Throws PlatformError
 * when nobody can tell, WriteRefused when somebody changed the version meanwhile.
 */
export const lookUpImage = async (
  { core, inventory }: Looking,
  scope: WorkspaceScope,
  version: ImageVersion,
): Promise<ImageVersion['state']> => {
  const there = await inventory.locate(version.locators);
  const after = afterLook(version, there.length > 0);
  if (after.state !== version.state) await imageVersionStore(core, scope).setState(version, after);
  return after.state;
};
