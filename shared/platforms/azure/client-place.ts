import type { AzureSnapshot } from './base-image.ts';
import type { Session } from './client-session.ts';
import { regionKey } from './names.ts';

/** Where the run builds: the builder's location, or that of the resource group that it builds in. Throws when that is not there. */
export const locationOf = async (session: Session, snapshot: AzureSnapshot): Promise<string> => {
  const { location, buildResourceGroupName } = snapshot.builderConfiguration.settings;
  if (location !== undefined) return regionKey(location);
  const group = await session.resources().resourceGroups.get(buildResourceGroupName ?? '');
  return regionKey(group.location);
};
