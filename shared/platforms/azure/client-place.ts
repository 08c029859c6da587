import type { AzureSnapshot } from './base-image.ts';
import { setting } from '../checks.ts';
import { PlatformError } from '../errors.ts';
import type { Session } from './client-session.ts';
import { ifThere } from './errors.ts';
import { regionKey } from './names.ts';

/** Where the run builds: the builder's location, or that of the resource group that it builds in. Throws when that is not there. */
export const locationOf = async (session: Session, snapshot: AzureSnapshot): Promise<string> => {
  const { location, buildResourceGroupName } = snapshot.builderConfiguration.settings;
  if (location !== undefined) return regionKey(location);
  const group = await ifThere(session.resources().resourceGroups.get(buildResourceGroupName ?? ''));
  if (group !== undefined) return regionKey(group.location);
  const message = `There is no resource group ${buildResourceGroupName} in the subscription ${session.subscriptionId}.`;
  throw new PlatformError('resource-group-not-found', message, { field: setting('buildResourceGroupName') });
};
